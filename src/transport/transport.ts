import type { Observable } from 'rxjs';
import type { JsonObject } from '../protocol/json.js';

/** One request on its way out: its text, and what the transport must know to carry it. */
export interface OutgoingRequest {
  /** The NemesisDB command, such as `SH_GET`; its reply comes under `SH_GET_RSP`. */
  readonly command: string;
  /** The frame. */
  readonly text: string;
  /** Milliseconds from subscription to reply. */
  readonly timeout: number;
  /** Whether it may be written again once its reply is lost. */
  readonly repeatable: boolean;
}

/** The one reply of a request. */
export interface Reply {
  /** What the reply holds: the object under `SH_GET_RSP`. */
  readonly body: JsonObject;
  /** When the request was handed to the socket, on the clock's monotonic ms. Of the last writing, if it was repeated. */
  readonly writtenAt: number;
  /** When the first writing left. Differs from `writtenAt` only if it was repeated. */
  readonly firstWrittenAt: number;
  /** When the reply was received. */
  readonly answeredAt: number;
}

/** What commands need of the transport. */
export interface Transport {
  /**
   * A cold Observable of the request's one reply. Each subscription sends once. Errors: `TimeoutError`, `QueueFullError`,
   * `PayloadTooLargeError`, `ReplyLostError`, `ConnectionError`, `ProtocolError`, `ClosedError`. A reply of any status is
   * a reply, not an error. Unsubscribing before the request is written takes it out of the queue.
   */
  request(outgoing: OutgoingRequest): Observable<Reply>;
  /** How many bytes a request may have now: the client's option, or less where the server announced less. */
  readonly maxPayload: number;
}
