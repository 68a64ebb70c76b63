import { Observable } from 'rxjs';
import * as z from 'zod/mini';
import { ConnectionError, ProtocolError } from '../../errors.js';
import type { Frame, Habits } from '../requests/correlator.js';
import { parseFrame } from '../socket/frames.js';
import type { SocketSubject } from '../socket/socket.js';
import type { ServerInfo } from './connection-state.js';

/** What is known of a peer before the first request. */
export interface Greeting extends Habits {
  readonly server: ServerInfo;
}

const serverInfo = z.object({
  st: z.literal(1),
  serverVersion: z.string(),
  persistEnabled: z.boolean(),
  maxPayload: z.optional(z.int().check(z.positive())),
});

/**
 * Names of fences, never used twice on a connection. Digits only after `SH_`: no command of NemesisDB is named so.
 */
export function fenceNames(): () => string {
  let count = 0;
  return () => `SH_${++count}`;
}

/**
 * Asks the peer who it is (`SV_INFO`), and whether it echoes fences. Two of them: a server without sessions answers every
 * unknown name under the first it ever saw, which may be our first fence. `SV_INFO` once more closes the greeting: what was
 * not answered by then never will be, and can't be taken for the reply to a request later on.
 *
 * Cold; emits once and completes. Errors with a `ProtocolError` for a peer that is no NemesisDB, which a binary frame or more
 * replies than requests show at once, and a `ConnectionError` where replies are missing. Takes as long as it takes: whoever
 * dials has a time limit for all of it.
 */
export function handshake(
  socket: SocketSubject,
  binary$: Observable<void>,
  nextFence: () => string,
): Observable<Greeting> {
  return new Observable((subscriber) => {
    const fences = [nextFence(), nextFence()];
    const echoes: Frame[] = [];
    let server: ServerInfo | undefined;
    subscriber.add(
      socket.subscribe({
        next(text) {
          try {
            const frame = parseFrame(text);
            if (server === undefined) server = describe(frame, fences);
            else if (frame.name !== infoReply) {
              // A peer that floods us is not to fill our memory until the time limit is over.
              if (echoes.push(frame) > fences.length) throw unasked();
            } else {
              subscriber.next({ server, ...habitsOf(echoes, fences) });
              subscriber.complete();
            }
          } catch (error) {
            subscriber.error(error);
          }
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.error(new ConnectionError('The connection was closed before it was used.')),
      }),
    );
    subscriber.add(binary$.subscribe(() => subscriber.error(binary())));
    socket.write([describeYourself, ...fences.map((name) => `{"${name}":{}}`), describeYourself]);
  });
}

const unasked = () =>
  new ProtocolError('The peer sent more replies than it was sent requests, so it is no NemesisDB. Check the URL.');

const binary = () => new ProtocolError('The peer sends binary frames; NemesisDB sends text. Check the URL.');

/** The embedded server tells its `maxPayload` when asked for it; NemesisDB ignores members it does not know. */
const describeYourself = '{"SV_INFO":{"maxPayload":null}}';

const infoReply = 'SV_INFO_RSP';

const replyName = (fence: string): string => `${fence}_RSP`;

function habitsOf(echoes: readonly Frame[], fences: readonly string[]): Habits {
  const names = echoes.map(({ name }) => name);
  if (names.join() === fences.map(replyName).join()) return { pipelining: 'fenced', unknownName: undefined };
  const [first, second] = names;
  return { pipelining: 'serial', unknownName: first === second ? first : undefined };
}

function describe(frame: Frame, fences: readonly string[]): ServerInfo {
  if (frame.name !== infoReply) {
    // A fence's reply in its place: the reply to SV_INFO was dropped, which another attempt may mend.
    if (fences.some((fence) => frame.name === replyName(fence))) {
      throw new ConnectionError('The peer did not answer SV_INFO.');
    }
    throw new ProtocolError(
      'The peer speaks WebSocket but is no NemesisDB: it answers SV_INFO with something else. Check the URL.',
    );
  }
  const info = serverInfo.safeParse(frame.body);
  if (!info.success)
    throw new ProtocolError('The peer answers SV_INFO, but not as a NemesisDB does. Check the URL.', 'SV_INFO');
  const { serverVersion, persistEnabled, maxPayload } = info.data;
  return { serverVersion, persistEnabled, ...(maxPayload === undefined ? {} : { maxPayload }) };
}
