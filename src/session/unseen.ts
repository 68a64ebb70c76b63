import { rateBound } from './deadline.js';
import { type Life, type LossOfTouch, loosened } from './life.js';
import { isExtendable, unseenSleep } from './verdict.js';

/** An `SH_INFO` can't tell a deadline better than to a second: by less, what is known need not grow for asking. */
const worthAsking = 1000;

/** What may have moved a deadline while nobody followed, besides others. */
export interface Unseen {
  /** Touches that may be executed yet. */
  readonly lost: readonly LossOfTouch[];
  /** Whether the server may have been started again, and have loaded the session. */
  readonly mayBeReloaded: boolean;
  /** When keys may have been removed last by a command of ours, from any session. */
  readonly clearedAt: number;
}

/** What may have happened to a session that nobody followed until now: its interval grows. Whether by so much that it is worth asking. */
export function afterUnseen(
  life: Life,
  now: number,
  { lost, mayBeReloaded, clearedAt }: Unseen,
): { readonly life: Life; readonly worthAsking: boolean } {
  if (life.is === 'over') return { life, worthAsking: false };
  const { known } = life;
  const { settings, deadline } = known;
  // Nothing is said to be near or past: that is told anew.
  const idle = { is: 'alive', known } as const;
  const mayBeCleared = !settings.deleteSession && now >= deadline.lo - unseenSleep;
  const movable = isExtendable(settings) || mayBeCleared || mayBeReloaded;
  if (settings.duration === 0 || !movable) return { life: idle, worthAsking: false };
  const hi = Math.max(deadline.hi, now + settings.duration * (1 + rateBound));
  const isOld = hi - deadline.hi > worthAsking;
  const filled = isOld || mayBeReloaded || now - clearedAt <= worthAsking * (1 + rateBound) ? undefined : known.filled;
  const since = lost.reduce(loosened, { ...known, filled, deadline: { lo: deadline.lo, hi } });
  // It may have grown before, for somebody who left before the question was answered.
  const toldBy = worthAsking + 2 * rateBound * Math.max(0, deadline.lo - now);
  const isWide = hi - deadline.lo > 2 * toldBy;
  return { life: { is: 'alive', known: since }, worthAsking: since.lost !== undefined || isOld || isWide };
}
