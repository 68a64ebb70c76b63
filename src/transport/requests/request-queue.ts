import { Line, type Place } from '../../line.js';

/** How many may wait, and how many characters of them. */
export interface QueueBounds {
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
}

/** Something that can wait to be written. */
export interface Queueable {
  readonly text: string;
  /** Its place in the queue, while it has one. */
  queued: Place<this> | undefined;
}

/**
 * Requests that wait to be written, oldest first. Vital ones go first, then those that were written and lost their reply. One
 * that is unsubscribed or timed out leaves without a search.
 */
export class RequestQueue<T extends Queueable> {
  readonly #ordinary = new Line<T>();
  readonly #vital = new Line<T>();
  #characters = 0;

  /** How many wait. */
  get size(): number {
    return this.#ordinary.size + this.#vital.size;
  }

  /** The bound that leaves no room for one more, if there is one. An empty queue has room for any request. */
  boundReachedBy(text: string, { maxQueued, maxQueuedBytes }: QueueBounds): keyof QueueBounds | undefined {
    if (this.size >= maxQueued) return 'maxQueued';
    return this.size > 0 && this.#characters + text.length > maxQueuedBytes ? 'maxQueuedBytes' : undefined;
  }

  /** `vital`: it goes before all others that are not. */
  add(request: T, vital = false): void {
    request.queued = (vital ? this.#vital : this.#ordinary).join(request);
    this.#characters += request.text.length;
  }

  /** Takes back what was written and lost, in its order, before all others that are not vital. */
  addAgain(requests: readonly T[]): void {
    for (const request of requests.toReversed()) {
      request.queued = this.#ordinary.jump(request);
      this.#characters += request.text.length;
    }
  }

  delete(request: T): void {
    if (request.queued === undefined) return;
    request.queued.line.leave(request.queued);
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
