import type { Clock } from '../clock.js';
import { rateBound } from './deadline.js';
import { unseenSleep } from './verdict.js';

/** How fast the wall clock may part from the monotonic one without anybody having slept. */
const slewBound = rateBound;

/** A sleep of which nobody knows how long it was: longer than any session lasts; not infinite, so that sums can be told apart. */
export const forever = 1e15;

/** For how long a sleep is remembered, in ms: longer than any request is on its way. */
const memory = 3_600_000;

/**
 * Compares the wall clock with the monotonic one. Where they part, the machine slept (the monotonic clock stands still in
 * the meantime, and deadlines that rest on it come too late), or somebody set the wall clock.
 */
export class ClockWatch {
  #offset = 0;
  #checkedAt = 0;
  #sleeps: { readonly until: number; readonly slept: number }[] = [];

  /** How long the machine slept in all, as far as was seen. */
  #total = 0;

  constructor(private readonly clock: Clock) {
    const { now, offset } = this.#read();
    this.#offset = offset;
    this.#checkedAt = now;
  }

  /** The sum of all sleeps seen so far: two readings tell what was slept in between. */
  get total(): number {
    return this.#total;
  }

  /**
   * Whether the machine slept since the last look. A wall clock set back may hide any sleep. Rests on nobody setting the wall clock back by less than the machine has slept just then.
   */
  jumped(): boolean {
    const { now, offset } = this.#read();
    const moved = offset - this.#offset;
    const slewed = (now - this.#checkedAt) * slewBound;
    this.#checkedAt = now;
    if (Math.abs(moved) <= unseenSleep + slewed) {
      this.#offset += Math.min(slewed, Math.max(-slewed, moved));
      return false;
    }
    this.#offset = offset;
    const slept = moved > 0 ? moved : forever;
    this.#total += slept;
    this.#sleeps = [...this.#sleeps.filter(({ until }) => until > now - memory), { until: now, slept }];
    return true;
  }

  /** How long the machine slept, as far as is known, since a moment of the monotonic clock. */
  sleptSince(at: number): number {
    let sum = 0;
    for (const { until, slept } of this.#sleeps) if (at <= until) sum += slept;
    return sum;
  }

  /** Both clocks at once: where something came in between, again. */
  #read(): { readonly now: number; readonly offset: number } {
    for (let attempt = 1; ; attempt++) {
      const before = this.clock.now();
      const offset = this.clock.wall() - before;
      const now = this.clock.now();
      if (now - before < 2 || attempt === 5) return { now, offset };
    }
  }
}
