import type { Clock } from '../clock.js';

/** Something that has to end by a certain time. */
export interface Due {
  /** Milliseconds from its beginning. */
  readonly timeout: number;
  /** When it is due, in the clock's ms. */
  readonly dueAt: number;
}

/**
 * Timeouts of many requests on one timer. Those of one length end in the order they began, so each length has a line, and
 * only the heads of the lines are looked at: a timer for each request would cost more than the rest of its bookkeeping.
 */
export class Deadlines<T extends Due> {
  readonly #lines = new Map<number, Set<T>>();
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly expired: (due: T) => void,
  ) {}

  add(due: T): void {
    const line = this.#lines.get(due.timeout);
    if (line === undefined) this.#lines.set(due.timeout, new Set([due]));
    else line.add(due);
    if (this.#timer === undefined || this.#timer.at > due.dueAt) this.#arm(due.dueAt);
  }

  delete(due: T): void {
    this.#lines.get(due.timeout)?.delete(due);
  }

  /** Stops the timer. Nothing expires any more. */
  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#lines.clear();
  }

  #arm(at: number): void {
    this.#timer?.cancel();
    this.#timer = { at, cancel: this.clock.schedule(() => this.#ring(), Math.max(0, at - this.clock.now())) };
  }

  #ring(): void {
    this.#timer = undefined;
    const now = this.clock.now();
    for (const [timeout, line] of this.#lines) {
      for (const due of line) {
        // Half a millisecond: timers count whole ones, and may ring that much early.
        if (due.dueAt > now + 0.5) break;
        line.delete(due);
        this.expired(due);
      }
      if (line.size === 0) this.#lines.delete(timeout);
    }
    let earliest = Number.POSITIVE_INFINITY;
    for (const line of this.#lines.values()) {
      for (const due of line) {
        earliest = Math.min(earliest, due.dueAt);
        break;
      }
    }
    if (earliest < Number.POSITIVE_INFINITY) this.#arm(earliest);
  }
}
