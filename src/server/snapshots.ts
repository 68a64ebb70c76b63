/** What is saved as one: a session, or a part of the top-level keys. */
export interface Saveable {
  /** The snapshot that has it already, or in the time of which it came to be. */
  savedIn: number;
}

/**
 * Reads parts as they are at one moment, little by little while they go on changing: what is about to change and has not
 * been read yet is copied first. Costs nothing while no snapshot is being read.
 */
export class Snapshots<Part extends Saveable, Copy> {
  readonly #copy: (part: Part) => Copy;
  #generation = 0;
  /** Copies made ahead of the reader; `undefined` while there is no reader. */
  #ahead: Copy[] | undefined;

  constructor(copy: (part: Part) => Copy) {
    this.#copy = copy;
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
        const batch: Copy[] = this.#ahead?.splice(0) ?? [];
        for (const part of group) if (part.savedIn < this.#generation) batch.push(this.#take(part));
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
