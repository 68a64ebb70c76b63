import type { Interval } from './deadline.js';

/**
 * How an event is known.
 *
 * - `proven`: replies of the server leave no other explanation. That supposes that behind the client's URL there is one server process at
 *   a time: several may share a port, and then a reconnect can reach another one, which knows nothing of the first one's sessions.
 * - `presumed`: replies of the server show it, but something rarer would look the same; each event says what.
 * - `local`: it follows from the local clock and from what was known before.
 */
export type Certainty = 'proven' | 'presumed' | 'local';

/** Why nothing is said about a session for now. */
export type SuspensionReason = 'connection' | 'clock';

/** What may have moved a deadline, where replies can't tell. `unmoved`: perhaps nothing did, so little was known of it. */
export type ResetCandidate = 'extended' | 'expired' | 'reloaded' | 'unmoved';

/**
 * Who ended a session.
 *
 * - `self`: `sh_end` or `sh_end_all` of this client. `sh_end_all` does not tell which sessions it ended: that it was this one is
 *   presumed, as another client may have ended it before.
 * - `other`: another client; the connection held, so the server did not restart.
 * - `other-or-restart`: the connection was lost in between; a server that restarts has lost its sessions as well. Where several server
 *   processes share the URL, the new connection may also have reached another one, and the session lives on in the first.
 * - `unknown`: any of these; this client tried, and the reply was lost, or came while nobody followed.
 */
export type EndedBy = 'self' | 'other' | 'other-or-restart' | 'unknown';

/**
 * How many things of a kind happened at least, and at most. At most: as the monotonic clock counts. Where the wall clock was set back
 * in the same moment as the machine slept, nobody knows for how long it did, and it may have been more.
 */
export interface Bounds {
  /** So many for certain. */
  readonly atLeast: number;
  /** No more than so many. */
  readonly atMost: number;
}

/** What all events tell. */
interface Common {
  /** The session's token. */
  readonly tkn: bigint;
  /** Counts the events of this session, from 1, without gaps. */
  readonly seq: number;
  /** How often its keys were seen to expire while the session stayed. */
  readonly cycle: number;
  /**
   * Between which moments (the client's monotonic ms) its deadline lies; infinite where it never expires. `hi` alone is infinite after
   * `widened`: until the server answers something written later, a touch may move it.
   */
  readonly deadline: Interval;
  /** When this became known, on the client's monotonic ms. */
  readonly at: number;
}

/** Following begins; what is known of the deadline is in `deadline`. */
export interface OpenedEvent extends Common {
  readonly type: 'opened';
  readonly certainty: 'local';
}

/** The deadline moved. By `self`: a set, add or get of this client did it. By `other`: a reply shows that it moved. */
export interface ExtendedEvent extends Common {
  readonly type: 'extended';
  /** Whose command moved it. */
  readonly by: 'self' | 'other';
  /**
   * `presumed` by other: ended and loaded again from a dataset would look the same. By self: the reply was lost, and another
   * client could have done it.
   */
  readonly certainty: 'proven' | 'presumed';
}

/**
 * The reply to an extending command was lost: it may have moved the deadline, or may do so yet, at any time until a later request is
 * answered. `deadline` has no upper end until then. Told once, however many replies are lost.
 */
export interface WidenedEvent extends Common {
  readonly type: 'widened';
  readonly certainty: 'local';
}

/**
 * Its deadline is near: as near as any handle of the session asked for with `expiringBefore`. Nearer where that was noticed late:
 * the server may have to be asked first, the timer may be late, the session may have been suspended. It always comes before `overdue`.
 */
export interface ExpiringEvent extends Common {
  readonly type: 'expiring';
  /** Milliseconds until the server may let it lapse, at the earliest; 0: it may by now, and `overdue` follows. */
  readonly inMs: number;
  readonly certainty: 'local';
}

/** It may lapse from now on; a set or get that extends can still rescue it. */
export interface OverdueEvent extends Common {
  readonly type: 'overdue';
  readonly certainty: 'local';
}

/** The server let it lapse: a reply shows it. */
export interface ExpiredEvent extends Common {
  readonly type: 'expired';
  /** `sessionDeleted`: the session is gone, and its streams complete. `keysCleared`: its keys are gone, and a new cycle began. */
  readonly outcome: 'sessionDeleted' | 'keysCleared';
  /**
   * How often it expired besides, unseen (with `keysCleared`). `atLeast` trusts the client's `sweepInterval`, also where the event itself
   * is proven: a server that looks more rarely than that, by more than ten seconds, may have missed fewer.
   */
  readonly missedCycles: Bounds;
  /**
   * Of the event and its outcome. `presumed`: another client could have ended it late (`sessionDeleted`), or cleared or reloaded it
   * (`keysCleared`).
   */
  readonly certainty: 'proven' | 'presumed';
}

/** The deadline moved across its end, and replies can't tell how: its keys may be gone. */
export interface ResetEvent extends Common {
  readonly type: 'reset';
  /** What may have moved the deadline. */
  readonly candidates: readonly ResetCandidate[];
  /** How often it expired, seen or not. */
  readonly missedCycles: Bounds;
  /** Proven is that one of the candidates happened. */
  readonly certainty: 'proven';
}

/** It was ended before it expired. Its streams complete. */
export interface EndedEvent extends Common {
  readonly type: 'ended';
  /** Who ended it. */
  readonly by: EndedBy;
  /** `presumed`: it may have expired instead, or, by self, another client ended it just before our `sh_end_all`. */
  readonly certainty: 'proven' | 'presumed';
}

/** Nothing can be known for now: the connection is lost, or the local clock jumped. */
export interface SuspendedEvent extends Common {
  readonly type: 'suspended';
  /** Why. */
  readonly reason: SuspensionReason;
  readonly certainty: 'local';
}

/** What happened in the meantime has been told before this, as far as it can be known; all goes on. */
export interface ResumedEvent extends Common {
  readonly type: 'resumed';
  /** Why it was suspended. */
  readonly reason: SuspensionReason;
  readonly certainty: 'proven';
}

/** Everything that can happen to a session that is followed. */
export type SessionEvent =
  | OpenedEvent
  | ExtendedEvent
  | WidenedEvent
  | ExpiringEvent
  | OverdueEvent
  | ExpiredEvent
  | ResetEvent
  | EndedEvent
  | SuspendedEvent
  | ResumedEvent;

/** What is known of a session now. Times are the client's monotonic ms. */
export type SessionState =
  | { readonly state: 'alive'; readonly deadline: Interval; readonly cycle: number }
  | { readonly state: 'expiring'; readonly deadline: Interval; readonly cycle: number }
  | { readonly state: 'overdue'; readonly deadline: Interval; readonly cycle: number }
  | {
      readonly state: 'suspended';
      readonly reason: SuspensionReason;
      readonly deadline: Interval;
      readonly cycle: number;
    }
  | { readonly state: 'expired'; readonly certainty: 'proven' | 'presumed'; readonly cycle: number }
  | {
      readonly state: 'ended';
      readonly by: EndedBy;
      readonly certainty: 'proven' | 'presumed';
      readonly cycle: number;
    }
  /** The client was closed; nothing is known any more. */
  | { readonly state: 'closed'; readonly cycle: number };
