import { PathRefusedError } from './path-error.js';

/**
 * Work is counted in steps. A step looks at one value, and takes about 50 ns. Each command may take this many beyond those
 * that its values allow.
 */
const freeSteps = 500_000;

/** Keeping a place for the next step takes about as long as this many steps. */
export const stepsPerPlace = 3;

/** A path with a filter of a few comparisons takes three to six steps for each character of a value. */
const stepsPerCharacter = 8;

/** How many steps a command makes before it lets others run: 1 to 3 ms. */
const sliceLength = 20_000;

/** How many slices a filter may take for a single place: it can't be interrupted there. */
const maxOverruns = 30;

/** Beginning to search a value takes about as long as this many steps. */
const stepsPerValue = 30;

/** Reading a string of this many characters takes about as long as a step. */
const charactersPerStep = 16;

/** Bounds the work of one command, and parts it into slices. */
export class Work {
  #spent = 0;
  #limit = freeSteps;
  #sliceEnd = sliceLength;
  #overruns = 0;

  /** Whether it is time to let others run. */
  get isSliceOver(): boolean {
    return this.#spent >= this.#sliceEnd;
  }

  /** Begins the next slice, after others have run. */
  beginSlice(): void {
    this.#sliceEnd = this.#spent + sliceLength;
    this.#overruns = 0;
  }

  /** Goes on without letting others run. Throws a `PathRefusedError` if that was done too often in a row. */
  overrun(): void {
    this.#sliceEnd = this.#spent + sliceLength;
    this.#overruns++;
    if (this.#overruns > maxOverruns) {
      throw new PathRefusedError('a filter of the path looks at too many places for a single one');
    }
  }

  /** Allows what looking at all of a value may take, and counts the parsing of its text. */
  allowValue(text: string): void {
    this.#limit += stepsPerValue + stepsPerCharacter * text.length;
    this.spend(stepsPerValue);
    this.spendOnText(text);
  }

  /** Counts steps. Throws a `PathRefusedError` if there are too many. */
  spend(steps: number): void {
    this.#spent += steps;
    if (this.#spent > this.#limit) throw new PathRefusedError('following the path takes too much work');
  }

  /** Counts the reading or writing of a string. */
  spendOnText(text: string): void {
    this.spend(1 + Math.floor(text.length / charactersPerStep));
  }
}
