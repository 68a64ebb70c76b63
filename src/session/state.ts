import { beforeSleep, type Slept } from './clock-watch.js';
import { after, deadlineFrom, type Interval, intersect, never, setFrom } from './deadline.js';
import type { EndedBy, EventDraft, SuspensionReason } from './events.js';
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
  shownDeadline,
  withKnown,
} from './life.js';
import type { SessionSettings } from './port.js';
import { isExtendable, type Sight, unseenSleep, verdict } from './verdict.js';

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
  | { readonly kind: 'gone'; readonly answeredAt: number; readonly endedBy: EndedBy; readonly allGone: boolean }
  /** `SH_END` of this client succeeded. */
  | { readonly kind: 'ended' }
  /** The machine slept without the monotonic clock noticing. */
  | { readonly kind: 'clock-jumped'; readonly slept: Slept }
  /** Nothing is certain for now; the machine may have slept, as above. */
  | { readonly kind: 'suspended'; readonly reason: SuspensionReason; readonly slept: Slept }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'closed' }
  /** Time has come to `now`; `lead` is how early `expiring` comes. */
  | { readonly kind: 'time'; readonly now: number; readonly lead: number };

/** What `SH_INFO` says, as far as it matters here. */
export interface SessionReport {
  readonly keyCount: number;
  readonly settings: SessionSettings;
  /** Whole seconds left, cut toward zero. */
  readonly remaining: number;
}

/** What holds for all sessions of a client. */
export interface Circumstances {
  readonly sweepInterval: number;
  /** Whether nobody can have loaded a session from a dataset since its deadline was known. */
  readonly reloadExcluded: boolean;
}

/** What follows from evidence: the life that goes on, and at most one event. */
export interface Step {
  readonly life: Life;
  readonly event?: EventDraft;
}

/** What evidence makes of a life. The same object comes back where it changes nothing. Without time or effects of its own. */
export function next(life: Life, evidence: Evidence, circumstances: Circumstances): Step {
  if (life.is === 'over') return { life };
  const { known } = life;
  const { settings, deadline, cycle } = known;
  switch (evidence.kind) {
    case 'touched': {
      const learned = evidence.filled === undefined ? life : withKnown(life, { ...known, filled: evidence.filled });
      if (!extendsWith(settings, evidence.with)) return { life: learned };
      const moved = after(evidence.span, settings.duration);
      // Deadlines only ever move on, so what was known below still holds.
      const latest = { lo: Math.min(moved.hi, Math.max(moved.lo, deadline.lo)), hi: moved.hi };
      const sight = { by: 'self', setAt: evidence.span, emptied: false, perhaps: false } as const;
      return afterMove(learned, latest, evidence.span.lo, sight, circumstances);
    }
    case 'touch-lost': {
      const widened = loosened(known, evidence);
      if (widened === known) return { life };
      const step = { life: withKnown(life, widened) };
      if (known.lost !== undefined) return step; // as wide as can be, and told
      return { ...step, event: { type: 'widened', certainty: 'local', cycle, deadline: shownDeadline(widened) } };
    }
    case 'keys':
      return { life: known.filled === evidence.filled ? life : withKnown(life, { ...known, filled: evidence.filled }) };
    case 'info':
      return informed(life, evidence, circumstances);
    case 'gone':
      return gone(life, { ...evidence, seen: 'gone' }, circumstances);
    case 'ended': {
      const ended = { by: 'self', certainty: 'proven', cycle } as const;
      return {
        life: { is: 'over', last: { state: 'ended', ...ended } },
        event: { type: 'ended', ...ended, deadline: shownDeadline(known) },
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
        event: { type: 'suspended', reason, certainty: 'local', cycle, deadline: shownDeadline(slept) },
      };
    }
    case 'resumed':
      if (life.is !== 'suspended') return { life };
      return {
        life: { is: life.was, known },
        event: { type: 'resumed', reason: life.reason, certainty: 'proven', cycle, deadline: shownDeadline(known) },
      };
    case 'closed':
      return { life: { is: 'over', last: { state: 'closed', cycle } } };
    case 'time':
      return timePassed(life, evidence.now, evidence.lead);
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

function informed(
  life: Ongoing,
  { span, info: report, decides = false }: Extract<Evidence, { kind: 'info' }>,
  circumstances: Circumstances,
): Step {
  const filled = report.keyCount > 0;
  const { settings } = report;
  const emptied = life.known.filled === true && !filled;
  const known = { ...life.known, filled };
  if (!sameSettings(settings, known.settings)) return reloaded(life, { ...known, settings }, span, report);
  if (settings.duration === 0) return { life: withKnown(life, known) };
  const seen = deadlineFrom(span, report.remaining);
  const learned = withKnown(life, known);
  const { deadline, lost } = known;
  if (!isCountable(settings)) {
    const latest = relearned(known, seen, span.lo);
    return { life: seen.lo > deadline.hi ? renewed(life, latest) : withKnown(life, latest) };
  }
  if (seen.hi < deadline.lo - unseenSleep) return reloaded(life, known, span, report);
  const setAt = setFrom(span, report.remaining, settings.duration);
  const by = lost === undefined ? 'other' : 'self-perhaps';
  const sight = { by, setAt, emptied, perhaps: false } as const;
  if (seen.lo > (lost?.sureHi ?? deadline.hi)) return afterMove(learned, seen, span.lo, sight, circumstances);
  // It may have moved by less than a reply can tell: then what was known of its end no longer holds.
  const mayHaveExpired = !settings.deleteSession && setAt.hi >= deadline.lo - unseenSleep;
  if (mayHaveExpired) {
    const perhaps = { ...sight, perhaps: true };
    const vague = deadline.hi - deadline.lo > 2 * (seen.hi - seen.lo);
    if (vague || emptied || decides) return afterMove(learned, seen, span.lo, perhaps, circumstances);
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
  seen: Omit<Extract<Sight, { seen: 'moved' }>, 'seen' | 'reloadExcluded'>,
  { sweepInterval, reloadExcluded }: Circumstances,
): Step {
  const { settings, deadline: before, awakeLo } = life.known;
  const sight = { seen: 'moved', ...seen, reloadExcluded } as const;
  const told = verdict(settings, awakeLo === undefined ? before : { ...before, awakeLo }, sight, sweepInterval);
  if (told.type === 'ended') return { life }; // what has moved has not ended: the types can't say so
  // Keys that expired certainly did so after the deadline known before: the new one is a duration after that, at the least.
  const least =
    told.type === 'expired' && told.certainty === 'proven' ? after(before, settings.duration).lo : deadline.lo;
  const latest = { lo: Math.min(deadline.hi, Math.max(deadline.lo, least)), hi: deadline.hi };
  const learned = relearned(life.known, latest, writtenAt);
  const known = told.type === 'expired' ? { ...learned, cycle: learned.cycle + 1 } : learned;
  return { life: renewed(life, known), event: { ...told, cycle: known.cycle, deadline: shownDeadline(known) } };
}

/** Its settings or its deadline are not those that it had: it was ended, and loaded from a dataset. */
function reloaded(life: Ongoing, before: Known, span: Interval, report: SessionReport): Step {
  const deadline = report.settings.duration === 0 ? never : deadlineFrom(span, report.remaining);
  const known = relearned(before, deadline, span.lo);
  return {
    life: renewed(life, known),
    event: {
      type: 'reset',
      candidates: ['reloaded'],
      missedCycles: { atLeast: 0, atMost: 0 },
      certainty: 'proven',
      cycle: known.cycle,
      deadline: shownDeadline(known),
    },
  };
}

function gone(life: Ongoing, sight: Extract<Sight, { seen: 'gone' }>, { sweepInterval }: Circumstances): Step {
  const { settings, cycle } = life.known;
  const told = verdict(settings, life.known.deadline, sight, sweepInterval);
  const deadline = shownDeadline(life.known);
  const { certainty } = told;
  if (told.type === 'ended') {
    return {
      life: { is: 'over', last: { state: 'ended', by: told.by, certainty, cycle } },
      event: { ...told, cycle, deadline },
    };
  }
  return {
    life: { is: 'over', last: { state: 'expired', certainty, cycle } },
    event: {
      type: 'expired',
      outcome: 'sessionDeleted',
      missedCycles: { atLeast: 0, atMost: 0 },
      certainty,
      cycle,
      deadline,
    },
  };
}

function timePassed(life: Ongoing, now: number, lead: number): Step {
  const { known } = life;
  const { lo } = known.deadline;
  const common = { certainty: 'local', cycle: known.cycle, deadline: shownDeadline(known) } as const;
  if (life.is === 'suspended' || life.is === 'overdue') return { life };
  if (life.is === 'alive') {
    if (now < lo - lead) return { life };
    // However late: who waits to be warned is not to miss that it may lapse. That it is overdue is told next.
    return { life: { is: 'expiring', known }, event: { type: 'expiring', inMs: Math.max(0, lo - now), ...common } };
  }
  return now < lo ? { life } : { life: { is: 'overdue', known }, event: { type: 'overdue', ...common } };
}
