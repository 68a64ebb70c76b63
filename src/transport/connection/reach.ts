import { map, Observable, Subject, Subscription, switchMap } from 'rxjs';
import type { Clock } from '../../clock.js';
import { ConnectionError } from '../../errors.js';
import type { Platform } from '../socket/platform.js';
import { openSocket, type SocketSigns, type SocketSubject } from '../socket/socket.js';
import type { TransportOptions } from '../transport.js';
import { fenceNames, type Greeting, handshake } from './handshake.js';

/** An open socket to a peer that has proven to be a NemesisDB. */
export interface Reached {
  readonly socket: SocketSubject;
  readonly greeting: Greeting;
  /** Names of fences that were not used on this socket. */
  readonly nextFence: () => string;
}

/**
 * Dials and greets, within `connectTimeout` all in all. Cold: emits once, and goes on for as long as the socket is owned:
 * unsubscribing drops the connection. Errors as `openSocket` and `handshake` do, or when the time is over. `signs` hears of
 * binary frames after the greeting only.
 */
export function reach(
  platform: Platform,
  url: string,
  { maxReply, connectTimeout, clock }: Pick<TransportOptions, 'maxReply' | 'connectTimeout' | 'clock'>,
  signs: SocketSigns,
): Observable<Reached> {
  const nextFence = fenceNames();
  const binary$ = new Subject<void>();
  const binary = () => (binary$.observed ? binary$.next() : signs.binary());
  const reached$ = openSocket(platform, url, { maxReply }, { alive: signs.alive, binary }).pipe(
    switchMap((socket) =>
      handshake(socket, binary$, nextFence).pipe(map((greeting) => ({ socket, greeting, nextFence }))),
    ),
  );
  return startingWithin(reached$, connectTimeout, clock);
}

/** The same, or an error where its first value does not come in time. */
function startingWithin<T>(source$: Observable<T>, time: number, clock: Clock): Observable<T> {
  const what = `No NemesisDB answered within ${time} ms of connecting. Check host and port, and that the server is not stuck.`;
  return new Observable((subscriber) => {
    const overdue = new Subscription(clock.schedule(() => subscriber.error(new ConnectionError(what)), time));
    subscriber.add(overdue);
    return source$.subscribe({
      next(value) {
        overdue.unsubscribe();
        subscriber.next(value);
      },
      error: (error) => subscriber.error(error),
    });
  });
}
