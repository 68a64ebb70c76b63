import type { JsonText } from '../../json/wire.js';
import type { Entry } from '../entry.js';
import { type Budget, growthOf, sizeOf } from './budget.js';
import { Shards } from './shards.js';

/** How many entries a chunk holds: a power of 2. */
const chunkLength = 1024;

/** Some entries in a row. A list of all would be copied whenever it grows, which for a million entries is felt. */
interface Chunk {
  readonly keys: string[];
  readonly values: JsonText[];
  /** The number of snapshots when it was made. A later snapshot shares it, so that it may not change any more. */
  readonly generation: number;
}

/**
 * The keys that are in no session, in NemesisDB's order: of insertion; a removal moves the last key into the gap.
 *
 * A snapshot shares the chunks there are. A chunk that is shared is copied before it changes.
 */
export class TopLevelKeys {
  readonly #budget: Budget;
  #chunks: Chunk[] = [];
  #count = 0;
  /** The place of each key, counted through all chunks. */
  #places = new Shards<Map<string, number>>(() => new Map());
  #bytes = 0;
  #generation = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get count(): number {
    return this.#count;
  }

  get(key: string): JsonText | undefined {
    const place = this.#places.find(key)?.get(key);
    return place === undefined ? undefined : this.#chunks[chunkOf(place)]?.values[place % chunkLength];
  }

  put(key: string, value: JsonText): void {
    const places = this.#places.of(key);
    const place = places.get(key);
    this.#use(growthOf(key, value, place === undefined ? undefined : this.get(key)));
    if (place === undefined) places.set(key, this.#count);
    this.#write(place ?? this.#count++, key, value);
  }

  remove(key: string): void {
    const places = this.#places.find(key);
    const place = places?.get(key);
    if (places === undefined || place === undefined) return;
    this.#use(-sizeOf(key, this.get(key) ?? ''));
    places.delete(key);
    const last = this.#ownChunk(chunkOf(--this.#count));
    const lastKey = last.keys.pop() as string; // there is one at least: this one
    const lastValue = last.values.pop() as JsonText; // as many as keys
    if (last.keys.length === 0) this.#chunks.pop();
    if (place === this.#count) return;
    this.#write(place, lastKey, lastValue);
    this.#places.of(lastKey).set(lastKey, place);
  }

  /** What writing entries would add, in bytes. */
  growth(entries: readonly Entry[]): number {
    return entries.reduce((bytes, [key, value]) => bytes + growthOf(key, value, this.get(key)), 0);
  }

  /** Removes all. Gives how many there were. */
  clear(): number {
    const count = this.#count;
    this.#chunks = [];
    this.#count = 0;
    this.#places = new Shards(() => new Map());
    this.#use(-this.#bytes);
    return count;
  }

  /** The keys of this moment, in batches. */
  keys(): Iterable<readonly string[]> {
    return mapChunks(this.#snapshot(), ({ keys }) => keys);
  }

  /** The entries of this moment, in batches. */
  entries(): Iterable<readonly Entry[]> {
    return mapChunks(
      this.#snapshot(),
      ({ keys, values }) => keys.map((key, index): Entry => [key, values[index] as JsonText]), // as many as keys
    );
  }

  #snapshot(): readonly Chunk[] {
    this.#generation++;
    return this.#chunks.slice();
  }

  #write(place: number, key: string, value: JsonText): void {
    const chunk = this.#ownChunk(chunkOf(place));
    chunk.keys[place % chunkLength] = key;
    chunk.values[place % chunkLength] = value;
  }

  /** A chunk that no snapshot shares. */
  #ownChunk(index: number): Chunk {
    const chunk = this.#chunks[index];
    if (chunk?.generation === this.#generation) return chunk;
    const { keys = [], values = [] } = chunk ?? {};
    const own = { keys: keys.slice(), values: values.slice(), generation: this.#generation };
    this.#chunks[index] = own;
    return own;
  }

  #use(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.used += bytes;
  }
}

const chunkOf = (place: number) => Math.floor(place / chunkLength);

function* mapChunks<T>(chunks: readonly Chunk[], map: (chunk: Chunk) => T): Generator<T> {
  for (const chunk of chunks) yield map(chunk);
}
