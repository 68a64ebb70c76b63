import { setImmediate as nextIteration } from 'node:timers/promises';

/** How long a turn may keep others waiting, in milliseconds. */
const turnLength = 3;

/** The event loop is the process's, so all long work in it waits in one line: one turn in each iteration of the loop. */
let lastTurn: Promise<void> = Promise.resolve();

/** Resolves when it is the caller's turn to go on: after all who asked before, each in an iteration of its own. */
export function nextTurn(): Promise<void> {
  lastTurn = lastTurn.then(() => nextIteration());
  return lastTurn;
}

/** Parts long work into turns, between which others are served. */
export class Turns {
  #end = performance.now() + turnLength;

  /** What to wait for if this turn has lasted long enough; else nothing, as waiting costs more than a little work. */
  next(): Promise<void> | undefined {
    return performance.now() < this.#end ? undefined : this.#begin();
  }

  async #begin(): Promise<void> {
    await nextTurn();
    this.#end = performance.now() + turnLength;
  }
}

/** Hands batches on in turns. */
export async function* inTurns<T>(batches: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  const turns = new Turns();
  for await (const batch of batches) {
    yield batch;
    const turn = turns.next();
    if (turn) await turn;
  }
}
