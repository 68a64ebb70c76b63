import { type Interval, rateBound } from './deadline.js';
import type { Bounds, EndedBy, ResetCandidate } from './events.js';
import type { SessionSettings } from './port.js';

/**
 * What a reply means, given what was known before. `D` is the deadline known before, `R` the moment at which the deadline
 * seen was set (new deadline less duration); both are intervals.
 *
 * | seen | verdict |
 * |---|---|
 * | moved, no extend flag, session goes when it expires | `reset`, reloaded: nothing else moves its deadline |
 * | moved, flag on, session goes when it expires | `extended`: it is there, so it did not expire; presumed by other (a reload could also do it) |
 * | R.hi < D.lo, flag on | `extended`; presumed by other, as above |
 * | R.hi < D.lo, no flag | `reset`, reloaded |
 * | R.hi ≥ D.lo, no flag | `expired` keysCleared; proven where a reload is excluded |
 * | R.hi ≥ D.lo, flag on, key count fell to 0, a probe saw it | `expired` keysCleared, presumed (`SH_CLEAR` and a touch look the same) |
 * | R.hi ≥ D.lo, flag on, otherwise | `reset`: extended or expired |
 * | R.hi ≥ D.lo, but perhaps not moved: D is wide, as the clock jumped or nobody followed | `reset`, unmoved among its candidates |
 * | R.lo > D.hi + sweep + stall | besides, at least one event went unseen: missed cycles as a bound |
 * | gone (100), session stays when it expires | `ended`, proven: expiry never deletes it |
 * | gone, goes when it expires, reply received before D.lo | `ended`, proven |
 * | gone after our own `SH_END_ALL`, otherwise as in these two | `ended` by self, presumed: its reply does not say whom it ended, and another client may have been first |
 * | gone, goes when it expires, and so is everything that ought to live | `ended`, presumed: a restart, or `SH_END_ALL` |
 * | gone, goes when it expires, otherwise | `expired` sessionDeleted, presumed (somebody may have ended it late) |
 *
 * What our own touch moved is `by` self, and proven: its reply says so. Where an interval only reaches past D.lo (R.lo < D.lo ≤
 * R.hi), an expiry can't be excluded, and without flags nothing but a reload rivals it: hence R.hi in the rows above.
 */
export type Verdict =
  | { readonly type: 'extended'; readonly by: 'self' | 'other'; readonly certainty: 'proven' | 'presumed' }
  | {
      readonly type: 'expired';
      readonly outcome: 'sessionDeleted' | 'keysCleared';
      readonly missedCycles: Bounds;
      readonly certainty: 'proven' | 'presumed';
    }
  | {
      readonly type: 'reset';
      readonly candidates: readonly ResetCandidate[];
      readonly missedCycles: Bounds;
      readonly certainty: 'proven';
    }
  | { readonly type: 'ended'; readonly by: EndedBy; readonly certainty: 'proven' | 'presumed' };

/** A reply shows that the deadline was set anew, within `setAt` (R). */
export interface Moved {
  /** Who did it: `self` by a touch that was answered, `self-perhaps` by one whose reply was lost. */
  readonly by: 'self' | 'self-perhaps' | 'other';
  readonly setAt: Interval;
  /** Whether the key count was above 0 before, and is 0 now. */
  readonly emptied: boolean;
  /** Whether it may not have moved at all: so little was known of it. */
  readonly perhaps: boolean;
  /** Whether nobody can have loaded the session from a dataset. */
  readonly reloadExcluded: boolean;
}

/** A reply shows that there is no such session any more. */
export interface Gone {
  readonly answeredAt: number;
  readonly endedBy: EndedBy;
  /** Whether all that ought to live is gone as well. */
  readonly allGone: boolean;
}

/**
 * How long a machine may have slept without the clocks betraying it, in ms: local deadlines are that much too late at
 * worst. A proof must not rest on less.
 */
export const unseenSleep = 50;

/** How much later than expected a sweep may come, in ms: a long save or load holds it up. */
const stall = 10_000;

/** Whether some command can move the deadline. */
export const isExtendable = ({ extendOnSetAdd, extendOnGet }: SessionSettings) => extendOnSetAdd || extendOnGet;

/** Where a deadline was known to lie; `awakeLo`: where that begins if the machine did not sleep as the wall clock was set back. */
export type KnownDeadline = Interval & { readonly awakeLo?: number };

/** What it means that there is no such session any more. `known`: where its deadline was known to lie. */
export function verdictOnGone(
  settings: SessionSettings,
  known: KnownDeadline,
  { answeredAt, endedBy, allGone }: Gone,
): Extract<Verdict, { type: 'ended' | 'expired' }> {
  const endedEarly = !settings.deleteSession || answeredAt < known.lo - unseenSleep;
  // `SH_END` is not seen here: that it was this client is known from its own reply.
  const certainty = endedBy === 'self' ? 'presumed' : 'proven';
  if (endedEarly) return { type: 'ended', by: endedBy, certainty };
  if (allGone) return { type: 'ended', by: endedBy, certainty: 'presumed' };
  return { type: 'expired', outcome: 'sessionDeleted', missedCycles: none, certainty: 'presumed' };
}

/** What it means that a deadline was set anew. `known`: where it was known to lie before. */
export function verdictOnMoved(
  settings: SessionSettings,
  known: KnownDeadline,
  sight: Moved,
  sweepInterval: number,
): Exclude<Verdict, { type: 'ended' }> {
  const provenBefore = known.lo - unseenSleep;
  const { setAt, by } = sight;
  const extendable = isExtendable(settings);
  const mayHaveExpired = !settings.deleteSession && setAt.hi >= provenBefore;
  if (!mayHaveExpired) {
    if (!extendable) return reset(['reloaded'], none);
    return { type: 'extended', by: by === 'other' ? by : 'self', certainty: by === 'self' ? 'proven' : 'presumed' };
  }
  // Of an unknown sleep there is no bound: what is told then is how often it can have expired while the monotonic clock ran.
  const countedFrom = Math.max(provenBefore, (known.awakeLo ?? known.lo) - unseenSleep);
  const atMost = Math.max(0, Math.floor((setAt.hi - countedFrom) / (settings.duration * (1 - rateBound))));
  if (sight.emptied && by !== 'self' && (extendable || sight.perhaps)) {
    const missedCycles = { atLeast: 0, atMost };
    return { type: 'expired', outcome: 'keysCleared', missedCycles, certainty: 'presumed' };
  }
  if (!extendable && !sight.perhaps) {
    const slowest = sweepInterval + stall;
    const atLeast = Math.ceil((setAt.lo - known.hi - slowest) / (settings.duration * (1 + rateBound) + slowest));
    const missedCycles = { atLeast: Math.min(atMost, Math.max(0, atLeast)), atMost };
    const certainty = sight.reloadExcluded ? 'proven' : 'presumed';
    return { type: 'expired', outcome: 'keysCleared', missedCycles, certainty };
  }
  const candidates: ResetCandidate[] = extendable ? ['extended', 'expired'] : ['expired'];
  if (!sight.reloadExcluded) candidates.push('reloaded');
  if (sight.perhaps) candidates.push('unmoved');
  return reset(candidates, { atLeast: 0, atMost: atMost + 1 });
}

/** Of what happened not once. */
export const none: Bounds = { atLeast: 0, atMost: 0 };

export const reset = (
  candidates: readonly ResetCandidate[],
  missedCycles: Bounds,
): Extract<Verdict, { type: 'reset' }> => ({
  type: 'reset',
  candidates,
  missedCycles,
  certainty: 'proven',
});
