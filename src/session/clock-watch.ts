import type { Clock } from '../clock.js';
import { unseenSleep } from './verdict.js';

/** How far the wall clock may be slewed against the monotonic one: what NTP does at most, doubled. */
const slewBound = 1e-3;

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

  constructor(private readonly clock: Clock) {}

  /** Starts to watch: what happened before does not count. */
  start(): void {
    const { now, offset } = this.#read();
    this.#offset = offset;
    this.#checkedAt = now;
    this.#sleeps = [];
  }

  /** How long the machine slept since the last look, 0 where the clock was set back; undefined where all is well. */
  jumped(): number | undefined {
    const { now, offset } = this.#read();
    const moved = offset - this.#offset;
    const slewed = (now - this.#checkedAt) * slewBound;
    this.#checkedAt = now;
    if (Math.abs(moved) <= unseenSleep + slewed) {
      this.#offset += Math.min(slewed, Math.max(-slewed, moved));
      return undefined;
    }
    this.#offset = offset;
    const slept = Math.max(0, moved);
    this.#sleeps = [...this.#sleeps.filter(({ until }) => until > now - memory), { until: now, slept }];
    return slept;
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
