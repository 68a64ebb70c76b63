import { Observable, switchMap, throwError, timeout } from 'rxjs';
import { longestTimer } from '../../clock.js';
import { ConnectionError, ProtocolError } from '../../errors.js';
import { UnexpectedReply } from '../../protocol/command-row.js';
import { commands } from '../../protocol/commands.js';
import { type Frame, parseFrame } from '../../protocol/frame.js';
import type { ServerInfo } from '../../protocol/replies.js';
import { Status } from '../../protocol/status.js';
import type { TransportOptions } from '../options.js';
import { type PeerTraits, replyName } from '../requests/correlator.js';
import { fenceName, fenceRequest } from '../requests/fences.js';

import type { Platform } from '../socket/platform.js';
import { openSocket, type SocketSubject } from '../socket/socket.js';
import type { Endpoint } from './endpoint.js';

export type { ServerInfo };

/** An open connection to a peer that has proven to be a NemesisDB. */
export interface Link {
  readonly socket: SocketSubject;
  readonly server: ServerInfo;
  readonly peer: PeerTraits;
  /** How many fences were used on it. */
  readonly fencesUsed: number;
}

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
  try {
    if (body.st === Status.Ok) return commands.sv_info.read(body, undefined);
  } catch (error) {
    if (!(error instanceof UnexpectedReply)) throw error;
  }
  throw new ProtocolError('The peer answers SV_INFO, but not as a NemesisDB does. Check the URL.', 'SV_INFO');
}
