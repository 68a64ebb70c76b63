import { Line, type Place } from '../../line.js';
import type { TransportOptions } from '../transport.js';

/** How many may wait, and how many characters of them. */
type Bounds = Pick<TransportOptions, 'maxQueued' | 'maxQueuedBytes'>;

/** Something that can wait to be written. */
export interface Queueable {
  readonly text: string;
  /** Its place in the queue, while it has one. */
  queued: Place<this> | undefined;
}

/**
 * Requests that wait to be written, oldest first; those whose reply was lost go before all others, but for what is vital. One that is
 * unsubscribed or timed out leaves without a search.
 */
export class RequestQueue<T extends Queueable> {
  readonly #line = new Line<T>();
  readonly #vital = new Line<T>();
  #characters = 0;

  /** How many wait. */
  get size(): number {
    return this.#line.size + this.#vital.size;
  }

  /** The bound that leaves no room for one more, where one does. However long that is, it has room where nothing waits. */
  boundReachedBy(text: string, { maxQueued, maxQueuedBytes }: Bounds): keyof Bounds | undefined {
    if (this.size >= maxQueued) return 'maxQueued';
    return this.size > 0 && this.#characters + text.length > maxQueuedBytes ? 'maxQueuedBytes' : undefined;
  }

  /** `vital`: it goes before all others that are not. */
  add(request: T, vital = false): void {
    request.queued = (vital ? this.#vital : this.#line).join(request);
    this.#characters += request.text.length;
  }

  /** Takes back what was written and lost, in its order, before everything else. */
  addAgain(requests: readonly T[]): void {
    for (const request of requests.toReversed()) {
      request.queued = this.#line.jump(request);
      this.#characters += request.text.length;
    }
  }

  delete(request: T): void {
    if (request.queued === undefined) return;
    request.queued.line.leave(request.queued);
    request.queued = undefined;
    this.#characters -= request.text.length;
  }

  /** Those that wait, in their order, but for what is vital. */
  *ordinary(): Generator<T> {
    for (let place = this.#line.first; place !== undefined; place = place.behind) yield place.item;
  }

  /** Takes out the first ones, as many as there are up to `count`. */
  take(count: number): T[] {
    const taken: T[] = [];
    for (let next = this.#next; next !== undefined && taken.length < count; next = this.#next) {
      taken.push(next.item);
      this.delete(next.item);
    }
    return taken;
  }

  get #next(): Place<T> | undefined {
    return this.#vital.first ?? this.#line.first;
  }
}
