import type { Gap, SessionEvent } from '../store/events.js';

type Item = SessionEvent | Gap;

/** What may wait for one watch. Events that are still in the log take no memory of their own. */
const bounds = { events: 100_000, bytes: 32 * 2 ** 20 };

function sizeOf(event: Item): number {
  if (event.type !== 'expired' || event.values === undefined) return 0;
  return event.values.reduce((bytes, [key, value]) => bytes + key.length + value.length, 0);
}

/** Events that wait for a watch, in their order. Beyond its bounds a gap stands for the latest ones. */
export class EventQueue {
  #items: Item[] = [];
  /** How many at the front were removed. */
  #removed = 0;
  #bytes = 0;
  /** The time of the latest event that found no room. */
  #missingUntil: number | undefined;

  add(event: Item): void {
    const size = sizeOf(event);
    const isFull = this.#items.length - this.#removed >= bounds.events || this.#bytes + size > bounds.bytes;
    if (isFull || this.#missingUntil !== undefined) {
      this.#missingUntil = event.type === 'gap' ? event.until : event.at;
      return;
    }
    this.#items.push(event);
    this.#bytes += size;
  }

  /** The event that is next; the gap after all others. */
  first(): Item | undefined {
    const item = this.#items[this.#removed];
    if (item !== undefined || this.#missingUntil === undefined) return item;
    return { type: 'gap', until: this.#missingUntil };
  }

  removeFirst(): void {
    const item = this.#items[this.#removed];
    if (item === undefined) {
      this.#missingUntil = undefined;
      return;
    }
    this.#bytes -= sizeOf(item);
    this.#removed++;
    if (this.#removed < 1000 || this.#removed < this.#items.length / 2) return;
    this.#items = this.#items.slice(this.#removed);
    this.#removed = 0;
  }

  /** Removes the events that are known already. */
  drop(isKnown: (event: Item) => boolean): void {
    this.#items = this.#items.slice(this.#removed).filter((event) => !isKnown(event));
    this.#removed = 0;
    this.#bytes = this.#items.reduce((bytes, event) => bytes + sizeOf(event), 0);
  }
}
