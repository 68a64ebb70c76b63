import { canMove, type Known } from '../lease/lease-state.js';
import type { Lease } from './lease.js';

/** What to do about a lease next. `exists`: `SH_EXISTS`, many in one request; `info`: `SH_INFO`. */
export type NextStep =
  | { readonly wakeAt: number }
  | { readonly announce: 'expiring' | 'overdue' }
  | { readonly probe: ProbeKind };

export type ProbeKind = 'exists' | 'info';

/** What holds for all leases. Times in ms. */
export interface Conditions {
  readonly now: number;
  /** When the connection was opened that is open now; undefined: none is. */
  readonly openedAt: number | undefined;
  readonly persistEnabled: boolean;
  /** How often the server sweeps. */
  readonly sweepInterval: number;
  /** How often watched sessions are probed besides; infinite: not at all. */
  readonly probeEvery: number;
}

/** How long before the deadline the server is asked a last time, at most. */
const lastLook = 1000;

/** The deadline of a lease is wide if `SH_INFO`, which tells it to a second, can make it narrower. */
const wide = 2000;

/** Last looks at sessions whose deadlines lie as close together go in one request. */
const together = 250;

/** After how long a probe that nobody answered is sent again. */
const retryAfter = 1000;

const idle: NextStep = { wakeAt: Number.POSITIVE_INFINITY };

/** What to do about a lease of which no probe is under way: to announce something, to probe it, or to wait. Pure. */
export function nextStep(lease: Lease, conditions: Conditions): NextStep {
  const { state } = lease;
  switch (state.is) {
    case 'unwatched':
    case 'over':
      return idle;
    case 'opening':
      return settleNow(lease, 'info', conditions);
    case 'suspended':
      return settleNow(lease, state.seen ? 'info' : 'exists', conditions);
    default:
      if (state.known.touchLostAt !== undefined) return settleNow(lease, 'info', conditions);
      if (state.known.endLostAt !== undefined) return settleNow(lease, 'exists', conditions);
      return beforeDeadline(lease, state.is, state.known, conditions);
  }
}

/** A doubt is settled at once. If nobody answered, after a pause. */
function settleNow({ unansweredAt }: Lease, probe: ProbeKind, { now, openedAt }: Conditions): NextStep {
  if (openedAt === undefined) return idle;
  const wakeAt = unansweredAt < openedAt ? now : unansweredAt + retryAfter;
  return now < wakeAt ? { wakeAt } : { probe };
}

function beforeDeadline(
  lease: Lease,
  phase: 'alive' | 'expiring' | 'overdue',
  known: Known,
  conditions: Conditions,
): NextStep {
  const { settings, deadline } = known;
  const { now, persistEnabled, probeEvery } = conditions;
  // A deadline that can't move and is known well needs no look but at whether the session is there.
  const probe = canMove(known, persistEnabled) || deadline.hi - deadline.lo > wide ? 'info' : 'exists';
  const asked = Math.max(lease.unansweredAt, probe === 'info' ? known.deadlineSeenAt : lastSeenAt(known));
  const nearAt = settings.duration === 0 ? Number.POSITIVE_INFINITY : deadline.lo - lease.lead;
  const latest = deadline.lo - Math.min(lastLook, settings.duration / 2);
  const lookAt = probe === 'exists' ? Math.floor(latest / together) * together : latest;
  const times = [asked + probeEvery];
  if (phase === 'alive') {
    if (now >= nearAt) return probe === 'info' && asked < nearAt ? { probe } : { announce: 'expiring' };
    times.push(nearAt);
  }
  if (asked < lookAt) {
    if (now >= lookAt) return { probe };
    times.push(lookAt);
  } else if (now < deadline.lo) times.push(deadline.lo);
  else return pastDeadline(lease, phase, known, conditions);
  const wakeAt = Math.min(...times);
  return now < wakeAt ? { wakeAt } : { probe };
}

/**
 * From `lo` on the server may let the session lapse: it is probed on a beat of a fifth of the sweep interval, together
 * with others. From `hi` on it is overdue for certain.
 */
function pastDeadline(
  lease: Lease,
  phase: 'alive' | 'expiring' | 'overdue',
  known: Known,
  { now, sweepInterval }: Conditions,
): NextStep {
  const { settings, deadline } = known;
  if (phase !== 'overdue' && now >= deadline.hi) return { announce: 'overdue' };
  // One that is there a sweep past its deadline was extended, or the server does not sweep.
  const isLate = now > deadline.hi + sweepInterval;
  const probe = settings.deleteSession && !isLate ? 'exists' : 'info';
  const asked = Math.max(lease.unansweredAt, probe === 'info' ? known.deadlineSeenAt : lastSeenAt(known));
  const beat = isLate && asked > deadline.hi + sweepInterval ? sweepInterval : sweepInterval / 5;
  const probeAt = Math.ceil(Math.max(deadline.lo, asked + 1) / beat) * beat;
  if (now >= probeAt) return { probe };
  return { wakeAt: phase === 'overdue' ? probeAt : Math.min(probeAt, deadline.hi) };
}

const lastSeenAt = ({ seenAt, deadlineSeenAt }: Known) => Math.max(seenAt, deadlineSeenAt);
