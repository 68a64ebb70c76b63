import { asyncScheduler, type SchedulerLike } from 'rxjs';

/**
 * Where time comes from, so that tests can own it.
 *
 * `now` is monotonic and never jumps; `wall` is the calendar's and does: the difference between the two betrays a
 * machine that slept.
 */
export interface Clock {
  /** Monotonic milliseconds, with fractions, from an arbitrary origin. */
  now(): number;
  /** Milliseconds since 1970. */
  wall(): number;
  /** For RxJS operators: `timer(1000, clock.scheduler)`. Delays up to 2^31 - 1 ms. */
  readonly scheduler: SchedulerLike;
  /** Calls `work` once, `delay` ms from now (any length). Returns its undo. */
  schedule(work: () => void, delay: number): () => void;
}

/** The longest delay that `setTimeout` takes: a longer one fires at once. */
export const longestTimer = 2 ** 31 - 1;

function scheduleOn(scheduler: SchedulerLike, work: () => void, delay: number): () => void {
  const subscription = scheduler.schedule<number>(
    function (left = 0) {
      if (left > 0) this.schedule(left - longestTimer, Math.min(left, longestTimer));
      else work();
    },
    Math.min(delay, longestTimer),
    delay - longestTimer,
  );
  return () => subscription.unsubscribe();
}

/** The machine's own clocks. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  scheduler: asyncScheduler,
  schedule: (work, delay) => scheduleOn(asyncScheduler, work, delay),
};

/** A clock that an RxJS scheduler drives, such as a `TestScheduler` or a `VirtualTimeScheduler`. */
export function schedulerClock(scheduler: SchedulerLike): Clock {
  return {
    now: () => scheduler.now(),
    wall: () => scheduler.now(),
    scheduler,
    schedule: (work, delay) => scheduleOn(scheduler, work, delay),
  };
}
