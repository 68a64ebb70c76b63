import type { Frame } from '../../protocol/frame.js';

/** A request as a correlator sees it. */
export interface WireRequest {
  /** Its id, unique in this client. */
  readonly id: number;
  /** The NemesisDB command, such as `SH_GET`. */
  readonly command: string;
  /** The frame. */
  readonly text: string;
}

/** What a frame settles. */
export type Settlement =
  /** Each of these requests has its own reply: `frames[i]` is that of the request `ids[i]`. */
  | {
      readonly type: 'delivered';
      readonly ids: readonly number[];
      readonly frames: readonly Frame[];
      readonly fenced: boolean;
    }
  /** A reply was dropped, so none of them can be trusted. The server has executed all of these requests. */
  | { readonly type: 'lost'; readonly ids: readonly number[] }
  /** Nothing yet. */
  | { readonly type: 'pending' }
  /** No NemesisDB answers like this, so the connection can't be trusted. */
  | { readonly type: 'untrusted'; readonly reason: string };

/** What is written for some requests. */
export interface Batch {
  readonly frames: readonly string[];
  /** Whether a fence closes it. */
  readonly fenced: boolean;
}

/**
 * How requests are correlated with replies on a connection.
 *
 * - `ids`: the server repeats the id of a request in its reply.
 * - `fenced`: the server echoes fences, which turn order into ids.
 * - `serial`: neither, so requests go one at a time.
 */
export type Pipelining = 'ids' | 'fenced' | 'serial';

/** How a peer answers, as the handshake has shown. */
export interface PeerTraits {
  readonly pipelining: Pipelining;
  /** The one name under which a serial peer answers whatever it does not know, if it does. */
  readonly unknownName: string | undefined;
}

/**
 * Decides which reply belongs to which request of one connection. There are two strategies: `Ids` for a server that repeats
 * ids, and `Fences` for a NemesisDB, which has none. Both are pure: no sockets, no clock, no RxJS.
 */
export interface Correlator {
  /** How many requests are written and unanswered, including those that nobody waits for any more. */
  readonly inFlight: number;
  /** Their ids, oldest first. */
  pending(): number[];
  /** How many of the requests that wait may be written now, as one batch. */
  room(waiting: number): number;
  /** How many requests that wait make it worth writing before the turn is over. */
  readonly fullBatch: number;
  /** Gives the frames for these requests, which must be written now and in this order. `more`: others follow at once. */
  write(requests: readonly WireRequest[], more: boolean): Batch;
  /** Takes in a frame. */
  receive(frame: Frame): Settlement;
  /** A frame that asks whether replies were dropped. `undefined` if there is nothing to ask, or no way. */
  probe(): string | undefined;
}

/** The name under which a command is answered. */
export const replyName = (command: string): string => `${command}_RSP`;
