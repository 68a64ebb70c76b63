import { Observable, switchMap, throwError, timeout } from 'rxjs';
import * as z from 'zod/mini';
import { longestTimer } from '../../clock.js';
import { ConnectionError, ProtocolError } from '../../errors.js';
import type { TransportOptions } from '../options.js';
import { type Frame, type PeerTraits, replyName } from '../requests/correlator.js';
import { fenceName, fenceRequest } from '../requests/fences.js';
import { parseFrame } from '../requests/reply-parser.js';
import type { Platform } from '../socket/platform.js';
import { openSocket, type SocketSubject } from '../socket/socket.js';
import type { Endpoint } from './endpoint.js';

/** What a server says of itself (`SV_INFO`). */
export interface ServerInfo {
  /** Such as `0.7.2`. */
  readonly serverVersion: string;
  /** Whether it can save and load datasets. */
  readonly persistEnabled: boolean;
  /** Longest request in bytes, if the server announces it (the embedded one does). */
  readonly maxPayload?: number;
  /** What the server can do that a NemesisDB can't, such as `ids` and `watch`. Absent for a NemesisDB. */
  readonly features?: readonly string[];
  /** How often the server sweeps, in ms, if it announces it (the embedded one does). */
  readonly sweepInterval?: number;
}

/** An open connection to a peer that has proven to be a NemesisDB. */
export interface Link {
  readonly socket: SocketSubject;
  readonly server: ServerInfo;
  readonly peer: PeerTraits;
  /** How many fences were used on it. */
  readonly fencesUsed: number;
}

const serverInfo = z.object({
  st: z.literal(1),
  serverVersion: z.string(),
  persistEnabled: z.boolean(),
  maxPayload: z.optional(z.int().check(z.positive())),
  features: z.optional(z.array(z.string())),
  sweepInterval: z.optional(z.number().check(z.positive())),
});

/** Our server announces more of itself if it is asked like this. A NemesisDB ignores members that it does not know. */
const describeYourself = '{"SV_INFO":{"maxPayload":null}}';

const infoReply = replyName('SV_INFO');

const fences = [fenceName(1), fenceName(2)];

/**
 * Asks for the endpoint, dials and shakes hands, within `connectTimeout` all in all. Cold: emits once, and lasts as long as the socket does, as
 * `openSocket` does. Unsubscribing drops the connection. Errors as `openSocket` and the handshake do, or if it takes too long.
 */
export function connect(
  platform: Platform,
  endpoint$: Observable<Endpoint>,
  { maxReply, connectTimeout, clock }: Pick<TransportOptions, 'maxReply' | 'connectTimeout' | 'clock'>,
): Observable<Link> {
  const tooSlow = `No NemesisDB answered within ${connectTimeout} ms of connecting. Check host and port, and that the server is not stuck.`;
  return endpoint$.pipe(
    switchMap(({ url, ...endpoint }) => openSocket(platform, url, { maxReply, ...endpoint })),
    switchMap(handshake),
    timeout({
      first: Math.min(connectTimeout, longestTimer),
      scheduler: clock.scheduler,
      with: () => throwError(() => new ConnectionError(tooSlow)),
    }),
  );
}

/**
 * Asks the peer who it is (`SV_INFO`), and whether it echoes fences. It takes two of them: a server without sessions answers
 * every unknown name under the first it ever saw, which may be our first fence. `SV_INFO` once more closes the handshake: what
 * was not answered by then never will be, and can't be taken for the reply to a later request.
 *
 * Cold; emits once and completes. Errors with a `ProtocolError` if the peer is no NemesisDB, and with a `ConnectionError` if
 * replies are missing. It has no time limit of its own.
 */
function handshake(socket: SocketSubject): Observable<Link> {
  return new Observable((subscriber) => {
    const echoes: Frame[] = [];
    let server: ServerInfo | undefined;
    subscriber.add(
      socket.subscribe({
        next(text) {
          try {
            const frame = parseFrame(text);
            if (server === undefined) server = describe(frame);
            else if (frame.name !== infoReply) {
              // A peer that floods us must not fill our memory until the time limit is over.
              if (echoes.push(frame) > fences.length) throw unasked();
            } else {
              subscriber.next({ socket, server, peer: traitsOf(server, echoes), fencesUsed: fences.length });
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
    socket.nextAll([describeYourself, ...fences.map(fenceRequest), describeYourself]);
  });
}

const unasked = () =>
  new ProtocolError('The peer sent more replies than it was sent requests, so it is no NemesisDB. Check the URL.');

function traitsOf({ features = [] }: ServerInfo, echoes: readonly Frame[]): PeerTraits {
  if (features.includes('ids')) return { pipelining: 'ids', unknownName: undefined };
  const names = echoes.map(({ name }) => name);
  if (names.join() === fences.map(replyName).join()) return { pipelining: 'fenced', unknownName: undefined };
  const [first, second] = names;
  return { pipelining: 'serial', unknownName: first === second ? first : undefined };
}

function describe({ name, body }: Frame): ServerInfo {
  if (name !== infoReply) {
    // A fence's reply in its place: the reply to SV_INFO was dropped, which another attempt may mend.
    if (fences.map(replyName).includes(name)) throw new ConnectionError('The peer did not answer SV_INFO.');
    throw new ProtocolError(
      'The peer speaks WebSocket but is no NemesisDB: it answers SV_INFO with something else. Check the URL.',
    );
  }
  const info = serverInfo.safeParse(body);
  if (!info.success) {
    throw new ProtocolError('The peer answers SV_INFO, but not as a NemesisDB does. Check the URL.', 'SV_INFO');
  }
  const { serverVersion, persistEnabled, maxPayload, features, sweepInterval } = info.data;
  return Object.freeze({
    serverVersion,
    persistEnabled,
    ...(maxPayload === undefined ? {} : { maxPayload }),
    ...(features === undefined ? {} : { features: Object.freeze(features) }),
    ...(sweepInterval === undefined ? {} : { sweepInterval }),
  });
}
