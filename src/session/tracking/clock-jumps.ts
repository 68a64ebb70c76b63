import type { Clock } from '../../clock.js';
import { clockTolerance, rateBound } from '../lease/interval.js';

/**
 * Compares the wall clock with the monotonic one. If they moved apart, either way, the machine slept while the monotonic clock stood still,
 * or somebody set the wall clock: deadlines can't be trusted. Some browsers show the time in steps of 100 ms, which the tolerance covers.
 */
export class ClockJumps {
  #offset: number;
  #checkedAt: number;

  constructor(private readonly clock: Clock) {
    const { now, offset } = this.#read();
    this.#offset = offset;
    this.#checkedAt = now;
  }

  /** Whether the clocks moved apart since they were compared last. */
  jumped(): boolean {
    const { now, offset } = this.#read();
    const moved = offset - this.#offset;
    const slewed = (now - this.#checkedAt) * rateBound;
    this.#checkedAt = now;
    if (Math.abs(moved) > clockTolerance + slewed) {
      this.#offset = offset;
      return true;
    }
    this.#offset += Math.min(slewed, Math.max(-slewed, moved));
    return false;
  }

  /** Reads both clocks at once; again if something came in between. */
  #read(): { readonly now: number; readonly offset: number } {
    for (let attempt = 1; ; attempt++) {
      const before = this.clock.now();
      const offset = this.clock.wall() - before;
      const now = this.clock.now();
      if (now - before < 2 || attempt === 5) return { now, offset };
    }
  }
}
