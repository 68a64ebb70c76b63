import { isObject, type WireValue } from '../json/wire.js';
import { codePoints, functionNamed } from './functions.js';
import { PathError } from './path-error.js';
import { Place, withoutRepeats } from './place.js';
import type { Call, Expression, PathExpression, Slice, Step } from './syntax.js';
import { isContainer, isInteger, isTrue, namesOf, negate, operate } from './values.js';
import { stepsPerPlace, type Work } from './work.js';

/** Steps after which the same place may be there twice. */
const repeating: ReadonlySet<Step['kind']> = new Set(['union', 'descendants', 'parent']);

/**
 * Follows paths in one value. A generator that yields asks to be continued later, when `work.isSliceOver`. Filters are
 * computed for one place in one go.
 */
export class Evaluator {
  readonly #root: WireValue;
  readonly #work: Work;
  /** What paths in filters that begin at the root lead to: the same for every place. */
  readonly #fromRoot = new Map<PathExpression, WireValue | undefined>();

  constructor(root: WireValue, work: Work) {
    this.#root = root;
    this.#work = work;
  }

  /** The places that steps lead to from the root, each once, in the order in which they are found. */
  *places(steps: readonly Step[]): Generator<void, Place[]> {
    let places = [new Place(this.#root)];
    for (const step of steps) {
      const mayRepeat = repeating.has(step.kind) && (places.length > 1 || step.kind === 'union');
      places = yield* this.#advance(step, places);
      if (mayRepeat) places = yield* withoutRepeats(places, this.#work);
    }
    return places;
  }

  /** The places that one step leads to from each of those given. */
  *#advance(step: Step, from: readonly Place[]): Generator<void, Place[]> {
    const found: Place[] = [];
    for (const place of from) {
      this.#work.spend(1);
      if (step.kind === 'name' || step.kind === 'index') {
        const next = step.kind === 'name' ? named(place, step.name) : item(place, step.index);
        if (next) this.#keep(next, found);
      } else {
        yield* this.#select(step, place, found);
      }
      if (this.#work.isSliceOver) yield;
    }
    return found;
  }

  /** Adds to `found` the places that a step leads to from one place. */
  *#select(step: Step, place: Place, found: Place[]): Generator<void> {
    const { value } = place;
    switch (step.kind) {
      case 'wildcard':
        yield* this.#children(place, found);
        return;
      case 'filter':
        yield* this.#children(place, found, (child) => isTrue(this.#evaluate(step.condition, child) ?? null));
        return;
      case 'descendants':
        yield* this.#descend(place, found);
        return;
      case 'slice':
        if (!Array.isArray(value)) return;
        for (const index of indexes(step.slice, value.length)) {
          this.#keep(new Place(value[index] ?? null, place, index), found);
          if (this.#work.isSliceOver) yield;
        }
        return;
      case 'union':
        for (const branch of step.branches) {
          let places = [place];
          for (const branchStep of branch) places = yield* this.#advance(branchStep, places);
          for (const next of places) this.#keep(next, found);
        }
        return;
      case 'computed': {
        const next = computed(place, this.#evaluate(step.expression, value));
        if (next) found.push(next);
        return;
      }
      case 'call': {
        const result = this.#call(step.call, value);
        if (result !== undefined) found.push(new Place(result, place.holder, place.key, true));
        return;
      }
      case 'parent': {
        const ancestor = ancestorOf(place, step.levels);
        if (ancestor) found.push(ancestor);
      }
    }
  }

  /** Adds the items or members of a place that pass a test. */
  *#children(place: Place, found: Place[], passes: (value: WireValue) => boolean = () => true): Generator<void> {
    const { value } = place;
    const work = this.#work;
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) {
        const item = value[index] ?? null;
        work.spend(1);
        if (passes(item)) this.#keep(new Place(item, place, index), found);
        if (work.isSliceOver) yield;
      }
    } else if (isObject(value)) {
      const names = namesOf(value);
      work.spend(names.length);
      for (const name of names) {
        const member = value[name] ?? null;
        if (passes(member)) this.#keep(new Place(member, place, name), found);
        if (work.isSliceOver) yield;
      }
    }
  }

  /** Adds the place itself and all arrays and objects inside it, each before what is inside it. */
  *#descend(from: Place, found: Place[]): Generator<void> {
    if (!isContainer(from.value)) return;
    const left = [from];
    for (let place = left.pop(); place; place = left.pop()) {
      found.push(place);
      const inside: Place[] = [];
      yield* this.#children(place, inside, isContainer);
      for (let next = inside.pop(); next; next = inside.pop()) left.push(next);
    }
  }

  #keep(place: Place, found: Place[]): void {
    this.#work.spend(stepsPerPlace);
    found.push(place);
  }

  /** What an expression comes to for a value; `undefined` if a function in it fails. */
  #evaluate(expression: Expression, current: WireValue): WireValue | undefined {
    this.#work.spend(1);
    switch (expression.kind) {
      case 'literal':
        return expression.value;
      case 'path':
        return this.#evaluatePath(expression, current);
      case 'call':
        return this.#call(expression, current);
      case 'unary': {
        const operand = this.#evaluate(expression.operand, current);
        if (operand === undefined) return undefined;
        return expression.operator === '!' ? !isTrue(operand) : negate(operand);
      }
      case 'binary': {
        // Both sides, also of && and ||: a function that fails on either side makes all of it fail.
        const left = this.#evaluate(expression.left, current);
        const right = this.#evaluate(expression.right, current);
        if (left === undefined || right === undefined) return undefined;
        return operate(expression.operator, left, right, this.#work);
      }
    }
  }

  #call({ name, args }: Call, current: WireValue): WireValue | undefined {
    const values: WireValue[] = [];
    for (const argument of args) {
      const value = this.#evaluate(argument, current);
      if (value === undefined) return undefined;
      values.push(value);
    }
    return functionNamed(name).call(values, this.#work);
  }

  #evaluatePath(path: PathExpression, current: WireValue): WireValue | undefined {
    const { from, steps } = path;
    if (from === 'current') return this.#evaluateSteps(steps, current);
    if (from !== 'root') {
      const value = this.#evaluate(from, current);
      return value === undefined ? undefined : this.#evaluateSteps(steps, value);
    }
    if (!this.#fromRoot.has(path)) this.#fromRoot.set(path, this.#evaluateSteps(steps, this.#root));
    return this.#fromRoot.get(path);
  }

  /** The one value that steps lead to, null if there is none; an array if they may lead to several. */
  #evaluateSteps(steps: readonly Step[], start: WireValue): WireValue | undefined {
    let value = start;
    for (const [index, step] of steps.entries()) {
      this.#work.spend(1);
      let next: WireValue | undefined;
      if (step.kind === 'name') {
        // In a filter the length of an empty array is null.
        next = Array.isArray(value) && value.length === 0 ? undefined : valueNamed(value, step.name);
      } else if (step.kind === 'index') {
        next = valueAt(value, step.index);
      } else if (step.kind === 'call') {
        next = this.#call(step.call, value);
        if (next === undefined) return undefined;
      } else {
        return this.#valuesAt(steps.slice(index), value);
      }
      if (next === undefined) return null;
      value = next;
    }
    return value;
  }

  /** The values that steps lead to, found in one go. */
  #valuesAt(steps: readonly Step[], start: WireValue): WireValue[] {
    let places = [new Place(start)];
    for (const step of steps) {
      const advancing = this.#advance(step, places);
      let result = advancing.next();
      while (!result.done) {
        this.#work.overrun();
        result = advancing.next();
      }
      places = result.value;
    }
    return places.map(({ value }) => value);
  }
}

const indexForm = /^-?(?:0|[1-9]\d{0,14})$/;

/** The value of a member or item, or a length. */
function valueNamed(value: WireValue, name: string): WireValue | undefined {
  if (isObject(value)) return Object.hasOwn(value, name) ? value[name] : undefined;
  if (Array.isArray(value) && indexForm.test(name)) return valueAt(value, Number(name));
  if (name !== 'length') return undefined;
  if (Array.isArray(value)) return value.length;
  return typeof value === 'string' ? codePoints(value) : undefined;
}

/** An item of an array, from its end if the index is below 0. */
function valueAt(value: WireValue, index: number): WireValue | undefined {
  return Array.isArray(value) ? value[positionOf(index, value.length)] : undefined;
}

const positionOf = (index: number, length: number) => (index < 0 ? length + index : index);

function named(place: Place, name: string): Place | undefined {
  const { value } = place;
  const next = valueNamed(value, name);
  if (next === undefined) return undefined;
  if (isObject(value)) return new Place(next, place, name);
  if (name === 'length') return new Place(next, place, name, true);
  return item(place, Number(name));
}

function item(place: Place, index: number): Place | undefined {
  const { value } = place;
  const next = valueAt(value, index);
  if (next === undefined || !Array.isArray(value)) return undefined;
  // A -0 would be written as another key.
  return new Place(next, place, positionOf(index, value.length) + 0);
}

/** The item or member that a computed key names. It is an error if there is none: NemesisDB then refuses the path. */
function computed(place: Place, key: WireValue | undefined): Place | undefined {
  const { value } = place;
  if (Array.isArray(value) && key !== undefined && isInteger(key) && key >= 0) {
    return item(place, Number(key)) ?? missing('index');
  }
  if (isObject(value) && typeof key === 'string') return named(place, key) ?? missing('name');
  return undefined;
}

function missing(what: string): never {
  throw new PathError(`the path computes an ${what} that is not there`);
}

function ancestorOf(place: Place, levels: number): Place | undefined {
  let ancestor: Place | undefined = place;
  for (let level = 0; ancestor && level < levels; level++) ancestor = ancestor.holder;
  return ancestor;
}

/** The indexes of a slice, in its order. */
function* indexes({ start, stop, step }: Slice, length: number): Generator<number> {
  const bound = (index: number) => Math.min(index < 0 ? length + index : index, length);
  if (step > 0) {
    const end = stop === undefined ? length : bound(stop);
    for (let index = Math.max(0, bound(start ?? 0)); index < end; index += step) yield index;
  } else {
    const end = stop === undefined ? -1 : Math.max(-1, bound(stop));
    for (let index = Math.min(length - 1, bound(start ?? length)); index > end; index += step) yield index;
  }
}
