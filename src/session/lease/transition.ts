import type { Evidence } from './evidence.js';
import { after, clockTolerance, deadlineFrom, type Interval, intersect, never, setFrom } from './interval.js';
import {
  canMove,
  type EventBody,
  extendsWith,
  isCountable,
  type Known,
  type LeaseState,
  mayHaveMoved,
  sameSettings,
  type Watched,
} from './lease-state.js';
import { type Move, reset, type Verdict, verdictOnGone, verdictOnMoved } from './verdict.js';

/** What else a transition goes by: the time, and what holds for all sessions of a client. */
export interface Context {
  readonly now: number;
  /** Counts connections. */
  readonly connection: number;
  /** Whether the server can load datasets, and so bring sessions back. */
  readonly persistEnabled: boolean;
}

/** What follows from evidence. */
export interface Step<State extends LeaseState = LeaseState> {
  readonly state: State;
  readonly events: readonly EventBody[];
}

const silent = <State extends LeaseState>(state: State): Step<State> => ({ state, events: [] });

/** What evidence makes of a lease. The same state comes back if it changes nothing. Pure. */
export function next(state: LeaseState, evidence: Evidence, context: Context): Step {
  if (state.is === 'unwatched' || state.is === 'over') return silent(state);
  const { known } = state;
  switch (evidence.type) {
    case 'touched': {
      const seen = learned(state, seenAlive(known, evidence.span, context, evidence.hasKeys ?? known.hasKeys));
      if (!extendsWith(known.settings, evidence.with)) return settled(silent(seen), evidence.span, context, false);
      return settled(touched(seen, evidence.span, context), evidence.span, context, true);
    }
    case 'info':
      return settled(informed(state, evidence, context), evidence.span, context, true);
    case 'exists': {
      const hasKeys = 'hasKeys' in evidence ? evidence.hasKeys : known.hasKeys;
      const seen = learned(state, seenAlive(known, evidence.span, context, hasKeys));
      return settled(silent(seen), evidence.span, context, false);
    }
    case 'gone': {
      const by = known.endLostAt === undefined && known.seenOn === context.connection ? 'other' : 'unknown';
      return over(state, verdictOnGone(known.settings, known.deadline, { answeredAt: evidence.span.hi, by }));
    }
    case 'ended':
      return over(state, {
        type: 'ended',
        by: 'self',
        certainty: evidence.command === 'SH_END' ? 'proven' : 'presumed',
      });
    case 'touch-lost':
      if (!extendsWith(known.settings, evidence.with)) return silent(state);
      return silent(learned(state, { ...known, touchLostAt: evidence.at }));
    case 'keys-lost':
      return silent(learned(state, { ...known, hasKeys: undefined }));
    case 'end-lost':
      return silent(learned(state, { ...known, endLostAt: evidence.at }));
    case 'doubt':
      return doubted(state, evidence);
    case 'announce':
      return announced(state, evidence.event, context.now);
    case 'closed':
      return silent({ is: 'over', known, end: { type: 'closed' } });
  }
}

/** The same state, of which something else is known. */
const learned = (state: Watched, known: Known): Watched => ({ ...state, known });

/** The same state at the beginning of a new deadline. */
const renewed = (state: Watched, known: Known): Watched =>
  state.is === 'suspended'
    ? { ...state, phase: 'alive', known }
    : state.is === 'opening'
      ? { ...state, known }
      : { is: 'alive', known };

const over = (state: Watched, end: Extract<Verdict, { type: 'ended' | 'expired' }>): Step => ({
  state: { is: 'over', known: state.known, end },
  events: [end],
});

function seenAlive(known: Known, { lo: writtenAt }: Interval, { connection }: Context, hasKeys: boolean | undefined) {
  const endLostAt = known.endLostAt !== undefined && writtenAt < known.endLostAt ? known.endLostAt : undefined;
  return { ...known, hasKeys, seenOn: connection, seenAt: Math.max(known.seenAt, writtenAt), endLostAt };
}

/**
 * What is known once a reply has shown the deadline. A touch that was lost after the request was written may move it
 * yet.
 */
function withDeadline(known: Known, deadline: Interval, writtenAt: number, cycle = known.cycle): Known {
  const touchLostAt = known.touchLostAt !== undefined && writtenAt < known.touchLostAt ? known.touchLostAt : undefined;
  const deadlineSeenAt = Math.max(known.deadlineSeenAt, writtenAt);
  return { ...known, deadline, cycle, deadlineSeenAt, touchLostAt };
}

/** A touch of ours set the deadline. It only ever moves on, so what was known of its beginning still holds. */
function touched(state: Watched, span: Interval, context: Context): Step<Watched> {
  const { settings, deadline } = state.known;
  const set = after(span, settings.duration);
  const moved = { lo: Math.min(set.hi, Math.max(set.lo, deadline.lo)), hi: set.hi };
  return afterMove(state, moved, span.lo, moveOf(state, 'self', span, context));
}

function informed(
  state: Watched,
  { span, info, decides = false }: Extract<Evidence, { type: 'info' }>,
  context: Context,
): Step<Watched> {
  const before = state.known;
  const hasKeys = info.keyCount > 0;
  const emptied = before.hasKeys === true && !hasKeys;
  const known = seenAlive(before, span, context, hasKeys);
  const { settings } = info;
  const shown = settings.duration === 0 ? never : deadlineFrom(span, info.remaining);
  const relearned = (deadline: Interval, phase: 'same' | 'new' = 'same') => {
    const after = withDeadline({ ...known, settings }, deadline, span.lo);
    return phase === 'same' ? learned(state, after) : renewed(state, after);
  };
  const isOther = !sameSettings(settings, known.settings);
  const isEarlier = shown.hi < known.deadline.lo - clockTolerance;
  const setAt = setFrom(span, info.remaining, settings.duration);
  const mayHaveExpired =
    settings.duration > 0 && !settings.deleteSession && setAt.hi >= known.deadline.lo - clockTolerance;
  // A move by less than a second goes unnoticed.
  const mayHaveMoved = canMove(known, context.persistEnabled) || known.touchLostAt !== undefined;
  if (state.is === 'opening') {
    // What happened while nobody watched is not emitted.
    if (isOther || isEarlier) return silent(relearned(shown));
    return silent(relearned(combined(known.deadline, shown, mayHaveMoved || mayHaveExpired)));
  }
  if (!isOther && !isCountable(settings))
    return silent(relearned(shown, shown.lo > known.deadline.hi ? 'new' : 'same'));
  if (isOther || isEarlier) return { state: relearned(shown, 'new'), events: [reset(['reloaded'])] };
  const by = known.touchLostAt === undefined ? 'other' : 'unknown';
  const move = { ...moveOf(state, by, setAt, context), emptied };
  const seen = learned(state, known);
  if (shown.lo > known.deadline.hi) return afterMove(seen, shown, span.lo, move);
  if (!mayHaveExpired) return silent(relearned(combined(known.deadline, shown, mayHaveMoved)));
  const isVague = known.deadline.hi - known.deadline.lo > 2 * (shown.hi - shown.lo);
  if (isVague || emptied || decides || state.is === 'suspended')
    return afterMove(seen, shown, span.lo, { ...move, perhaps: true });
  // A duration of a second or two. It counts as one deadline until it certainly moved: what happened is emitted then.
  return silent(relearned({ lo: known.deadline.lo, hi: shown.hi }));
}

/**
 * The deadline by what was known and what a reply shows. If it may have moved, what was known of its end no longer
 * holds.
 */
function combined(known: Interval, shown: Interval, mayHaveMoved: boolean): Interval {
  const common = intersect(known, shown);
  if (common === undefined) return shown;
  return mayHaveMoved ? { lo: common.lo, hi: shown.hi } : common;
}

function moveOf(state: Watched, by: Move['by'], setAt: Interval, { persistEnabled }: Context): Move {
  const connectionLost = state.is === 'suspended' && state.connectionLost;
  const reload = !persistEnabled ? 'impossible' : connectionLost ? 'after-loss' : 'possible';
  return { by, setAt, emptied: false, perhaps: false, reload };
}

function afterMove(state: Watched, deadline: Interval, writtenAt: number, move: Move): Step<Watched> {
  const { known } = state;
  const { settings, deadline: before } = known;
  if (state.is === 'opening') return silent(learned(state, withDeadline(known, deadline, writtenAt)));
  const verdict = verdictOnMoved(settings, before, move);
  const isExpired = verdict.type === 'expired';
  // Keys that expired certainly did so after the deadline known before: the new one is a duration after that, at the
  // least.
  const least = isExpired && verdict.certainty === 'proven' ? after(before, settings.duration).lo : deadline.lo;
  const latest = { lo: Math.min(deadline.hi, Math.max(deadline.lo, least)), hi: deadline.hi };
  const cycle = isExpired ? known.cycle + 1 : known.cycle;
  return { state: renewed(state, withDeadline(known, latest, writtenAt, cycle)), events: [verdict] };
}

/** Ends an opening or a suspension if the reply to a request written since then has shown enough. */
function settled(
  { state, events }: Step<Watched>,
  { lo: writtenAt }: Interval,
  context: Context,
  showsDeadline: boolean,
) {
  if ((state.is !== 'opening' && state.is !== 'suspended') || writtenAt < state.since) return { state, events };
  const { known } = state;
  const isClear = showsDeadline && known.touchLostAt === undefined;
  if (state.is === 'opening') {
    if (!isClear) return { state, events };
    return { state: { is: 'alive' as const, known }, events: [...events, opened] };
  }
  if (!isClear && mayHaveMoved(known, context.now, context.persistEnabled))
    return { state: state.seen ? state : { ...state, seen: true }, events };
  const resumed: EventBody = { type: 'resumed', reason: state.reason, certainty: 'proven' };
  return { state: { is: state.phase, known }, events: [...events, resumed] };
}

/** What is emitted first of a lease. */
export const opened: EventBody = { type: 'opened', certainty: 'local' };

function doubted(state: Watched, { at, reason, connection, clock }: Extract<Evidence, { type: 'doubt' }>): Step {
  const known = clock ? withoutBeginning(state.known) : state.known;
  switch (state.is) {
    case 'opening':
      return silent({ ...state, known, since: at });
    case 'suspended':
      return silent({ ...state, known, since: at, seen: false, connectionLost: state.connectionLost || connection });
    default:
      return {
        state: { is: 'suspended', known, reason, since: at, phase: state.is, seen: false, connectionLost: connection },
        events: [{ type: 'suspended', reason, certainty: 'local' }],
      };
  }
}

/** The machine may have slept for any time: by its clock, the deadline may be as much earlier. */
export function withoutBeginning(known: Known): Known {
  if (known.deadline.hi === Number.POSITIVE_INFINITY) return known; // it never expires
  return { ...known, deadline: { lo: Number.NEGATIVE_INFINITY, hi: known.deadline.hi } };
}

function announced(state: Watched, event: 'expiring' | 'overdue', now: number): Step {
  const { known } = state;
  if (event === 'overdue')
    return { state: { is: 'overdue', known }, events: [{ type: 'overdue', certainty: 'local' }] };
  const inMs = Math.max(0, known.deadline.lo - now);
  return { state: { is: 'expiring', known }, events: [{ type: 'expiring', inMs, certainty: 'local' }] };
}
