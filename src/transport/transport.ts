import type { Observable } from 'rxjs';
import type { Clock } from '../clock.js';
import type { NdbError, Outcome } from '../errors.js';
import type { JsonObject } from '../protocol/json.js';
import type { Activity } from './activity.js';
import type { ConnectionState, ServerInfo } from './connection/connection-state.js';

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
  /**
   * Whether it is part of a call of which others were accepted before: then neither a full queue nor a client that is closing
   * refuses it. Default `false`.
   */
  readonly continues?: boolean;
  /**
   * Whether a session's life depends on it: then a full queue does not refuse it, and it goes before all that waits. For
   * questions about sessions, and for what keeps them alive: one at a time for each. Default `false`.
   */
  readonly vital?: boolean;
}

/** The one reply of a request. */
export interface Reply {
  /** What the reply holds: the object under `SH_GET_RSP`. */
  readonly body: JsonObject;
  /** When the request was first handed to the socket, on the clock's monotonic ms: earlier than its last writing if it was sent again. */
  readonly writtenAt: number;
  /** When the reply was received, on the same clock. */
  readonly answeredAt: number;
}

/** Who waits for a reply. Exactly one of `replied` and `failed` is called, once; neither after the request was cancelled. */
export interface Receiver {
  replied(reply: Reply): void;
  failed(error: NdbError): void;
}

/** What commands need of the transport. */
export interface Transport {
  /**
   * Sends a request and hands its one reply, of any status, to the receiver. Returns its undo, which takes an unwritten
   * request out of the queue and says what became of it. This is the ground under `request`, without an Observable of its
   * own: a command's method is one already, and a second one a request costs a tenth of its processor time.
   */
  send(outgoing: OutgoingRequest, receiver: Receiver): () => Outcome;
  /** How many bytes a request may have now: the client's option, or less where the server announced less. */
  readonly maxPayload: number;
}

/** The transport as the client owns it. */
export interface ClientTransport extends Transport {
  /** Connects; emits the server's own description once open, and completes. Errors where the connection is refused for good. */
  open(url: string): Observable<ServerInfo>;
  /** Drains and closes, at once, subscribed or not; emits and completes when nothing is left. */
  close(): Observable<void>;
  /** How many requests somebody waits for. */
  readonly awaited: number;
  /** Replays the present state; completes after `closed`. */
  readonly connection$: Observable<ConnectionState>;
  /** What the transport does, as it does it; does not replay; completes on close. */
  readonly activity$: Observable<Activity>;
}

/** How a client reconnects: times in ms. */
export interface ReconnectOptions {
  /** The first delay's upper bound; the bound doubles with each failure. */
  readonly initialDelay: number;
  /** The bound's own bound. */
  readonly maxDelay: number;
  /**
   * How many attempts in a row may fail before the client gives up: it closes, with the last one's error. A connection that
   * was open ends the row, and its loss is no failed attempt: after it, so many attempts may fail once more. 0: once lost,
   * the connection is not sought again. The first attempt of `open` always takes place, and with 0 or 1 is the only one.
   */
  readonly attempts: number;
  /** How long a connection must hold before its loss begins with `initialDelay` again. */
  readonly resetAfter: number;
}

/** How dead connections are found: times in ms. */
export interface HeartbeatOptions {
  /** After how much silence a peer is asked for a sign of life. Silence is looked for in fifths of it, and every 3 s at least. */
  readonly interval: number;
  /**
   * How long a silent peer has to show life once asked. Longer while somebody waits for the reply to a request in flight, up to
   * the longest that was left of those when it was asked: a server at work on one answers nothing else. So a call with a longer
   * `timeout` puts the verdict off, until it ends or is unsubscribed.
   */
  readonly timeout: number;
}

/** The transport's options, complete and valid. */
export interface TransportOptions {
  /** Longest request in bytes; undefined: what the server announces, or 1024 where it announces nothing. */
  readonly maxPayload: number | undefined;
  /** Longest reply in bytes. */
  readonly maxReply: number;
  /** Most requests written and unanswered. */
  readonly maxInFlight: number;
  /** Most requests that wait to be written. */
  readonly maxQueued: number;
  /** Most characters of requests that wait to be written. */
  readonly maxQueuedBytes: number;
  readonly reconnect: ReconnectOptions | false;
  readonly heartbeat: HeartbeatOptions | false;
  /** Longest time from dialling to the first replies, in ms. */
  readonly connectTimeout: number;
  /** Longest time that `close` takes, in ms. */
  readonly closeTimeout: number;
  readonly clock: Clock;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
}
