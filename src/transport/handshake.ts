import { Observable } from 'rxjs';
import * as z from 'zod/mini';
import type { Clock } from '../clock.js';
import { ConnectionError, ProtocolError } from '../errors.js';
import type { ServerInfo } from './connection-state.js';
import type { Frame, Pipelining } from './correlator.js';
import { parseFrame } from './frames.js';
import type { SocketSubject } from './socket.js';

/** What is known of a peer before the first request. */
export interface Greeting {
  readonly server: ServerInfo;
  readonly pipelining: Pipelining;
  /** Replies that may still come and answer no request: those of fences that the peer left unanswered. */
  readonly strays: ReadonlySet<string>;
}

/** How long (ms) a peer that answered SV_INFO may take to answer fences, before it is taken for one that never does. */
const fencePatience = 1000;

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
 * unknown name under the first it ever saw, which may be our first fence. Cold; emits once and completes. Errors with a
 * `ProtocolError` for a peer that is no NemesisDB, a `ConnectionError` where it does not answer.
 */
export function handshake(
  socket: SocketSubject,
  nextFence: () => string,
  clock: Clock,
  timeout: number,
): Observable<Greeting> {
  return new Observable((subscriber) => {
    const fences = [nextFence(), nextFence()];
    const expected = ['SV_INFO', ...fences];
    const frames: Frame[] = [];
    const greet = () => {
      const answered = new Set(frames.slice(1).map(({ name }) => name));
      const unanswered = fences.map((fence) => `${fence}_RSP`).filter((name) => !answered.has(name));
      subscriber.next({
        server: describe(frames[0], fences),
        pipelining: unanswered.length === 0 ? 'fenced' : 'serial',
        strays: new Set(frames.length < expected.length ? unanswered : []),
      });
      subscriber.complete();
    };
    const noAnswer = () => {
      const what = `The peer opened a WebSocket but did not answer SV_INFO within ${timeout} ms. Is it a NemesisDB?`;
      subscriber.error(new ConnectionError(what));
    };
    subscriber.add(clock.schedule(noAnswer, timeout));
    subscriber.add(
      socket.subscribe({
        next(text) {
          try {
            frames.push(parseFrame(text));
            describe(frames[0], fences);
            if (frames.length === expected.length) greet();
            else if (frames.length === 1) subscriber.add(clock.schedule(greet, fencePatience));
          } catch (error) {
            subscriber.error(error);
          }
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.error(new ConnectionError('The connection was closed before it was used.')),
      }),
    );
    socket.write(expected.map((name) => `{"${name}":{}}`));
  });
}

function describe(frame: Frame | undefined, fences: readonly string[]): ServerInfo {
  if (frame?.name !== 'SV_INFO_RSP') {
    // A fence's reply in its place: the reply to SV_INFO was dropped, which another attempt may mend.
    if (fences.some((fence) => frame?.name === `${fence}_RSP`)) {
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
