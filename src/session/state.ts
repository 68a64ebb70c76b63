import { beforeSleep, type Slept } from './clock-watch.js';
import { after, deadlineFrom, type Interval, intersect, never, setFrom } from './deadline.js';
import { bare, expiring, resumed, type Stamp, suspended, told } from './event-literals.js';
import type { SessionEvent, SuspensionReason } from './events.js';
import {
  extendsWith,
  isCountable,
  type Known,
  type Life,
  type LossOfTouch,
  loosened,
  type Ongoing,
  relearned,
  renewed,
  sameSettings,
  withFilled,
  withKnown,
} from './life.js';
import type { SessionSettings } from './port.js';
import {
  type Gone,
  isExtendable,
  type Moved,
  none,
  reset,
  unseenSleep,
  verdictOnGone,
  verdictOnMoved,
} from './verdict.js';

/** What may tell something about one session. `span`: from writing a request to receiving its reply. */
export type Evidence =
  /** A set, add (`set`) or get succeeded. */
  | { readonly kind: 'touched'; readonly with: 'set' | 'get'; readonly span: Interval; readonly filled?: boolean }
  /**
   * The reply to a set, add or get is lost, at `until`. It has been executed by then, or will be at any time, but before what is
   * written later: a server answers a connection in order, and what it has not read of a connection that is lost it never reads.
   */
  | ({ readonly kind: 'touch-lost' } & LossOfTouch)
  /** A reply tells, or a lost one leaves open, whether there are keys. */
  | { readonly kind: 'keys'; readonly filled: boolean | undefined }
  /** `SH_INFO` was answered. `decides`: what may have happened is to be told, though later answers could tell it apart. */
  | { readonly kind: 'info'; readonly span: Interval; readonly info: SessionReport; readonly decides?: boolean }
  /** A reply says that there is no such session. */
  | ({ readonly kind: 'gone' } & Gone)
  /** `SH_END` of this client succeeded. */
  | { readonly kind: 'ended' }
  /** The machine slept without the monotonic clock noticing. */
  | { readonly kind: 'clock-jumped'; readonly slept: Slept }
  /** Nothing is certain for now; the machine may have slept, as above. */
  | { readonly kind: 'suspended'; readonly reason: SuspensionReason; readonly slept: Slept }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'closed' }
  /** Time has passed; `lead` is how early `expiring` comes. */
  | { readonly kind: 'time'; readonly lead: number };

/** What `SH_INFO` says, as far as it matters here. */
export interface SessionReport {
  readonly keyCount: number;
  readonly settings: SessionSettings;
  /** Whole seconds left, cut toward zero. */
  readonly remaining: number;
}

/** What else a step takes: the session's token, the time, and what holds for all sessions of a client. */
export interface Circumstances extends Stamp {
  readonly sweepInterval: number;
  /** Whether nobody can have loaded a session from a dataset since its deadline was known. */
  readonly reloadExcluded: boolean;
}

/** What follows from evidence: the life that goes on, and at most one event, which has no number yet. */
export interface Step {
  readonly life: Life;
  readonly event?: SessionEvent;
}

/** What evidence makes of a life. The same object comes back where it changes nothing. Without time or effects of its own. */
export function next(life: Life, evidence: Evidence, circumstances: Circumstances): Step {
  if (life.is === 'over') return { life };
  const { known } = life;
  const { settings, deadline, cycle } = known;
  switch (evidence.kind) {
    case 'touched': {
      const learned = withFilledTo(life, evidence.filled ?? known.filled);
      if (!extendsWith(settings, evidence.with)) return { life: learned };
      const anew = after(evidence.span, settings.duration);
      // Deadlines only ever move on, so what was known below still holds.
      const latest = { lo: Math.min(anew.hi, Math.max(anew.lo, deadline.lo)), hi: anew.hi };
      const sight = moved('self', evidence.span, circumstances);
      return afterMove(learned, latest, evidence.span.lo, sight, circumstances);
    }
    case 'touch-lost': {
      const looser = loosened(known, evidence);
      if (looser === known) return { life };
      const loose = withKnown(life, looser);
      // As wide as can be, and told.
      return known.lost === undefined
        ? { life: loose, event: bare('widened', circumstances, looser) }
        : { life: loose };
    }
    case 'keys':
      return { life: withFilledTo(life, evidence.filled) };
    case 'info':
      return informed(life, evidence, circumstances);
    case 'gone':
      return gone(life, evidence, circumstances);
    case 'ended': {
      const bySelf = { by: 'self', certainty: 'proven' } as const;
      return {
        life: { is: 'over', last: { state: 'ended', ...bySelf, cycle } },
        event: told({ type: 'ended', ...bySelf }, circumstances, known),
      };
    }
    case 'clock-jumped':
      return { life: withKnown(life, afterSleep(known, evidence.slept)) };
    case 'suspended': {
      const slept = afterSleep(known, evidence.slept);
      if (life.is === 'suspended') return { life: slept === known ? life : withKnown(life, slept) };
      const { reason } = evidence;
      return {
        life: { is: 'suspended', reason, was: life.is, known: slept },
        event: suspended(circumstances, slept, reason),
      };
    }
    case 'resumed':
      if (life.is !== 'suspended') return { life };
      return { life: { is: life.was, known }, event: resumed(circumstances, known, life.reason) };
    case 'closed':
      return { life: { is: 'over', last: { state: 'closed', cycle } } };
    case 'time':
      return timePassed(life, evidence.lead, circumstances);
  }
}

/** Sleep that the monotonic clock did not notice makes deadlines come earlier, by that clock. */
function afterSleep(known: Known, slept: Slept): Known {
  const { deadline, awakeLo } = known;
  const { ms, setBacks } = slept;
  if ((ms === 0 && setBacks === 0) || deadline === never) return known;
  const moved = { ...known, deadline: { lo: beforeSleep(deadline.lo, slept), hi: deadline.hi } };
  if (setBacks === 0 && awakeLo === undefined) return moved;
  return { ...moved, awakeLo: (awakeLo ?? deadline.lo) - ms };
}

const withFilledTo = (life: Ongoing, filled: boolean | undefined): Ongoing => {
  const known = withFilled(life.known, filled);
  return known === life.known ? life : withKnown(life, known);
};

const moved = (by: Moved['by'], setAt: Interval, { reloadExcluded }: Circumstances, emptied = false): Moved => ({
  by,
  setAt,
  emptied,
  perhaps: false,
  reloadExcluded,
});

function informed(
  life: Ongoing,
  { span, info: report, decides = false }: Extract<Evidence, { kind: 'info' }>,
  circumstances: Circumstances,
): Step {
  const filled = report.keyCount > 0;
  const { settings } = report;
  const emptied = life.known.filled === true && !filled;
  const known = withFilled(life.known, filled);
  if (!sameSettings(settings, known.settings))
    return reloaded(life, { ...known, settings }, span, report, circumstances);
  if (settings.duration === 0) return { life: withFilledTo(life, filled) };
  const seen = deadlineFrom(span, report.remaining);
  const learned = known === life.known ? life : withKnown(life, known);
  const { deadline, lost } = known;
  if (!isCountable(settings)) {
    const latest = relearned(known, seen, span.lo);
    return { life: seen.lo > deadline.hi ? renewed(life, latest) : withKnown(life, latest) };
  }
  if (seen.hi < deadline.lo - unseenSleep) return reloaded(life, known, span, report, circumstances);
  const setAt = setFrom(span, report.remaining, settings.duration);
  const by = lost === undefined ? 'other' : 'self-perhaps';
  const sight = moved(by, setAt, circumstances, emptied);
  if (seen.lo > (lost?.sureHi ?? deadline.hi)) return afterMove(learned, seen, span.lo, sight, circumstances);
  // It may have moved by less than a reply can tell: then what was known of its end no longer holds.
  const mayHaveExpired = !settings.deleteSession && setAt.hi >= deadline.lo - unseenSleep;
  if (mayHaveExpired) {
    const vague = deadline.hi - deadline.lo > 2 * (seen.hi - seen.lo);
    if (vague || emptied || decides) {
      return afterMove(learned, seen, span.lo, { ...sight, perhaps: true }, circumstances);
    }
    // A duration of a second or two. It counts as one deadline until it certainly moved: what it did is told then.
    return { life: withKnown(life, relearned(known, { lo: deadline.lo, hi: seen.hi }, span.lo)) };
  }
  // A reload moves it as well, if only by as much as the session was old then.
  const mayHaveMoved = isExtendable(settings) || !circumstances.reloadExcluded;
  const latest = mayHaveMoved
    ? { lo: Math.min(seen.hi, Math.max(seen.lo, deadline.lo)), hi: seen.hi }
    : intersect(seen, deadline);
  return { life: withKnown(life, relearned(known, latest ?? seen, span.lo)) };
}

function afterMove(
  life: Ongoing,
  deadline: Interval,
  writtenAt: number,
  sight: Moved,
  circumstances: Circumstances,
): Step {
  const { settings, deadline: before, awakeLo } = life.known;
  const { sweepInterval } = circumstances;
  const found = verdictOnMoved(settings, awakeLo === undefined ? before : { ...before, awakeLo }, sight, sweepInterval);
  const isExpired = found.type === 'expired';
  // Keys that expired certainly did so after the deadline known before: the new one is a duration after that, at the least.
  const least = isExpired && found.certainty === 'proven' ? after(before, settings.duration).lo : deadline.lo;
  const latest = { lo: Math.min(deadline.hi, Math.max(deadline.lo, least)), hi: deadline.hi };
  const cycle = isExpired ? life.known.cycle + 1 : life.known.cycle;
  const known = relearned(life.known, latest, writtenAt, cycle);
  return { life: renewed(life, known), event: told(found, circumstances, known) };
}

/** Its settings or its deadline are not those that it had: it was ended, and loaded from a dataset. */
function reloaded(life: Ongoing, before: Known, span: Interval, report: SessionReport, stamp: Stamp): Step {
  const deadline = report.settings.duration === 0 ? never : deadlineFrom(span, report.remaining);
  const known = relearned(before, deadline, span.lo);
  return { life: renewed(life, known), event: told(reset(['reloaded'], none), stamp, known) };
}

/** How most sessions end: one object for all of them, where 100,000 do so at once. */
const lapsed: Life = { is: 'over', last: { state: 'expired', certainty: 'presumed', cycle: 0 } };

function gone(life: Ongoing, found: Gone, circumstances: Circumstances): Step {
  const { known } = life;
  const { cycle } = known;
  const outcome = verdictOnGone(known.settings, known.deadline, found);
  const { certainty } = outcome;
  const event = told(outcome, circumstances, known);
  if (outcome.type === 'ended') {
    return { life: { is: 'over', last: { state: 'ended', by: outcome.by, certainty, cycle } }, event };
  }
  if (certainty === 'presumed' && cycle === 0) return { life: lapsed, event };
  return { life: { is: 'over', last: { state: 'expired', certainty, cycle } }, event };
}

function timePassed(life: Ongoing, lead: number, circumstances: Circumstances): Step {
  const { known } = life;
  const { lo } = known.deadline;
  const { at: now } = circumstances;
  if (life.is === 'suspended' || life.is === 'overdue') return { life };
  if (life.is === 'alive') {
    if (now < lo - lead) return { life };
    // However late: who waits to be warned is not to miss that it may lapse. That it is overdue is told next.
    return { life: { is: 'expiring', known }, event: expiring(circumstances, known, Math.max(0, lo - now)) };
  }
  return now < lo ? { life } : { life: { is: 'overdue', known }, event: bare('overdue', circumstances, known) };
}
