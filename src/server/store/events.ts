import type { Observable } from 'rxjs';
import type { Entry } from './entry.js';
import type { Later } from './later.js';
import type { SessionToken } from './tokens.js';

interface EventOfSession {
  /** Unique among all events of the store, and of stores started later. */
  readonly id: string;
  /** When it happened: milliseconds since 1970 by the store's clock. */
  readonly at: number;
  readonly token: SessionToken;
  /** The connection whose command caused it, as that command named it. Absent if the sweep did, or nobody was named. */
  readonly by?: string | undefined;
}

/** A command moved the session's deadline. */
export interface Extended extends EventOfSession {
  readonly type: 'extended';
  /** Milliseconds left from `at` on. */
  readonly remaining: number;
}

/** The sweep found the session past its deadline. */
export interface Expired extends EventOfSession {
  readonly type: 'expired';
  readonly outcome: 'sessionDeleted' | 'keysCleared';
  /** Milliseconds left of the duration that begins anew; absent if the session is deleted. */
  readonly remaining?: number;
  /** What the session held. Present if it was made with `keepValues` and fits the bound of the log. */
  readonly values?: readonly Entry[];
}

/** `SH_END` or `SH_END_ALL` ended the session. */
export interface Ended extends EventOfSession {
  readonly type: 'ended';
}

/** What the log keeps. */
export type LoggedEvent = Expired | Ended;

export type SessionEvent = Extended | LoggedEvent;

/** Stands for events that are no longer in the log, or that a reader was too slow for. */
export interface Gap {
  readonly type: 'gap';
  /** The time up to which events are missing, in milliseconds since 1970 by the store's clock. */
  readonly until: number;
}

/** How one member of a group takes events. */
export interface Membership {
  readonly group: string;
  /** Unique among the members of the group. */
  readonly member: string;
  /** How many events may be unacknowledged at a time. */
  readonly window: number;
  /** Where a group that does not exist yet begins, in milliseconds since 1970. Default: with what happens from now on. */
  readonly since?: number;
}

/**
 * The events of all sessions of the store, whichever server caused them. A bounded log keeps `expired` and `ended`; a
 * store over Redis keeps it in streams, and groups are consumer groups of these.
 */
export interface SessionEvents {
  /** The store's time: milliseconds since 1970, as in `at`. */
  now(): Later<number>;

  /** Emits each event as it happens. Hot: what happened before a subscription is in the log. Never completes. */
  readonly live$: Observable<SessionEvent>;

  /**
   * Reads the log from a time on, oldest first, and completes. Begins with a `gap` if older events of that time are no
   * longer in the log. Times of several shards have no common order, so a reader resumes some seconds earlier and drops
   * what it has seen by `id`.
   */
  since(at: number): Observable<LoggedEvent | Gap>;

  /**
   * Joins a group: each logged event goes to one member. Emits at most `window` events beyond those acknowledged, and
   * never completes. Leaving gives the member's unacknowledged events to the others; so does a minute without an
   * acknowledgement. So an event is delivered at least once, and more than once if a member fails.
   */
  join(membership: Membership): Observable<LoggedEvent | Gap>;

  /** Marks events of a group as done. Gives how many of them were waiting for it. */
  acknowledge(group: string, ids: readonly string[]): Later<number>;
}
