import { distinctUntilChanged, EMPTY, expand, map, type Observable, of, switchMap, throwError, timer } from 'rxjs';
import { longestTimer } from '../../clock.js';
import { ValueError } from '../../errors.js';
import type { Lease } from '../tracking/lease.js';
import type { Tracker } from '../tracking/tracker.js';

/**
 * Counts down the ms that a session has left at the least: at once, every `period` ms, and each time that its deadline
 * moves. Ends at 0, until the deadline moves again. Emits nothing while the session is suspended.
 */
export function remaining(lease$: Observable<Lease>, period: number, tracker: Tracker): Observable<number> {
  if (!(period >= 1 && Number.isFinite(period))) {
    return throwError(
      () => new ValueError('remaining$: period must be a number of milliseconds, 1 or more.', 'period'),
    );
  }
  return lease$.pipe(
    map(zeroAt),
    distinctUntilChanged(isSame),
    switchMap((at) => (at === undefined ? EMPTY : countdown(at))),
  );

  function countdown(at: number): Observable<number> {
    const { clock } = tracker.port;
    const left = () => {
      tracker.compareClocks(); // if these moved apart, the session is suspended, and this is emitted to nobody
      return Math.max(0, at - clock.now());
    };
    const after = (ms: number) => timer(Math.ceil(Math.min(period, ms, longestTimer)), clock.scheduler).pipe(map(left));
    return of(left()).pipe(expand((ms) => (ms > 0 && ms < Number.POSITIVE_INFINITY ? after(ms) : EMPTY)));
  }
}

/** How many ms later a deadline is if replies have merely shown it closer: the countdown keeps its beat. */
const closer = 50;

const isSame = (one: number | undefined, other: number | undefined) =>
  one === other || (one !== undefined && other !== undefined && other > one && other - one < closer);

/** When the countdown comes to its end; undefined: nobody knows for now. */
function zeroAt({ state }: Lease): number | undefined {
  switch (state.is) {
    case 'alive':
    case 'expiring':
    case 'overdue':
      return state.known.deadline.lo;
    default:
      return undefined;
  }
}
