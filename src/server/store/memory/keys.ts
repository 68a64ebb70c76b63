import type { JsonText } from '../../json/value-text.js';
import type { Entry } from '../store.js';
import { Shards } from './shards.js';
import { copyOf, Snapshots } from './snapshots.js';

/** How much memory is in use, approximately, and how much may be. */
export interface Budget {
  used: number;
  readonly max: number;
}

/** Measured: what an entry takes beside its characters. */
const entryOverhead = 120;

/**
 * The bytes of a text: two a character where any is beyond Latin-1, as the platform keeps them. It finds at once that there
 * is none where a text is kept in one. To look makes the text flat as well: joined of pieces, it would keep the whole
 * request that they were cut from.
 */
const bytesOf = (text: string) => (/[\u0100-\uffff]/.test(text) ? 2 * text.length : text.length);

/** What an entry takes, approximately. */
export const sizeOf = (key: string, value: JsonText) => entryOverhead + bytesOf(key) + bytesOf(value);

/** Keys that live together: one session's, or a part of the top-level ones. */
export class Keys {
  map = new Map<string, JsonText>();
  /** Approximate bytes of all entries. */
  bytes = 0;
  savedIn: number;

  constructor(generation: number) {
    this.savedIn = generation;
  }

  /** Writes a key. Gives the change in bytes and in the number of keys. */
  put(key: string, value: JsonText): { bytes: number; count: number } {
    const former = this.map.get(key);
    this.map.set(key, value);
    const bytes = former === undefined ? sizeOf(key, value) : bytesOf(value) - bytesOf(former);
    this.bytes += bytes;
    return { bytes, count: former === undefined ? 1 : 0 };
  }

  /** Removes a key. Gives the bytes that it took, 0 where it was not there. */
  remove(key: string): number {
    const value = this.map.get(key);
    if (value === undefined) return 0;
    this.map.delete(key);
    const bytes = sizeOf(key, value);
    this.bytes -= bytes;
    return bytes;
  }

  /** What writing entries would add, in bytes. */
  growth(entries: readonly Entry[]): number {
    let bytes = 0;
    for (const [key, value] of entries) {
      const former = this.map.get(key);
      bytes += former === undefined ? sizeOf(key, value) : bytesOf(value) - bytesOf(former);
    }
    return bytes;
  }
}

/** How many keys of a snapshot are handed on at once. */
const batchLength = 1000;

function* inBatches(entries: Iterable<Entry>): Generator<readonly Entry[]> {
  let batch: Entry[] = [];
  for (const entry of entries) {
    if (batch.push(entry) < batchLength) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** The keys that are in no session. */
export class TopLevelKeys {
  readonly #budget: Budget;
  readonly #snapshots = new Snapshots(
    ({ map }: Keys): Iterable<Entry> => copyOf(map),
    ({ map }) => map.size,
  );
  #shards = this.#noShards();
  #count = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get count(): number {
    return this.#count;
  }

  get(key: string): JsonText | undefined {
    return this.#shards.find(key)?.map.get(key);
  }

  has(key: string): boolean {
    return this.#shards.find(key)?.map.has(key) ?? false;
  }

  put(key: string, value: JsonText): void {
    const keys = this.#shards.of(key);
    this.#snapshots.preserve(keys);
    const { bytes, count } = keys.put(key, value);
    this.#budget.used += bytes;
    this.#count += count;
  }

  remove(key: string): void {
    const keys = this.#shards.find(key);
    if (keys === undefined || !keys.map.has(key)) return;
    this.#snapshots.preserve(keys);
    this.#budget.used -= keys.remove(key);
    this.#count--;
  }

  /** What writing entries would add, in bytes. */
  growth(entries: readonly Entry[]): number {
    let bytes = 0;
    for (const entry of entries) bytes += this.#shards.of(entry[0]).growth([entry]);
    return bytes;
  }

  /** Removes all; gives how many there were. A snapshot that is being read has the old parts, which change no more. */
  clear(): number {
    const count = this.#count;
    for (const keys of this.#shards) this.#budget.used -= keys.bytes;
    this.#shards = this.#noShards();
    this.#count = 0;
    return count;
  }

  *[Symbol.iterator](): Iterator<Entry> {
    for (const { map } of this.#shards) yield* map;
  }

  snapshot(): Iterable<readonly Entry[]> {
    const parts = this.#snapshots.read([...this.#shards].map((keys) => [keys]));
    return (function* () {
      for (const batch of parts) for (const entries of batch) yield* inBatches(entries);
    })();
  }

  #noShards(): Shards<Keys> {
    return new Shards(() => new Keys(this.#snapshots.generation));
  }
}
