import type { NdbError, Outcome } from '../../errors.js';
import type { JsonObject } from '../../protocol/json.js';
import type { WireRequest } from './correlator.js';
import type { Queueable } from './request-queue.js';
import type { Due } from './timeouts.js';

/** One request on its way out: its frame, and what the transport must know to carry it. */
export interface OutgoingRequest {
  /** The NemesisDB command, such as `SH_GET`; its reply comes under `SH_GET_RSP`. */
  readonly command: string;
  /** The frame. */
  readonly text: string;
  /** Milliseconds from subscription to reply. */
  readonly timeout: number;
  /** Whether it may be written again if its reply is lost. */
  readonly repeatable: boolean;
  /**
   * Whether it is part of a call of which others were accepted before. Then neither a full queue nor a client that is closing
   * refuses it. Default `false`.
   */
  readonly continues?: boolean;
  /**
   * Whether a session's life depends on it. Then a full queue does not refuse it, and it goes before all that waits. For probes,
   * and for what keeps sessions alive. Default `false`.
   */
  readonly vital?: boolean;
}

/** The one reply to a request. */
export interface Reply {
  /** What the reply holds: the object under `SH_GET_RSP`. */
  readonly body: JsonObject;
  /** When the request was first handed to the socket, in the clock's monotonic ms. It may have been sent again since. */
  readonly writtenAt: number;
  /** When the reply was received, in the clock's monotonic ms. */
  readonly answeredAt: number;
}

/** Waits for a reply. One of `replied` and `failed` is called, once; neither is after the request was cancelled. */
export interface Receiver {
  replied(reply: Reply): void;
  failed(error: NdbError): void;
}

/** One request on its way, from `send` until its receiver was called. */
export interface PendingRequest extends OutgoingRequest, WireRequest, Due, Queueable {
  readonly receiver: Receiver;
  /** When it was subscribed to, in the clock's ms. */
  readonly sentAt: number;
  /** When it was first written, if it was. */
  writtenAt: number | undefined;
  /** How often it was written. */
  writings: number;
}

/** What is known of a request that is given up before its reply came. */
export const outcomeOf = ({ writtenAt }: Pick<PendingRequest, 'writtenAt'>): Outcome =>
  writtenAt === undefined ? 'not-sent' : 'unknown';
