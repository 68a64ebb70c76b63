import { type Interval, intersect, rateBound } from './deadline.js';

/** Sweeps come this evenly, in ms (measured). */
const jitter = 4;

/** How much after an expected sweep it is worth asking, in ms. */
const margin = 20;

/**
 * When the server looks for expired sessions next, as far as past looks tell. It saves asking in vain; no verdict rests on it.
 */
export class SweepHint {
  #seen: Interval | undefined;

  constructor(private readonly interval: number) {}

  /** A look came within `span`. */
  saw(span: Interval): void {
    if (span.hi - span.lo >= this.interval) return;
    this.#seen = this.#projected(span.hi, (projected) => intersect(projected, span)) ?? span;
  }

  /** The look that was expected did not come. */
  missed(): void {
    this.#seen = undefined;
  }

  /** When the first look after `at` will certainly be over; undefined: nobody knows. */
  nextAfter(at: number): number | undefined {
    const next = this.#projected(at + this.interval, (projected) => projected);
    if (next === undefined) return undefined;
    const previous = next.hi - this.interval;
    return (previous >= at ? previous : next.hi) + margin;
  }

  /** The last look expected to be over by `until`, if it is known well enough to be of use. */
  #projected<Result>(until: number, use: (projected: Interval) => Result): Result | undefined {
    if (this.#seen === undefined) return undefined;
    const times = Math.floor((until - this.#seen.lo) / this.interval);
    const error = Math.abs(times) * (jitter + this.interval * rateBound);
    const lo = this.#seen.lo + times * this.interval - error;
    const hi = this.#seen.hi + times * this.interval + error;
    if (hi - lo > this.interval / 2) {
      this.#seen = undefined;
      return undefined;
    }
    return use({ lo, hi });
  }
}
