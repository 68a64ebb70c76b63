import type { Clock } from '../../../src/clock.js';
import { TimerScheduler } from '../../../src/testing/timer-scheduler.js';

interface Timer {
  readonly at: number;
  readonly work: () => void;
}

/** A clock that a test moves, with a machine that can sleep: the monotonic clock stands still, all else goes on. */
export class TestClock implements Clock {
  readonly scheduler = new TimerScheduler(this);
  readonly #timers = new Set<Timer>();
  #now = 1000;
  #slept = 0;
  readonly #sleeps: { readonly at: number; readonly ms: number }[] = [];
  #set = 0;

  now(): number {
    return this.#now;
  }

  wall(): number {
    return Math.floor(1_700_000_000_000 + this.#now + this.#slept + this.#set);
  }

  /** The time outside the machine, in ms. */
  outside(): number {
    return this.#now + this.#slept;
  }

  schedule(work: () => void, delay: number): () => void {
    const timer = { at: this.#now + Math.max(0, delay), work };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get timers(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    const until = this.#now + ms;
    for (let timer = this.#next(until); timer !== undefined; timer = this.#next(until)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.work();
    }
    this.#now = until;
  }

  /** The program keeps the event loop busy for `ms`: time passes, and no timer rings. */
  block(ms: number): void {
    this.#now += ms;
  }

  sleep(ms: number): void {
    this.#slept += ms;
    this.#sleeps.push({ at: this.#now, ms });
  }

  /** What the machine's clock shows at a moment outside: for as long as it sleeps, it stands still. */
  local(outside: number): number {
    let slept = 0;
    for (const { at, ms } of this.#sleeps) {
      if (outside <= at + slept) break;
      if (outside <= at + slept + ms) return at;
      slept += ms;
    }
    return outside - slept;
  }

  /** Somebody sets the wall clock. */
  setWall(by: number): void {
    this.#set += by;
  }

  #next(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= until && (next === undefined || timer.at < next.at)) next = timer;
    }
    return next;
  }
}
