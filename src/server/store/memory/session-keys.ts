import type { JsonText } from '../../json/wire.js';
import type { Entry } from '../entry.js';
import { growthOf, sizeOf } from './budget.js';

/** A session with more keys keeps them in a map: finding the place in a list costs more from there on. */
const mostInList = 64;

/**
 * The keys of a session. Most sessions have few: these are in one list, key and value in turn, sorted by key, which takes a
 * third of the memory of a map.
 */
export class SessionKeys {
  #keys: string[] | Map<string, JsonText> = [];
  /** Approximate bytes of all entries. */
  bytes = 0;

  get count(): number {
    return Array.isArray(this.#keys) ? this.#keys.length / 2 : this.#keys.size;
  }

  get(key: string): JsonText | undefined {
    if (!Array.isArray(this.#keys)) return this.#keys.get(key);
    const at = placeOf(this.#keys, key);
    return this.#keys[at] === key ? this.#keys[at + 1] : undefined;
  }

  /** Writes an entry. Gives by how many bytes and keys it grows. */
  put(key: string, value: JsonText): { readonly bytes: number; readonly count: number } {
    const former = this.get(key);
    const bytes = growthOf(key, value, former);
    this.bytes += bytes;
    if (Array.isArray(this.#keys)) this.#putInList(this.#keys, key, value);
    else this.#keys.set(key, value);
    return { bytes, count: former === undefined ? 1 : 0 };
  }

  /** Removes a key. Gives the bytes that it took; `undefined` if it was absent. */
  remove(key: string): number | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (Array.isArray(this.#keys)) this.#keys.splice(placeOf(this.#keys, key), 2);
    else this.#keys.delete(key);
    const bytes = sizeOf(key, value);
    this.bytes -= bytes;
    return bytes;
  }

  clear(): void {
    this.#keys = [];
    this.bytes = 0;
  }

  /** What writing entries would add, in bytes. */
  growth(entries: readonly Entry[]): number {
    return entries.reduce((bytes, [key, value]) => bytes + growthOf(key, value, this.get(key)), 0);
  }

  /** The keys, in no order that counts. */
  keys(): string[] {
    return Array.isArray(this.#keys) ? this.#keys.filter((_, at) => at % 2 === 0) : [...this.#keys.keys()];
  }

  /** A copy of the entries. Of many keys it makes pairs one by one: a million pairs at once take 150 ms. */
  entries(): Iterable<Entry> {
    if (!Array.isArray(this.#keys)) return zipped([...this.#keys.keys()], [...this.#keys.values()]);
    const list = this.#keys;
    const pairs: Entry[] = [];
    // key and value in turn
    for (let at = 0; at < list.length; at += 2) pairs.push([list[at] as string, list[at + 1] as JsonText]);
    return pairs;
  }

  #putInList(list: string[], key: string, value: JsonText): void {
    const at = placeOf(list, key);
    if (list[at] === key) {
      list[at + 1] = value;
    } else if (list.length < 2 * mostInList) {
      // A new list has no spare room, which would be half of it.
      this.#keys = list.toSpliced(at, 0, key, value);
    } else {
      this.#keys = new Map(this.entries()).set(key, value);
    }
  }
}

/** Where a key is in the list, or belongs: by bisection. */
function placeOf(list: readonly string[], key: string): number {
  let from = 0;
  let to = list.length / 2;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((list[2 * middle] as string) < key)
      from = middle + 1; // below the length
    else to = middle;
  }
  return 2 * from;
}

function* zipped(keys: readonly string[], values: readonly JsonText[]): Generator<Entry> {
  for (let at = 0; at < keys.length; at++) yield [keys[at] as string, values[at] as JsonText]; // as many of both
}
