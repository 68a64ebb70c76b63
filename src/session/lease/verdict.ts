import type { EndedBy, ResetCandidate, SessionSettings } from '../events.js';
import { clockTolerance, type Interval, rateBound } from './interval.js';

/**
 * What a reply means, given what was known before. `D` is the deadline known before, `R` the moment at which the
 * deadline in the reply was set (that deadline less the duration); both are intervals. Each proof keeps a distance of
 * `clockTolerance`.
 *
 * | the reply shows | verdict |
 * |---|---|
 * | moved, R.hi < D.lo or the session is deleted on expiry, an extend flag on | `extended`; proven if our own touch was answered, else presumed |
 * | the same, no flag | `reset`, reloaded: nothing else moves its deadline |
 * | moved, R.hi ≥ D.lo, keys-only, no flag | `expired` keysCleared; proven if the server can't load datasets, presumed if it can |
 * | the same, after a lost connection to a server that can | `reset`: expired or reloaded |
 * | moved, R.hi ≥ D.lo, keys-only, flag on, key count fell to 0 without a touch of ours | `expired` keysCleared, presumed |
 * | the same, otherwise | `reset`: extended or expired |
 * | R.hi ≥ D.lo, keys-only, and it may not have moved at all | `reset`, unmoved among its candidates |
 * | gone, keys-only or before D.lo | `ended`, proven |
 * | gone, otherwise | `expired` sessionDeleted, presumed: another client may have ended it late |
 */
export type Verdict =
  | { readonly type: 'extended'; readonly by: Mover; readonly certainty: 'proven' | 'presumed' }
  | {
      readonly type: 'expired';
      readonly outcome: 'sessionDeleted' | 'keysCleared';
      readonly missedCycles: number;
      readonly certainty: 'proven' | 'presumed';
    }
  | {
      readonly type: 'reset';
      readonly candidates: readonly ResetCandidate[];
      readonly missedCycles: number;
      readonly certainty: 'proven';
    }
  | { readonly type: 'ended'; readonly by: EndedBy; readonly certainty: 'proven' | 'presumed' };

/** Whose touch moved a deadline. `self`: ours, and it was answered. `unknown`: perhaps ours, whose reply was lost. */
export type Mover = 'self' | 'other' | 'unknown';

/** A reply shows a deadline that was set within `setAt` (R). */
export interface Move {
  readonly by: Mover;
  readonly setAt: Interval;
  /** Whether the key count was above 0 before, and is 0 now. */
  readonly emptied: boolean;
  /** Whether the deadline may not have moved at all, because so little was known of it. */
  readonly perhaps: boolean;
  /** Whether the session may have been ended and loaded from a dataset. `after-loss`: while the connection was lost. */
  readonly reload: 'impossible' | 'possible' | 'after-loss';
}

/** Whether a command can move the deadline. */
export const isExtendable = ({ extendOnSetAdd, extendOnGet }: SessionSettings) => extendOnSetAdd || extendOnGet;

/** What it means that there is no such session. */
export function verdictOnGone(
  settings: SessionSettings,
  deadline: Interval,
  { answeredAt, by }: { readonly answeredAt: number; readonly by: EndedBy },
): Extract<Verdict, { type: 'ended' | 'expired' }> {
  if (!settings.deleteSession || answeredAt < deadline.lo - clockTolerance)
    return { type: 'ended', by, certainty: 'proven' };
  return { type: 'expired', outcome: 'sessionDeleted', missedCycles: 0, certainty: 'presumed' };
}

/** What it means that a deadline was set anew. `deadline`: the one known before. */
export function verdictOnMoved(
  settings: SessionSettings,
  deadline: Interval,
  { by, setAt, emptied, perhaps, reload }: Move,
): Exclude<Verdict, { type: 'ended' }> {
  const expiredFrom = deadline.lo - clockTolerance;
  const extendable = isExtendable(settings);
  if (settings.deleteSession || setAt.hi < expiredFrom) {
    if (!extendable) return reset(['reloaded']);
    return { type: 'extended', by, certainty: by === 'self' ? 'proven' : 'presumed' };
  }
  const missedCycles = Math.max(0, Math.floor((setAt.hi - expiredFrom) / (settings.duration * (1 - rateBound))));
  if (emptied && by !== 'self' && (extendable || perhaps))
    return { type: 'expired', outcome: 'keysCleared', missedCycles, certainty: 'presumed' };
  if (!extendable && !perhaps && reload !== 'after-loss') {
    const certainty = reload === 'impossible' ? 'proven' : 'presumed';
    return { type: 'expired', outcome: 'keysCleared', missedCycles, certainty };
  }
  const candidates: ResetCandidate[] = extendable ? ['extended', 'expired'] : ['expired'];
  if (reload !== 'impossible') candidates.push('reloaded');
  if (perhaps) candidates.push('unmoved');
  return reset(candidates, missedCycles + 1);
}

export const reset = (
  candidates: readonly ResetCandidate[],
  missedCycles = 0,
): Extract<Verdict, { type: 'reset' }> => ({ type: 'reset', candidates, missedCycles, certainty: 'proven' });
