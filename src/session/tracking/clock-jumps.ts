import type { Clock } from '../../clock.js';
import { clockTolerance, rateBound } from '../lease/interval.js';

/**
 * Compares the wall clock with the monotonic one. If they moved apart, either way, the machine slept while the
 * monotonic clock stood still, or somebody set the wall clock: deadlines can't be trusted. Some browsers show the time
 * in steps of 100 ms, which the tolerance covers.
 */
export class ClockJumps {
  #offset: number;
  #checkedAt: number;

  constructor(private readonly clock: Clock) {
    this.#checkedAt = clock.now();
    this.#offset = clock.wall() - this.#checkedAt;
  }

  /** Whether the clocks moved apart since they were compared last. */
  jumped(): boolean {
    const now = this.clock.now();
    const moved = this.clock.wall() - now - this.#offset;
    const slewed = (now - this.#checkedAt) * rateBound;
    this.#checkedAt = now;
    const jumped = Math.abs(moved) > clockTolerance + slewed;
    this.#offset += jumped ? moved : Math.min(slewed, Math.max(-slewed, moved));
    return jumped;
  }
}
