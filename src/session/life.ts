import { type Interval, rateBound } from './deadline.js';
import type { SessionState, SuspensionReason } from './events.js';
import type { SessionSettings } from './port.js';

/** What is known of a session that is there, as far as anybody knows. */
export interface Known {
  readonly settings: SessionSettings;
  /** As verdicts need it: without a lower end (-infinite) where nobody knows how long the machine slept. What is told: `shownDeadline`. */
  readonly deadline: Interval;
  readonly cycle: number;
  /** Whether it holds keys; undefined: nobody knows. */
  readonly filled: boolean | undefined;
  /** Set while a touch of ours may yet move the deadline: its reply is lost. */
  readonly lost?: LostTouch;
  /**
   * Set where the wall clock was set back, which may hide any sleep: where the deadline begins if the machine did not sleep.
   */
  readonly awakeLo?: number;
}

/** A touch whose reply is lost: it is executed before whatever is written after `until`, and nobody knows when. */
export interface LostTouch {
  readonly until: number;
  /** Where the deadline was at the latest before. */
  readonly sureHi: number;
}

/** The reply to a set, add (`set`) or get is lost, at `until`. */
export interface LossOfTouch {
  readonly with: 'set' | 'get';
  readonly until: number;
}

/** What was told of the present deadline. */
export type Phase = 'alive' | 'expiring' | 'overdue';

/** The life of a session that is followed. */
export type Life =
  | { readonly is: Phase; readonly known: Known }
  | { readonly is: 'suspended'; readonly reason: SuspensionReason; readonly was: Phase; readonly known: Known }
  | { readonly is: 'over'; readonly last: Extract<SessionState, { state: 'expired' | 'ended' | 'closed' }> };

/** A life that goes on. */
export type Ongoing = Exclude<Life, { is: 'over' }>;

/** The same life, of which something else is known. */
export const withKnown = (life: Ongoing, known: Known): Ongoing =>
  life.is === 'suspended' ? { ...life, known } : { is: life.is, known };

/** What is known, and whether there are keys; the same object where that is known. */
export function withFilled(known: Known, filled: boolean | undefined): Known {
  return known.filled === filled ? known : { ...known, filled };
}

/** The same life at the beginning of a new deadline. */
export const renewed = (life: Ongoing, known: Known): Ongoing =>
  life.is === 'suspended' ? { ...life, was: 'alive', known } : { is: 'alive', known };

/** The moment at which the deadline was set is no earlier, whatever the machine slept: on its own clock, sleep takes no time. */
const setSince = (awakeLo: number, { duration }: SessionSettings) => awakeLo - duration * (1 + rateBound);

/** The deadline, as it is told: no earlier than it was set. */
export function shownDeadline({ deadline, awakeLo, settings }: Known): Interval {
  if (awakeLo === undefined) return deadline;
  const lo = setSince(awakeLo, settings);
  return deadline.lo >= lo ? deadline : { lo, hi: deadline.hi };
}

/**
 * What is known once a reply has told the deadline, to a request written at `writtenAt`; `cycle`: where a new one began with it. Where a
 * touch that is lost was written after that, it may move the deadline yet. Where the wall clock was set back in between, its beginning
 * is as unknown as it was.
 */
export function relearned(
  { lost, awakeLo, settings, filled, cycle: cycleBefore }: Known,
  deadline: Interval,
  writtenAt: number,
  cycle = cycleBefore,
): Known {
  const known = { settings, deadline, cycle, filled };
  const stillVague = awakeLo !== undefined && deadline.lo < setSince(awakeLo, settings) ? { awakeLo } : undefined;
  if (lost === undefined || writtenAt >= lost.until)
    return stillVague === undefined ? known : { ...known, ...stillVague };
  return {
    ...known,
    ...stillVague,
    deadline: { lo: deadline.lo, hi: Number.POSITIVE_INFINITY },
    lost: { until: lost.until, sureHi: deadline.hi },
  };
}

/** What is known once the reply to a touch is lost; the same object where it does not extend. */
export function loosened(known: Known, loss: LossOfTouch): Known {
  if (!extendsWith(known.settings, loss.with)) return known;
  const { deadline, lost } = known;
  return {
    ...known,
    deadline: { lo: deadline.lo, hi: Number.POSITIVE_INFINITY },
    lost: { until: Math.max(loss.until, lost?.until ?? loss.until), sureHi: lost?.sureHi ?? deadline.hi },
  };
}

/** What `state$` tells. */
export function snapshot(life: Life): SessionState {
  if (life.is === 'over') return { ...life.last }; // many sessions may share it
  const deadline = shownDeadline(life.known);
  const { cycle } = life.known;
  if (life.is === 'suspended') return { state: 'suspended', reason: life.reason, deadline, cycle };
  return { state: life.is, deadline, cycle };
}

/** Whether two lives look the same from outside. */
export function looksLike(one: Life, other: Life): boolean {
  if (one === other) return true;
  if (one.is === 'over' || other.is === 'over' || one.is !== other.is || one.known.cycle !== other.known.cycle)
    return false;
  if (one.is === 'suspended' && other.is === 'suspended' && one.reason !== other.reason) return false;
  const [before, after] = [shownDeadline(one.known), shownDeadline(other.known)];
  return before.lo === after.lo && before.hi === after.hi;
}

/** The longest duration that servers can count, in ms. */
const longestDuration = 9e12;

/**
 * Whether a session's deadline is its duration after it was set. Other clients may have made it with one that overflows in the server, or that
 * it tells as negative: then nobody can say where a deadline lies once it is set anew, nor by a deadline when it was set.
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

/** Whether two sessions were set up alike. */
export function sameSettings(one: SessionSettings, other: SessionSettings): boolean {
  return (
    one.duration === other.duration &&
    one.deleteSession === other.deleteSession &&
    one.extendOnSetAdd === other.extendOnSetAdd &&
    one.extendOnGet === other.extendOnGet
  );
}
