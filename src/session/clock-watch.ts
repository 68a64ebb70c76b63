import type { Clock } from '../clock.js';
import { rateBound } from './deadline.js';
import { unseenSleep } from './verdict.js';

/** How fast the wall clock may part from the monotonic one without anybody having slept. */
const slewBound = rateBound;

/** How long a machine slept without the monotonic clock noticing, as far as that is known. The same object, as long as nothing changes. */
export interface Slept {
  /** The sum of sleeps of a known length. */
  readonly ms: number;
  /** How often the wall clock was set back, which may hide a sleep of any length. Not part of the sum: it would swallow the others. */
  readonly setBacks: number;
}

export const notSlept: Slept = { ms: 0, setBacks: 0 };

/**
 * Browsers that resist fingerprinting show the time in steps of so many ms. By as much, clocks seem to part that do not step in the same
 * moment. Such clocks hide sleeps that much longer.
 */
const coarseStep = 100;

/** For how long a sleep is remembered, in ms: longer than any request is on its way. */
const memory = 3_600_000;

/**
 * Compares the wall clock with the monotonic one. Where they part, the machine slept (the monotonic clock stands still in
 * the meantime, and deadlines that rest on it come too late), or somebody set the wall clock.
 */
export class ClockWatch {
  #offset = 0;
  #checkedAt = 0;
  #sleeps: { readonly until: number; readonly slept: Slept }[] = [];
  #total = notSlept;
  /** Whether all readings so far fit clocks that go in steps: of others, a hundredth do by chance, and soon one does not. */
  #coarse = true;

  constructor(private readonly clock: Clock) {
    const { now, offset } = this.#read();
    this.#offset = offset;
    this.#checkedAt = now;
  }

  /** All sleeps seen so far: two readings tell what was slept in between. */
  get total(): Slept {
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
    const hidden = this.#coarse ? unseenSleep + coarseStep : unseenSleep;
    if (Math.abs(moved) <= hidden + slewed) {
      this.#offset += Math.min(slewed, Math.max(-slewed, moved));
      return false;
    }
    this.#offset = offset;
    const slept = moved > 0 ? { ms: moved, setBacks: 0 } : { ms: 0, setBacks: 1 };
    this.#total = sum(this.#total, slept);
    this.#sleeps = [...this.#sleeps.filter(({ until }) => until > now - memory), { until: now, slept }];
    return true;
  }

  /** How long the machine slept, as far as is known, since a moment of the monotonic clock. */
  sleptSince(at: number): Slept {
    let all = notSlept;
    for (const { until, slept } of this.#sleeps) if (at <= until) all = sum(all, slept);
    return all;
  }

  /** Both clocks at once: where something came in between, again. */
  #read(): { readonly now: number; readonly offset: number } {
    for (let attempt = 1; ; attempt++) {
      const before = this.clock.now();
      const offset = this.clock.wall() - before;
      const now = this.clock.now();
      if (this.#coarse && !(isStep(before) && isStep(before + offset))) this.#coarse = false;
      if (now - before < 2 || attempt === 5) return { now, offset };
    }
  }
}

/** Whether a clock that goes in steps may show this; what it shows is rounded where it counts from another origin. */
const isStep = (at: number) => Math.abs(at - Math.round(at / coarseStep) * coarseStep) < 0.01;

const sum = (one: Slept, other: Slept): Slept => ({
  ms: one.ms + other.ms,
  setBacks: one.setBacks + other.setBacks,
});

/** `at`, which was before the machine slept, by the clock of now, at the earliest: infinitely early where nobody knows. */
export const beforeSleep = (at: number, { ms, setBacks }: Slept) => (setBacks > 0 ? Number.NEGATIVE_INFINITY : at - ms);
