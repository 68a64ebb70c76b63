/** What is saved as one: a session, or a part of the top-level keys. */
export interface Saveable {
  /** The snapshot that has it already, or in the time of which it came to be. */
  savedIn: number;
}

/** How many entries are copied before what is copied is handed on. */
const batchWeight = 5000;

/** Entries that are handed on as they are asked for. */
function* zipped<K, V>(keys: readonly K[], values: readonly V[]): Generator<readonly [K, V]> {
  // as many of these as of those: they are those of one map
  for (let index = 0; index < keys.length; index++) yield [keys[index] as K, values[index] as V];
}

/**
 * The entries of a map as they are now. Of a large one not as pairs: a million of these were measured to take 150 ms to
 * make, two plain lists 17 ms.
 */
export function copyOf<K, V>(map: ReadonlyMap<K, V>): Iterable<readonly [K, V]> {
  return map.size < batchWeight ? [...map] : zipped([...map.keys()], [...map.values()]);
}

/**
 * Reads parts as they are at one moment, little by little while they go on changing: what is about to change and has not
 * been read yet is copied first. Costs nothing while no snapshot is being read.
 */
export class Snapshots<Part extends Saveable, Copy> {
  readonly #copy: (part: Part) => Copy;
  /** About how many entries are copied. */
  readonly #weigh: (part: Part) => number;
  #generation = 0;
  /** Copies made ahead of the reader; `undefined` while there is no reader. */
  #ahead: Copy[] | undefined;

  constructor(copy: (part: Part) => Copy, weigh: (part: Part) => number) {
    this.#copy = copy;
    this.#weigh = weigh;
  }

  /** What a new part is marked with: it comes after the snapshot that is being read, if any. */
  get generation(): number {
    return this.#generation;
  }

  /** To be called before a part changes or goes away. */
  preserve(part: Part): void {
    if (this.#ahead !== undefined && part.savedIn < this.#generation) this.#ahead.push(this.#take(part));
  }

  /** Reads the parts as they are now, group by group. */
  read(groups: Iterable<Iterable<Part>>): Iterable<Copy[]> {
    this.#generation++;
    this.#ahead = [];
    return this.#read(groups);
  }

  *#read(groups: Iterable<Iterable<Part>>): Generator<Copy[]> {
    try {
      for (const group of groups) {
        let batch: Copy[] = this.#ahead?.splice(0) ?? [];
        let weight = 0;
        for (const part of group) {
          if (part.savedIn >= this.#generation) continue;
          weight += this.#weigh(part);
          batch.push(this.#take(part));
          if (weight < batchWeight) continue;
          yield batch;
          batch = [];
          weight = 0;
        }
        if (batch.length > 0) yield batch;
      }
      if (this.#ahead !== undefined && this.#ahead.length > 0) yield this.#ahead;
    } finally {
      this.#ahead = undefined;
    }
  }

  #take(part: Part): Copy {
    part.savedIn = this.#generation;
    return this.#copy(part);
  }
}
