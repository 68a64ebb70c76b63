import type { ReconnectOptions } from './transport.js';

/** The next attempt to connect. */
export interface Attempt {
  /** Its number, from 1. */
  readonly attempt: number;
  /** How long to wait before it, in ms. */
  readonly delay: number;
}

/** Exponential backoff with full jitter: clients that lost the same server do not come back in step. */
export class Backoff {
  #failures = 0;

  constructor(
    private readonly options: ReconnectOptions | false,
    private readonly random: () => number,
  ) {}

  /** Begins anew. */
  reset(): void {
    this.#failures = 0;
  }

  /** An attempt failed, or a connection was lost that had held for so many ms. What follows; nothing: give up. */
  failed(held: number): Attempt | undefined {
    const { options } = this;
    if (options === false) return undefined;
    if (held >= options.resetAfter) this.#failures = 0;
    this.#failures += 1;
    if (this.#failures >= options.attempts) return undefined;
    const bound = Math.min(options.maxDelay, options.initialDelay * 2 ** (this.#failures - 1));
    return { attempt: this.#failures + 1, delay: this.#chance() * bound };
  }

  /** The option is a caller's function: one that throws or gives nonsense must not keep the client from coming back. */
  #chance(): number {
    try {
      const chance = this.random();
      if (chance >= 0 && chance <= 1) return chance;
    } catch {
      // As good as nonsense.
    }
    return Math.random();
  }
}
