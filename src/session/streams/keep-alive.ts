import {
  catchError,
  defer,
  distinctUntilChanged,
  EMPTY,
  exhaustMap,
  filter,
  ignoreElements,
  map,
  merge,
  type Observable,
  share,
  switchMap,
  take,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { longestTimer } from '../../clock.js';
import { ValueError } from '../../errors.js';
import { extendsWith, type Known } from '../lease/lease-state.js';
import { type SessionCommands, type VitalCallOptions, vital } from '../port.js';
import type { Lease } from '../tracking/lease.js';
import type { Tracker } from '../tracking/tracker.js';

/** One touch of `keepAlive()`: the server has moved the session's deadline. */
export interface Touch {
  readonly tkn: bigint;
  /**
   * The cycle that is kept alive; more than before if the keys were seen to expire in between (`expired`). If replies
   * can't tell whether they did, it stays: then `events$` emitted `reset`.
   */
  readonly cycle: number;
  /** When the server's reply came, in the client's monotonic ms. */
  readonly at: number;
}

/**
 * The jitter of a touch, as a share of the time until it: sessions that were created together are not to be touched
 * together for ever.
 */
const jitter = 0.1;

/**
 * A touch that is not answered within this share of the time that is left may be lost on a connection that is dead: it
 * is checked, and given up if the server shows no sign of life within as much again.
 */
const patienceShare = 1 / 5;

/** Never sent again over another connection: what happened to the session in the meantime comes first. */
const once: VitalCallOptions = { retry: 'none', [vital]: true };

/**
 * Touches a session at a third of its duration, unless other traffic has just extended it, while somebody is
 * subscribed. A touch that fails is tried again soon. While the session is suspended nothing is sent, and what is under
 * way is cancelled.
 */
export function keepAlive(lease$: Observable<Lease>, tracker: Tracker, commands: SessionCommands): Observable<Touch> {
  const { clock, random, visibility$, checkConnection } = tracker.port;
  return defer(() => {
    const watched$ = lease$.pipe(share());
    const withdrawn$ = watched$.pipe(filter((lease) => knownOf(lease) === undefined));
    return watched$.pipe(
      map((lease) => ({ lease, known: knownOf(lease) })),
      distinctUntilChanged((one, other) => one.known?.deadline.lo === other.known?.deadline.lo),
      switchMap(({ lease, known }) => (known === undefined ? EMPTY : ticks(known).pipe(map(() => lease)))),
      exhaustMap((lease) => touch(lease).pipe(takeUntil(withdrawn$))),
    );
  });

  /** Emits when a touch is due, and then again and again, until the deadline has moved. */
  function ticks({ deadline, settings: { duration } }: Known): Observable<unknown> {
    const interval = (duration / 3) * (1 - jitter * random());
    const now = clock.now();
    const dueIn = Math.max(0, Math.min(interval, deadline.lo - duration + interval - now));
    const retryEvery = Math.min(longestTimer, Math.max(50, duration / 30));
    const due$ = timer(Math.min(longestTimer, Math.ceil(dueIn)), retryEvery, clock.scheduler);
    return merge(due$, visibility$); // a page that is hidden, or was, touches at once: its timers fire late
  }

  /** Whether the session is gone is for its events to say: until they do, it may be saved. */
  function touch(lease: Lease): Observable<Touch> {
    return defer(() => {
      switch (tracker.mayTouch(lease)) {
        case 'later':
          return EMPTY;
        case 'now':
          return send(lease);
        case 'after-probe':
          // If the deadline has moved, a touch is due at another time.
          return tracker
            .beforeTouch(lease, commands.sh_info(lease.tkn, once))
            .pipe(switchMap(() => (tracker.mayTouch(lease) === 'after-probe' ? send(lease) : EMPTY)));
      }
    }).pipe(catchError(() => EMPTY));
  }

  function send(lease: Lease): Observable<Touch> {
    const { tkn } = lease;
    const { settings, deadline } = lease.state.known;
    const patience = Math.min(longestTimer, Math.max(100, (deadline.lo - clock.now()) * patienceShare));
    const late$ = timer(patience, clock.scheduler).pipe(
      tap(() => checkConnection(patience)),
      ignoreElements(),
    );
    const answered$: Observable<unknown> = extendsWith(settings, 'get')
      ? commands.sh_get(tkn, { keys: [] }, once)
      : commands.sh_set(tkn, {}, once);
    return merge(answered$, late$).pipe(
      take(1),
      map(() => ({ tkn, cycle: lease.state.known.cycle, at: clock.now() })),
    );
  }
}

/** What is known of a session that may be touched now; undefined: it is suspended, opening or gone. */
function knownOf({ state }: Lease): Known | undefined {
  const { known } = state;
  if (state.is === 'over') return undefined;
  if (!extendsWith(known.settings, 'get') && !extendsWith(known.settings, 'set')) {
    throw new ValueError('keepAlive: nothing extends this session. Create it with extendOnGet or extendOnSetAdd.');
  }
  return state.is === 'suspended' || state.is === 'opening' ? undefined : known;
}
