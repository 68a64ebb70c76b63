import { setImmediate as othersTurn } from 'node:timers/promises';

/** How long a piece of long work may keep others waiting, in milliseconds. */
const turnLength = 3;

/** Parts long work into turns, between which others are served. */
export class Turns {
  #end = performance.now() + turnLength;

  /** What to wait for where this turn has lasted long enough; else nothing, as waiting takes longer than a little work. */
  next(): Promise<void> | undefined {
    return performance.now() < this.#end ? undefined : this.#letOthers();
  }

  async #letOthers(): Promise<void> {
    await othersTurn();
    this.#end = performance.now() + turnLength;
  }
}
