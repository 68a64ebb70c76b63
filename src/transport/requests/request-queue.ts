import { LinkedList, type ListNode } from '../../linked-list.js';
import type { TransportOptions } from '../options.js';

/** The bounds of a queue: how many may wait, and how many characters of them. */
type Bounds = Pick<TransportOptions, 'maxQueued' | 'maxQueuedBytes'>;

/** Something that can wait to be written. */
export interface Queueable {
  readonly text: string;
  /** Its place in the queue, while it has one. */
  queued: ListNode<this> | undefined;
}

/** Requests that wait to be written, oldest first; vital ones before all others. Each can leave without a search. */
export class RequestQueue<T extends Queueable> {
  readonly #ordinary = new LinkedList<T>();
  readonly #vital = new LinkedList<T>();
  #characters = 0;

  /** How many wait. */
  get size(): number {
    return this.#ordinary.size + this.#vital.size;
  }

  /** The bound that leaves no room for one more, if there is one. An empty queue has room for any request. */
  boundReachedBy(text: string, { maxQueued, maxQueuedBytes }: Bounds): keyof Bounds | undefined {
    if (this.size >= maxQueued) return 'maxQueued';
    return this.size > 0 && this.#characters + text.length > maxQueuedBytes ? 'maxQueuedBytes' : undefined;
  }

  add(request: T, vital = false): void {
    request.queued = (vital ? this.#vital : this.#ordinary).push(request);
    this.#characters += request.text.length;
  }

  /** Takes back what was written and lost, in its order, before all others that are not vital. */
  addAgain(requests: readonly T[]): void {
    for (const request of requests.toReversed()) {
      request.queued = this.#ordinary.unshift(request);
      this.#characters += request.text.length;
    }
  }

  delete(request: T): void {
    if (request.queued === undefined) return;
    request.queued.list.remove(request.queued);
    request.queued = undefined;
    this.#characters -= request.text.length;
  }

  /** Takes out the first one. */
  take(): T | undefined {
    const first = (this.#vital.first ?? this.#ordinary.first)?.item;
    if (first !== undefined) this.delete(first);
    return first;
  }
}
