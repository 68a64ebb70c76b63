import { after, deadlineFrom, type Interval, intersect, never, setFrom } from './deadline.js';
import type { EndedBy, EventDraft, SessionState, SuspensionReason } from './events.js';
import type { SessionSettings } from './port.js';
import { isExtendable, type Sight, unseenSleep, verdict } from './verdict.js';

/** What is known of a session that is there, as far as anybody knows. */
export interface Known {
  readonly settings: SessionSettings;
  readonly deadline: Interval;
  readonly cycle: number;
  /** Whether it holds keys; undefined: nobody knows. */
  readonly filled: boolean | undefined;
  /** Where the deadline was at the latest, before a lost reply to a touch of ours made the interval wider. */
  readonly sureHi?: number;
}

/** What was told of the present deadline. */
export type Phase = 'alive' | 'expiring' | 'overdue';

/** The life of a session that is followed. */
export type Life =
  | { readonly is: Phase; readonly known: Known }
  | { readonly is: 'suspended'; readonly reason: SuspensionReason; readonly was: Phase; readonly known: Known }
  | { readonly is: 'over'; readonly last: Extract<SessionState, { state: 'expired' | 'ended' | 'closed' }> };

/** What may tell something about one session. `span`: from writing a request to receiving its reply. */
export type Evidence =
  /** A set, add (`set`) or get succeeded. */
  | { readonly kind: 'touched'; readonly with: 'set' | 'get'; readonly span: Interval; readonly filled?: boolean }
  /** The reply to a set, add or get is lost. It has been executed by `until`, or is about to be. */
  | { readonly kind: 'touch-lost'; readonly with: 'set' | 'get'; readonly until: number }
  /** A reply tells, or a lost one leaves open, whether there are keys. */
  | { readonly kind: 'keys'; readonly filled: boolean | undefined }
  /** `SH_INFO` was answered. */
  | { readonly kind: 'info'; readonly span: Interval; readonly info: SessionReport }
  /** A reply says that there is no such session. */
  | { readonly kind: 'gone'; readonly answeredAt: number; readonly endedBy: EndedBy; readonly allGone: boolean }
  /** `SH_END` of this client succeeded. */
  | { readonly kind: 'ended' }
  /** The machine slept for `slept` ms without the monotonic clock noticing; infinite: nobody knows for how long. */
  | { readonly kind: 'clock-jumped'; readonly slept: number }
  | { readonly kind: 'suspended'; readonly reason: SuspensionReason }
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
  const { settings, deadline } = known;
  switch (evidence.kind) {
    case 'touched': {
      const learned = evidence.filled === undefined ? life : withKnown(life, { ...known, filled: evidence.filled });
      if (!extendsWith(settings, evidence.with)) return { life: learned };
      const moved = after(evidence.span, settings.duration);
      // Deadlines only ever move on, so what was known below still holds.
      const latest = { lo: Math.min(moved.hi, Math.max(moved.lo, deadline.lo)), hi: moved.hi };
      const sight = { by: 'self', setAt: evidence.span, emptied: false, perhaps: false } as const;
      return afterMove(learned, latest, sight, circumstances);
    }
    case 'touch-lost': {
      if (!extendsWith(settings, evidence.with)) return { life };
      const latest = after({ lo: evidence.until, hi: evidence.until }, settings.duration).hi;
      const widened = { lo: deadline.lo, hi: Math.max(deadline.hi, latest) };
      return {
        life: withKnown(life, { ...known, deadline: widened, sureHi: known.sureHi ?? deadline.hi }),
        event: { type: 'widened', certainty: 'local', cycle: known.cycle, deadline: widened },
      };
    }
    case 'keys':
      return { life: known.filled === evidence.filled ? life : withKnown(life, { ...known, filled: evidence.filled }) };
    case 'info':
      return informed(life, evidence.span, evidence.info, circumstances);
    case 'gone':
      return gone(life, { ...evidence, seen: 'gone' }, circumstances);
    case 'ended': {
      const ended = { by: 'self', certainty: 'proven', cycle: known.cycle } as const;
      return { life: { is: 'over', last: { state: 'ended', ...ended } }, event: { type: 'ended', ...ended, deadline } };
    }
    case 'clock-jumped': {
      if (deadline === never) return { life };
      const lo = deadline.lo - evidence.slept;
      return { life: withKnown(life, { ...known, deadline: { lo, hi: deadline.hi } }) };
    }
    case 'suspended': {
      if (life.is === 'suspended') return { life };
      const { reason } = evidence;
      return {
        life: { is: 'suspended', reason, was: life.is, known },
        event: { type: 'suspended', reason, certainty: 'local', cycle: known.cycle, deadline },
      };
    }
    case 'resumed':
      if (life.is !== 'suspended') return { life };
      return {
        life: { is: life.was, known },
        event: { type: 'resumed', reason: life.reason, certainty: 'proven', cycle: known.cycle, deadline },
      };
    case 'closed':
      return { life: { is: 'over', last: { state: 'closed', cycle: known.cycle } } };
    case 'time':
      return timePassed(life, evidence.now, evidence.lead);
  }
}

/** Whether a set, add or get moves the deadline. */
export function extendsWith(settings: SessionSettings, command: 'set' | 'get'): boolean {
  return settings.duration > 0 && (command === 'set' ? settings.extendOnSetAdd : settings.extendOnGet);
}

/** What `state$` tells. */
export function snapshot(life: Life): SessionState {
  if (life.is === 'over') return life.last;
  const { deadline, cycle } = life.known;
  if (life.is === 'suspended') return { state: 'suspended', reason: life.reason, deadline, cycle };
  return { state: life.is, deadline, cycle };
}

type Ongoing = Exclude<Life, { is: 'over' }>;

const withKnown = (life: Ongoing, known: Known): Ongoing => ({ ...life, known });

/** The same life at the beginning of a new deadline. */
const renewed = (life: Ongoing, known: Known): Ongoing =>
  life.is === 'suspended' ? { ...life, was: 'alive', known } : { is: 'alive', known };

function informed(life: Ongoing, span: Interval, report: SessionReport, circumstances: Circumstances): Step {
  const filled = report.keyCount > 0;
  const { settings } = report;
  const emptied = life.known.filled === true && !filled;
  const { sureHi, ...sure } = life.known;
  const known = { ...sure, filled };
  if (!sameSettings(settings, known.settings)) return reloaded(life, { ...known, settings }, span, report);
  if (settings.duration === 0) return { life: withKnown(life, known) };
  const seen = deadlineFrom(span, report.remaining);
  const learned = withKnown(life, known);
  const { deadline } = known;
  if (seen.hi < deadline.lo - unseenSleep) return reloaded(life, known, span, report);
  const setAt = setFrom(span, report.remaining, settings.duration);
  const by = sureHi === undefined ? 'other' : 'self-perhaps';
  const sight = { by, setAt, emptied, perhaps: false } as const;
  if (seen.lo > (sureHi ?? deadline.hi)) return afterMove(learned, seen, sight, circumstances);
  // It may have moved by less than a reply can tell: then what was known of its end no longer holds.
  const mayHaveExpired = !settings.deleteSession && setAt.hi >= deadline.lo - unseenSleep;
  if (mayHaveExpired) {
    const perhaps = { ...sight, perhaps: true };
    const vague = deadline.hi - deadline.lo > 2 * (seen.hi - seen.lo);
    if (vague || emptied) return afterMove(learned, seen, perhaps, circumstances);
    // A duration of a second or two. It counts as one deadline until it certainly moved: what it did is told then.
    return { life: withKnown(life, { ...known, deadline: { lo: deadline.lo, hi: seen.hi } }) };
  }
  const latest = isExtendable(settings)
    ? { lo: Math.max(seen.lo, deadline.lo), hi: seen.hi }
    : intersect(seen, deadline);
  return { life: withKnown(life, { ...known, deadline: latest ?? seen }) };
}

function afterMove(
  life: Ongoing,
  deadline: Interval,
  seen: Omit<Extract<Sight, { seen: 'moved' }>, 'seen' | 'reloadExcluded'>,
  { sweepInterval, reloadExcluded }: Circumstances,
): Step {
  const { settings, cycle } = life.known;
  const sight = { seen: 'moved', ...seen, reloadExcluded } as const;
  const told = verdict(settings, life.known.deadline, sight, sweepInterval);
  if (told.type === 'ended') return { life }; // what has moved has not ended: the types can't say so
  const cleared = told.type === 'expired';
  const { sureHi: _, ...sure } = life.known;
  const known = { ...sure, deadline, cycle: cleared ? cycle + 1 : cycle };
  return { life: renewed(life, known), event: { ...told, cycle: known.cycle, deadline } };
}

/** Its settings or its deadline are not those that it had: it was ended, and loaded from a dataset. */
function reloaded(life: Ongoing, known: Known, span: Interval, report: SessionReport): Step {
  const deadline = report.settings.duration === 0 ? never : deadlineFrom(span, report.remaining);
  return {
    life: renewed(life, { ...known, deadline }),
    event: {
      type: 'reset',
      candidates: ['reloaded'],
      missedCycles: { atLeast: 0, atMost: 0 },
      certainty: 'proven',
      cycle: known.cycle,
      deadline,
    },
  };
}

function gone(life: Ongoing, sight: Extract<Sight, { seen: 'gone' }>, { sweepInterval }: Circumstances): Step {
  const { settings, deadline, cycle } = life.known;
  const told = verdict(settings, deadline, sight, sweepInterval);
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
  const { deadline, cycle } = known;
  if (life.is === 'suspended' || life.is === 'overdue') return { life };
  if (now >= deadline.lo) {
    return { life: { is: 'overdue', known }, event: { type: 'overdue', certainty: 'local', cycle, deadline } };
  }
  if (life.is === 'expiring' || now < deadline.lo - lead) return { life };
  const inMs = deadline.lo - now;
  return { life: { is: 'expiring', known }, event: { type: 'expiring', inMs, certainty: 'local', cycle, deadline } };
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
