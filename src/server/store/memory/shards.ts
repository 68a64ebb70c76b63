/**
 * How many maps a large one is spread over. One map pauses for 100 ms when it grows past a million entries, and ends at 2^24
 * entries; many small ones do neither.
 */
const shardCount = 1024;

/** Of a longer name only so many characters at both ends are hashed. */
const hashedEnds = 32;

/** The shard of a name: FNV-1a over its length and characters, without the middle of a long one. */
function shardOf(name: string): number {
  const { length } = name;
  let hash = 0x811c9dc5 ^ length;
  for (let at = 0; at < length; at++) {
    if (at === hashedEnds && length > 2 * hashedEnds) at = length - hashedEnds;
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & (shardCount - 1);
}

/** A fixed number of equal parts, made when first needed and found by name. */
export class Shards<T> {
  readonly #shards: (T | undefined)[] = new Array(shardCount);
  readonly #make: () => T;

  constructor(make: () => T) {
    this.#make = make;
  }

  /** The part of a name; `undefined` if it was not made yet. */
  find(name: string): T | undefined {
    return this.#shards[shardOf(name)];
  }

  /** The part of a name. */
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
