import type { ReconnectOptions } from '../options.js';

/** The next attempt to connect. */
export interface Attempt {
  /** Its number, from 1. */
  readonly attempt: number;
  /** How long to wait before it, in ms. */
  readonly delay: number;
}

/** Exponential backoff with full jitter: clients that lost the same server do not come back in step. */
export class Backoff {
  /** Attempts in a row that failed, which `attempts` bounds. */
  #failures = 0;
  /** Delays in a row, each up to twice as long as the one before. A connection that did not hold ends no such row. */
  #delays = 0;

  constructor(
    private readonly options: ReconnectOptions | false,
    private readonly random: () => number,
  ) {}

  /** Begins anew. */
  reset(): void {
    this.#failures = 0;
    this.#delays = 0;
  }

  /** An attempt failed. Returns the next one; `undefined`: give up. */
  failed(): Attempt | undefined {
    this.#failures += 1;
    return this.#next();
  }

  /** A connection was lost that had held for so many ms. Its attempt did not fail, so none has failed in a row now. */
  lost(held: number): Attempt | undefined {
    this.#failures = 0;
    if (this.options !== false && held >= this.options.resetAfter) this.#delays = 0;
    return this.#next();
  }

  #next(): Attempt | undefined {
    const { options } = this;
    if (options === false || this.#failures >= options.attempts) return undefined;
    const bound = Math.min(options.maxDelay, options.initialDelay * 2 ** this.#delays);
    this.#delays += 1;
    return { attempt: this.#failures + 1, delay: this.random() * bound };
  }
}
