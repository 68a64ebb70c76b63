import type { Clock } from '../../clock.js';
import { Line, type Place } from '../../line.js';

/** Something that has to end by a certain time. */
export interface Due {
  /** Milliseconds from its beginning. */
  readonly timeout: number;
  /** When it is due, in the clock's ms. */
  readonly dueAt: number;
  /** Its place among those of the same timeout, while it has one. */
  awaited: Place<this> | undefined;
}

/**
 * Timeouts of many requests on one timer. Those of one length end in the order they began, so each length has a line, and
 * only the heads of the lines are looked at: a timer for each request would cost more than the rest of its bookkeeping.
 */
export class Deadlines<T extends Due> {
  readonly #lines = new Map<number, Line<T>>();
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly expired: (due: T) => void,
  ) {}

  add(due: T): void {
    let line = this.#lines.get(due.timeout);
    if (line === undefined) {
      line = new Line();
      this.#lines.set(due.timeout, line);
    }
    due.awaited = line.join(due);
    if (this.#timer === undefined || this.#timer.at > due.dueAt) this.#arm(due.dueAt);
  }

  delete(due: T): void {
    if (due.awaited === undefined) return;
    due.awaited.line.leave(due.awaited);
    due.awaited = undefined;
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
      // Half a millisecond: timers count whole ones, and may ring that much early.
      for (let due = line.first?.item; due !== undefined && due.dueAt <= now + 0.5; due = line.first?.item) {
        this.delete(due);
        this.expired(due);
      }
      // Whoever was told may have cleared the lines, and begun another of this length.
      if (line.size === 0 && this.#lines.get(timeout) === line) this.#lines.delete(timeout);
    }
    let earliest = Number.POSITIVE_INFINITY;
    for (const { first } of this.#lines.values()) {
      if (first !== undefined) earliest = Math.min(earliest, first.item.dueAt);
    }
    if (earliest < Number.POSITIVE_INFINITY) this.#arm(earliest);
  }
}
