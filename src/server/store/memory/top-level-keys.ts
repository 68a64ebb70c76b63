import type { JsonText } from '../../json/wire.js';
import type { Entry } from '../entry.js';
import { type Budget, growthOf, sizeOf } from './budget.js';
import { Shards } from './shards.js';

/** How many entries are handed on at once. */
const batchLength = 1000;

/**
 * The keys that are in no session, in NemesisDB's order: of insertion; a removal moves the last key into the gap.
 *
 * Two plain lists hold keys and values. A copy of both is a snapshot: for a million keys it takes a few milliseconds.
 */
export class TopLevelKeys {
  readonly #budget: Budget;
  #keys: string[] = [];
  #values: JsonText[] = [];
  /** The place of each key in the lists. */
  #places = new Shards<Map<string, number>>(() => new Map());
  #bytes = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get count(): number {
    return this.#keys.length;
  }

  get(key: string): JsonText | undefined {
    const place = this.#places.find(key)?.get(key);
    return place === undefined ? undefined : this.#values[place];
  }

  put(key: string, value: JsonText): void {
    const places = this.#places.of(key);
    const place = places.get(key);
    this.#use(growthOf(key, value, place === undefined ? undefined : this.#values[place]));
    if (place === undefined) {
      places.set(key, this.#keys.push(key) - 1);
      this.#values.push(value);
    } else {
      this.#values[place] = value;
    }
  }

  remove(key: string): void {
    const places = this.#places.find(key);
    const place = places?.get(key);
    if (places === undefined || place === undefined) return;
    places.delete(key);
    this.#use(-sizeOf(key, this.#values[place] as JsonText)); // it has a value, as it has a place
    const lastKey = this.#keys.pop() as string; // there is one at least: this one
    const lastValue = this.#values.pop() as JsonText; // as many as keys
    if (place === this.#keys.length) return;
    this.#keys[place] = lastKey;
    this.#values[place] = lastValue;
    this.#places.of(lastKey).set(lastKey, place);
  }

  /** What writing entries would add, in bytes. */
  growth(entries: readonly Entry[]): number {
    return entries.reduce((bytes, [key, value]) => bytes + growthOf(key, value, this.get(key)), 0);
  }

  /** Removes all. Gives how many there were. */
  clear(): number {
    const count = this.#keys.length;
    this.#keys = [];
    this.#values = [];
    this.#places = new Shards(() => new Map());
    this.#use(-this.#bytes);
    return count;
  }

  /** The keys of this moment, in batches. */
  keys(): Generator<string[]> {
    return batchesOf(this.#keys.slice());
  }

  /** The entries of this moment, in batches. */
  entries(): Generator<Entry[]> {
    return pairBatches(this.#keys.slice(), this.#values.slice());
  }

  #use(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.used += bytes;
  }
}

/** Cuts a list into batches. */
export function* batchesOf<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += batchLength) yield items.slice(at, at + batchLength);
}

function* pairBatches(keys: readonly string[], values: readonly JsonText[]): Generator<Entry[]> {
  for (let at = 0; at < keys.length; at += batchLength) {
    yield keys.slice(at, at + batchLength).map((key, index) => [key, values[at + index] as JsonText]); // as many as keys
  }
}
