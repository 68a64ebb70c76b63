import type { WireValue } from '../json/wire.js';
import { Evaluator } from './evaluator.js';
import { parsePath } from './parser.js';
import type { Place } from './place.js';
import type { Step } from './syntax.js';
import type { Work } from './work.js';

export { PathError, PathRefusedError } from './path-error.js';
export { depthOf, type Place, pathOf } from './place.js';
export { Work } from './work.js';

/** A path in the dialect of jsoncons. It can be followed in any number of values. */
export class JsonPath {
  readonly #steps: readonly Step[];

  private constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  /** Parses a path. Throws a `PathError` if it is wrong, and a `PathRefusedError` if this server does not take it. */
  static parse(text: string): JsonPath {
    return new JsonPath(parsePath(text));
  }

  /** The places that the path leads to in a value, each once. It yields when `work.isSliceOver`. */
  follow(value: WireValue, work: Work): Generator<void, Place[]> {
    return new Evaluator(value, work).places(this.#steps);
  }
}
