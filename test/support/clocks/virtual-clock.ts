import type { Clock } from '../../../src/clock.js';
import { TimerScheduler } from '../../../src/testing/timer-scheduler.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly work: () => void;
}

/** Microtasks that one event may set off, one after the other: the transport writes in one. */
const turns = 3;

/** A clock that stands still until a test moves it. Between two timers, microtasks have their turn, as they have in life. */
export class VirtualClock implements Clock {
  readonly scheduler = new TimerScheduler(this);
  readonly #timers = new Set<Timer>();
  #now = 0;
  #order = 0;

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now;
  }

  schedule(work: () => void, delay: number): () => void {
    if (Number.isNaN(delay)) throw new Error('a timer of NaN ms');
    const timer = { at: this.#now + Math.max(0, delay), order: this.#order++, work };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Moves on by `ms`, timer after timer. */
  async advance(ms = 0): Promise<void> {
    const until = this.#now + ms;
    await this.#settle();
    for (let timer = this.#next(until); timer !== undefined; timer = this.#next(until)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.work();
      await this.#settle();
    }
    this.#now = until;
  }

  /** Sleeps for `ms`, as a machine does: on waking, everything due runs at once, and late. */
  async sleep(ms: number): Promise<void> {
    await this.#settle();
    this.#now += ms;
    await this.advance();
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
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  }
}
