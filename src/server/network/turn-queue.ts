/** Somebody who works in turns. */
export interface TurnTaker {
  /** Works until a time of `performance.now()`, a little longer at most. Gives whether there is more to do now. */
  takeTurn(until: number): boolean;
}

/** How long all turns of one iteration of the event loop take together, in milliseconds. */
const roundLength = 6;

/** How long one turn takes at most, in milliseconds. */
const longestTurn = 1;

/**
 * Gives turns to connections with requests to answer, one after the other, so that nobody waits for a client that sends a
 * lot. Each iteration of the event loop first reads what has arrived on all sockets, and then gives turns.
 */
export class TurnQueue {
  readonly #waiting = new Set<TurnTaker>();
  #isScheduled = false;

  /** Asks for a turn. Asking twice makes no difference. */
  request(taker: TurnTaker): void {
    this.#waiting.add(taker);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#round());
  }

  /** Withdraws a request. */
  leave(taker: TurnTaker): void {
    this.#waiting.delete(taker);
  }

  #round(): void {
    this.#isScheduled = false;
    let now = performance.now();
    const end = now + roundLength;
    const unfinished: TurnTaker[] = [];
    for (const taker of this.#waiting) {
      if (now >= end) break;
      this.#waiting.delete(taker);
      if (taker.takeTurn(now + longestTurn)) unfinished.push(taker);
      now = performance.now();
    }
    // Those whose turn did not come are first in the next round.
    for (const taker of unfinished) this.#waiting.add(taker);
    const [next] = this.#waiting;
    if (next !== undefined) this.request(next);
  }
}
