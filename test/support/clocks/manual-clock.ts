import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../src/clock.js';
import { TimerScheduler } from '../../../src/testing/timer-scheduler.js';

interface Alarm {
  readonly at: number;
  readonly work: () => void;
}

/** Lets what was started come to its end, where it takes no more than a few turns of the event loop. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 8; turns++) await turn();
}

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  readonly scheduler = new TimerScheduler(this);
  #now = 0;
  readonly #alarms = new Set<Alarm>();

  /** How many are set. */
  get timers(): number {
    return this.#alarms.size;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now;
  }

  schedule(work: () => void, delay: number): () => void {
    const alarm = { at: this.#now + delay, work };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** Passes time, with all that is to happen in it, and lets what that starts settle. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      const [next] = [...this.#alarms].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#alarms.delete(next);
      this.#now = next.at;
      next.work();
      await settle();
    }
    this.#now = end;
  }
}
