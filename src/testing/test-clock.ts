import { setImmediate as turn } from 'node:timers/promises';
import type { SchedulerLike } from 'rxjs';
import type { Clock } from '../clock.js';
import { millisecondsOf } from './duration.js';
import { TimerScheduler } from './timer-scheduler.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly work: () => void;
}

/** Turns of the event loop after each timer, in which promises and writes that it began come to their end. */
const turns = 3;

/**
 * A clock that stands still until a test moves it. Client and server share it, so a session lapses in no time.
 *
 * @example
 * const clock = new TestClock();
 * timer(1000, clock.scheduler).subscribe(() => console.log('a second later'));
 * await clock.advance('1 s');
 */
export class TestClock implements Clock {
  readonly #timers = new Set<Timer>();
  readonly #startedAt: number;
  #now = 0;
  #count = 0;

  /** For RxJS operators: `timer(1000, clock.scheduler)`. */
  readonly scheduler: SchedulerLike = new TimerScheduler(this);

  /** `startedAt`: the calendar's time at which it begins. Default: 2020-01-01. */
  constructor(startedAt: Date = new Date(Date.UTC(2020, 0, 1))) {
    this.#startedAt = startedAt.getTime();
  }

  /** Milliseconds since it was made, as far as it was moved. */
  now(): number {
    return this.#now;
  }

  /** Milliseconds since 1970, by the time at which it began. */
  wall(): number {
    return this.#startedAt + this.#now;
  }

  /** Calls `work` once it was moved by `delay` ms. Returns its undo. */
  schedule(work: () => void, delay: number): () => void {
    const timer = { at: this.#now + Math.max(0, delay), order: this.#count++, work };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /**
   * Moves on, timer after timer. Resolves when all that was to happen by then has happened. Rejects with a `ValueError` for what
   * is no duration.
   *
   * @param duration milliseconds, or a string such as `'61 s'`, `'500 ms'` or `'2 min'`
   */
  async advance(duration: number | string = 0): Promise<void> {
    const until = this.#now + millisecondsOf(duration);
    await this.#settle();
    for (let timer = this.#next(until); timer !== undefined; timer = this.#next(until)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.work();
      await this.#settle();
    }
    this.#now = until;
  }

  #next(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > until) continue;
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    return next;
  }

  async #settle(): Promise<void> {
    for (let count = 0; count < turns; count++) await turn();
  }
}
