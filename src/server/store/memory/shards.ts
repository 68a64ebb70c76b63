/**
 * How many maps things are spread over. One large map pauses for 100 ms when it grows past a million entries, and ends
 * at 2^24; many small ones do neither, and each is small enough to be copied at once while a dataset is saved.
 */
const shardCount = 1024;

/** A longer name is told from others by so many of its first and last characters. */
const looked = 32;

/** Which shard a name belongs to: FNV-1a over its length and characters, those in the middle of a long one aside. */
function shardOf(name: string): number {
  const { length } = name;
  let hash = 0x811c9dc5 ^ length;
  for (let at = 0; at < length; at++) {
    if (at === looked && length > 2 * looked) at = length - looked;
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & (shardCount - 1);
}

/** A fixed number of equal parts, made when first needed, found by name. */
export class Shards<T> {
  readonly #shards: (T | undefined)[] = new Array(shardCount);
  readonly #make: () => T;

  constructor(make: () => T) {
    this.#make = make;
  }

  /** The part where a name belongs, where it exists. */
  find(name: string): T | undefined {
    return this.#shards[shardOf(name)];
  }

  /** The part where a name belongs. */
  of(name: string): T {
    const index = shardOf(name);
    const shard = this.#shards[index] ?? this.#make();
    this.#shards[index] = shard;
    return shard;
  }

  /** All parts that exist. */
  *[Symbol.iterator](): Iterator<T> {
    for (let index = 0; index < shardCount; index++) {
      const shard = this.#shards[index];
      if (shard !== undefined) yield shard;
    }
  }
}
