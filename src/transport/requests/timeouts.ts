import type { Clock } from '../../clock.js';
import { LinkedList, type ListNode } from '../../linked-list.js';

/** Something that has to end by a certain time. */
export interface Due {
  /** Milliseconds from its beginning. */
  readonly timeout: number;
  /** When it is due, in the clock's ms. */
  readonly dueAt: number;
  /** Its place among those of the same timeout, while it has one. */
  awaited: ListNode<this> | undefined;
}

/** Timers count whole milliseconds, and may ring half of one early. */
const early = 0.5;

/** Whether its time is over. */
export const isOverdue = ({ dueAt }: Pick<Due, 'dueAt'>, now: number): boolean => dueAt <= now + early;

/**
 * Timeouts of many requests on one timer. Those of the same length end in the order they began, so each length has a list,
 * and only the heads of the lists are looked at: a timer for each request would cost more than the rest of its bookkeeping.
 *
 * A program that was busy may find a timer overdue while the reply is still unread in its socket. So the verdict falls after
 * the event loop has had a turn to read, and another while it goes on reading, for at most as long as the timer was late.
 */
export class Timeouts<T extends Due> {
  readonly #lists = new Map<number, LinkedList<T>>();
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(
    private readonly clock: Clock,
    /** Counts what was read from the socket. */
    private readonly framesRead: () => number,
    private readonly expired: (due: T) => void,
  ) {}

  add(due: T): void {
    let list = this.#lists.get(due.timeout);
    if (list === undefined) {
      list = new LinkedList();
      this.#lists.set(due.timeout, list);
    }
    due.awaited = list.push(due);
    if (this.#timer === undefined || this.#timer.at > due.dueAt) this.#wakeAt(due.dueAt);
  }

  delete(due: T): void {
    if (due.awaited === undefined) return;
    due.awaited.list.remove(due.awaited);
    due.awaited = undefined;
  }

  /** Stops the timer. Nothing expires any more. */
  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#lists.clear();
  }

  #set(at: number, wake: () => void): void {
    this.#timer?.cancel();
    this.#timer = { at, cancel: this.clock.schedule(wake, Math.max(0, at - this.clock.now())) };
  }

  #wakeAt(at: number): void {
    this.#set(at, () => {
      const now = this.clock.now();
      this.#readFirst(now, now + (now - at));
    });
  }

  /** Gives the event loop a turn to read the socket, then decides on what was due `before`, or gives it another turn. */
  #readFirst(before: number, patientUntil: number): void {
    const read = this.framesRead();
    const { clock } = this;
    this.#set(before, () => {
      const isReading = this.framesRead() !== read;
      if (isReading && clock.now() < patientUntil) this.#readFirst(before, patientUntil);
      else this.#expire(before);
    });
  }

  #expire(before: number): void {
    this.#timer = undefined;
    for (const [timeout, list] of this.#lists) {
      for (let due = list.first?.item; due !== undefined && isOverdue(due, before); due = list.first?.item) {
        this.delete(due);
        this.expired(due);
      }
      // `expired` may have cleared the lists, and begun another of this length.
      if (list.size === 0 && this.#lists.get(timeout) === list) this.#lists.delete(timeout);
    }
    let earliest = Number.POSITIVE_INFINITY;
    for (const { first } of this.#lists.values()) {
      if (first !== undefined) earliest = Math.min(earliest, first.item.dueAt);
    }
    if (earliest < Number.POSITIVE_INFINITY) this.#wakeAt(earliest);
  }
}
