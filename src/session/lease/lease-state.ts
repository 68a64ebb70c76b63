import type { OverEvent, SessionEvent, SessionSettings, SuspensionReason } from '../events.js';
import { clockTolerance, type Interval } from './interval.js';
import { isExtendable, type Verdict } from './verdict.js';

/** What is known of a session that exists, as far as anybody knows. */
export interface Known {
  readonly settings: SessionSettings;
  /** `lo` is `-Infinity` after a doubt about the clocks, until a request written after it is answered. */
  readonly deadline: Interval;
  readonly cycle: number;
  /** Whether it holds keys; undefined: nobody knows. */
  readonly hasKeys?: boolean | undefined;
  /** The connection on which a reply last showed that it is there. Connections are counted. */
  readonly seenOn?: number | undefined;
  /** When the last request was written whose reply showed that it is there. */
  readonly seenAt: number;
  /** When the last request was written whose reply showed its deadline. */
  readonly deadlineSeenAt: number;
  /**
   * When the reply to a set, add or get was lost that may have moved the deadline. A request written later will tell.
   */
  readonly touchLostAt?: number | undefined;
  /** When the reply to an `SH_END` or `SH_END_ALL` of ours was lost. A request written later will tell. */
  readonly endLostAt?: number | undefined;
}

/** What was announced of the present deadline. */
export type Phase = 'alive' | 'expiring' | 'overdue';

/** How a lease came to its end; `closed`: with the client. */
export type End = Extract<Verdict, { type: 'ended' | 'expired' }> | { readonly type: 'closed' };

/**
 * The life of a lease.
 *
 * - `unwatched`: nobody is subscribed; what was known last.
 * - `opening`: somebody is, and a request written since then is yet to show the deadline.
 * - `alive`, `expiring`, `overdue`: what is known holds.
 * - `suspended`: it does not, until a request written since then is answered. `seen`: one has shown that the session is
 *   there, and its deadline is yet to be asked for.
 * - `over`: gone, or the client is closed.
 */
export type LeaseState =
  | { readonly is: 'unwatched'; readonly known: Known }
  | { readonly is: 'opening'; readonly known: Known; readonly since: number }
  | { readonly is: Phase; readonly known: Known }
  | {
      readonly is: 'suspended';
      readonly known: Known;
      readonly reason: SuspensionReason;
      readonly since: number;
      readonly phase: Phase;
      readonly seen: boolean;
      /** Whether the connection was lost, for whatever reason it was suspended first. */
      readonly connectionLost: boolean;
    }
  | { readonly is: 'over'; readonly known: Known; readonly end: End };

/** A lease that somebody watches, and that goes on. */
export type Watched = Exclude<LeaseState, { is: 'unwatched' | 'over' }>;

/** An event as the transition makes it: what all events have is added when it is posted. */
export type EventBody = Body<SessionEvent>;
type Body<Event> = Event extends SessionEvent
  ? Omit<Event, 'tkn' | 'seq' | 'at' | 'cycle' | 'deadline' | 'expiresAt' | 'toJSON'>
  : never;

/** Whether nothing follows an event: the session is gone. */
export const isFinal = (event: SessionEvent): event is OverEvent =>
  event.type === 'ended' || (event.type === 'expired' && event.outcome === 'sessionDeleted');

/**
 * The deadline, as it is shown: without an end while a touch of ours may yet move it. A copy, so that nobody can change
 * the client's own.
 */
export const shownDeadline = ({ deadline, touchLostAt }: Known): Interval =>
  Object.freeze({ lo: deadline.lo, hi: touchLostAt === undefined ? deadline.hi : Number.POSITIVE_INFINITY });

/** The longest duration that servers can count, in ms. */
const longestDuration = 9e12;

/**
 * Whether the deadline of a session is its duration after it was set. Another client may have created it with a
 * duration that overflows in the server: then nobody can say where its deadline lies once it is set anew.
 */
export const isCountable = ({ duration }: SessionSettings) => duration >= 0 && duration <= longestDuration;

/** Whether a set, add or get moves the deadline by its duration. */
export function extendsWith(settings: SessionSettings, command: 'set' | 'get'): boolean {
  return (
    settings.duration > 0 &&
    isCountable(settings) &&
    (command === 'set' ? settings.extendOnSetAdd : settings.extendOnGet)
  );
}

/** Whether the deadline can move before it has passed: by a touch, or by a reload. */
export const canMove = ({ settings }: Known, persistEnabled: boolean) =>
  settings.duration > 0 && (isExtendable(settings) || persistEnabled);

/** Whether the deadline may have moved unseen by `now`. */
export const mayHaveMoved = (known: Known, now: number, persistEnabled: boolean) =>
  canMove(known, persistEnabled) ||
  known.touchLostAt !== undefined ||
  known.deadline.lo === Number.NEGATIVE_INFINITY ||
  (!known.settings.deleteSession && now >= known.deadline.lo - clockTolerance);

export const sameSettings = (one: SessionSettings, other: SessionSettings) =>
  one.duration === other.duration &&
  one.deleteSession === other.deleteSession &&
  one.extendOnSetAdd === other.extendOnSetAdd &&
  one.extendOnGet === other.extendOnGet;
