import type { Interval } from './lease/interval.js';

/**
 * How an event is known.
 *
 * - `proven`: replies of the server leave no other explanation. That supposes that one server process at a time is
 *   behind the client's URL: if several share a port, a reconnect can reach another one, which knows nothing of the
 *   first one's sessions.
 * - `presumed`: replies of the server show it, but something rarer would look the same; each event says what.
 * - `local`: it follows from the local clock and from what was known before.
 */
export type Certainty = 'proven' | 'presumed' | 'local';

/** Why a session is suspended: the connection was lost, or the local clocks moved apart, as when the machine slept. */
export type SuspensionReason = 'connection' | 'clock';

/** What may have moved a deadline if the reply can't tell. `unmoved`: perhaps nothing did. */
export type ResetCandidate = 'extended' | 'expired' | 'reloaded' | 'unmoved';

/**
 * Who ended a session.
 *
 * - `self`: `sh_end` or `sh_end_all` of this client. It is presumed after `sh_end_all`: its reply does not say which
 *   sessions it ended.
 * - `other`: another client. The session was seen alive on this connection while it was watched.
 * - `unknown`: another client, this one (the reply was lost), or a restart of the server.
 */
export type EndedBy = 'self' | 'other' | 'unknown';

/** How a session was set up. It never changes. */
export interface SessionSettings {
  /** Milliseconds from creation or extension to the deadline; 0: it never expires. */
  readonly duration: number;
  /** Whether the session is deleted when it expires, or only its keys. */
  readonly deleteSession: boolean;
  readonly extendOnSetAdd: boolean;
  readonly extendOnGet: boolean;
}

/** What all events have. */
export interface EventBase {
  /** The session's token. `JSON.stringify` writes it as a decimal string. */
  readonly tkn: bigint;
  /** Counts the events since watching began, from 1, without gaps. */
  readonly seq: number;
  /** When this became known, in the client's monotonic ms. */
  readonly at: number;
  /** How often its keys were seen to expire while the session stayed. */
  readonly cycle: number;
  /**
   * The deadline lies within this interval of the client's monotonic ms. It is infinite if the session never expires.
   * `lo` is `-Infinity` after the clocks moved apart, `hi` is `Infinity` after the reply to a touch was lost; both
   * until the server has answered a probe.
   */
  readonly deadline: Interval;
  /**
   * `deadline.lo` by the wall clock: the server does not let the session lapse before. Undefined if that is infinite.
   */
  readonly expiresAt: Date | undefined;
  /** Lets `JSON.stringify` take the event. */
  toJSON(): object;
}

/** Watching begins. If the server had to be asked first, its answer is in `deadline`. */
export interface OpenedEvent extends EventBase {
  readonly type: 'opened';
  readonly certainty: 'local';
}

/** The deadline moved. */
export interface ExtendedEvent extends EventBase {
  readonly type: 'extended';
  /**
   * `self`: a set, add or get of this client. `other`: another client. `unknown`: either; the reply to a command of
   * ours was lost.
   */
  readonly by: 'self' | 'other' | 'unknown';
  /** `proven` by self. Else `presumed`: ended and loaded again from a dataset would look the same. */
  readonly certainty: 'proven' | 'presumed';
}

/**
 * The deadline is near: as near as any handle of the session asked for with `expiringBefore`. It always comes before
 * `overdue`.
 */
export interface ExpiringEvent extends EventBase {
  readonly type: 'expiring';
  /** Milliseconds until the server may let it lapse, at the earliest. 0: it may by now. */
  readonly inMs: number;
  readonly certainty: 'local';
}

/**
 * The deadline is past for certain. The session may lapse from now on; a set or get that extends can still rescue it.
 */
export interface OverdueEvent extends EventBase {
  readonly type: 'overdue';
  readonly certainty: 'local';
}

/** The server let it lapse: a reply shows it. */
export interface ExpiredEvent extends EventBase {
  readonly type: 'expired';
  /**
   * `sessionDeleted`: the session is gone, and its streams complete. `keysCleared`: its keys are gone, and a new cycle
   * began.
   */
  readonly outcome: 'sessionDeleted' | 'keysCleared';
  /** How often its keys may have expired besides, unseen: at most so often. */
  readonly missedCycles: number;
  /**
   * `presumed`: another client may have ended it late (`sessionDeleted`), or have cleared or reloaded it
   * (`keysCleared`).
   */
  readonly certainty: 'proven' | 'presumed';
}

/** The deadline moved across its end, and the reply can't tell how: its keys may be gone. */
export interface ResetEvent extends EventBase {
  readonly type: 'reset';
  /** What may have moved the deadline. */
  readonly candidates: readonly ResetCandidate[];
  /** How often its keys may have expired: at most so often. */
  readonly missedCycles: number;
  /** That one of the candidates happened is proven. */
  readonly certainty: 'proven';
}

/** The session was ended before it expired. Its streams complete. */
export interface EndedEvent extends EventBase {
  readonly type: 'ended';
  readonly by: EndedBy;
  /** That it ended; not by whom. `presumed` after our own `sh_end_all`: it may have been gone before. */
  readonly certainty: 'proven' | 'presumed';
}

/** Nothing can be known for now. What is suspended is probed as soon as the server answers, and `resumed` follows. */
export interface SuspendedEvent extends EventBase {
  readonly type: 'suspended';
  readonly reason: SuspensionReason;
  readonly certainty: 'local';
}

/** The server was asked, and what it showed was emitted before this event. */
export interface ResumedEvent extends EventBase {
  readonly type: 'resumed';
  /** Why it was suspended. */
  readonly reason: SuspensionReason;
  readonly certainty: 'proven';
}

/** Everything that can happen to a session that is watched. */
export type SessionEvent =
  | OpenedEvent
  | ExtendedEvent
  | ExpiringEvent
  | OverdueEvent
  | ExpiredEvent
  | ResetEvent
  | EndedEvent
  | SuspendedEvent
  | ResumedEvent;

/** How a session ended: deleted when it expired, or ended before. */
export type OverEvent = ExpiredEvent | EndedEvent;

/** Its keys may be gone. `possible`: a `reset` of which `expired` is a candidate. */
export type LapsedEvent = ExpiredEvent | (Omit<ResetEvent, 'certainty'> & { readonly certainty: 'possible' });

interface Ongoing {
  /** See the events' `deadline`. */
  readonly deadline: Interval;
  /** See the events' `expiresAt`. */
  readonly expiresAt: Date | undefined;
  readonly cycle: number;
}

/** What is known of a session now. A frozen object, the same one until something changes. */
export type SessionState =
  /** Watching begins, and the server is yet to be asked. `deadline` is what was known last. */
  | (Ongoing & { readonly state: 'opening' })
  | (Ongoing & { readonly state: 'alive' })
  | (Ongoing & { readonly state: 'expiring' })
  | (Ongoing & { readonly state: 'overdue' })
  | (Ongoing & { readonly state: 'suspended'; readonly reason: SuspensionReason })
  | { readonly state: 'expired'; readonly certainty: 'proven' | 'presumed'; readonly cycle: number }
  | {
      readonly state: 'ended';
      readonly by: EndedBy;
      readonly certainty: 'proven' | 'presumed';
      readonly cycle: number;
    }
  /** The client was closed; nothing is known any more. */
  | { readonly state: 'closed'; readonly cycle: number };
