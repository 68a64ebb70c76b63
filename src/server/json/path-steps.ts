import { type JSONPathNode, JSONPathNodeList, type JSONPathQuery, type JSONValue, jsonpath } from 'json-p3';
import type { JsonText } from './value-text.js';

const { FilterSelector, SliceSelector, WildcardSelector } = jsonpath.selectors;
const { FilterQuery, FunctionExtension, InfixExpression, LogicalExpression, PrefixExpression, compare } =
  jsonpath.expressions;
type Selector = jsonpath.selectors.JSONPathSelector;
type Expression = jsonpath.expressions.FilterExpression;

/** Thrown where a path is wrong, or following it would take too long. */
export class PathError extends Error {
  override readonly name = 'PathError';
}

/** How many steps a path may take beyond those that its values bring: measured, a quarter of a second at most. */
const freeSteps = 500_000;

/** A path that looks at every place once, with a filter of a few comparisons, takes one or two a character. */
const stepsPerCharacter = 4;

/** A step at this depth costs as much again as one at the root: a place's way from the root is copied with it. */
const depthPerStep = 16;

/** Comparing or counting this many characters takes about as long as a step. */
const charactersPerStep = 64;

/** Bounds the work of following one path, in however many values. */
export class Steps {
  #left = freeSteps;

  /** Adds what looking at all of a value may take. */
  allow(text: JsonText): void {
    this.#left += stepsPerCharacter * text.length;
  }

  /** Takes steps before they are made. Throws a `PathError` where there are not so many left. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new PathError('following the path would take too long');
  }
}

function childCount(value: JSONValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}

/** What an operand comes to: where it is a query with one match, what that is. */
function operand(result: unknown): unknown {
  const [only] = result instanceof JSONPathNodeList ? result.nodes : [];
  return result instanceof JSONPathNodeList && only && result.length === 1 ? only.value : result;
}

/** Takes the steps of comparing a value with another of its kind, which looks at all of it at worst. */
function spendOn(value: unknown, steps: Steps): void {
  if (typeof value === 'string') steps.spend(Math.ceil(value.length / charactersPerStep));
  if (typeof value !== 'object' || value === null) return;
  const items = Object.values(value);
  steps.spend(items.length);
  for (const item of items) spendOn(item, steps);
}

function countExpression(expression: Expression, steps: Steps): number {
  if (expression instanceof FilterQuery) {
    const { path } = expression;
    countSteps(path, steps);
    // As it stands it passes all matches of a step as arguments of one call, which overflows the stack at 120,000.
    path.query = (value) => new JSONPathNodeList([...path.lazyQuery(value)]);
    return 1 + path.segments.length;
  }
  if (expression instanceof LogicalExpression) return countExpression(expression.expression, steps);
  if (expression instanceof PrefixExpression) return 1 + countExpression(expression.right, steps);
  if (expression instanceof InfixExpression) {
    const { left, right, operator, logical } = expression;
    if (!logical) {
      expression.evaluate = (context) => {
        const [one, other] = [operand(left.evaluate(context)), operand(right.evaluate(context))];
        if (one !== other && typeof one === typeof other) spendOn(one, steps);
        return compare(one, operator, other);
      };
    }
    return 1 + countExpression(left, steps) + countExpression(right, steps);
  }
  if (!(expression instanceof FunctionExtension)) return 1;
  for (const argument of expression.args) countLength(argument, steps);
  return expression.args.reduce((size, each) => size + countExpression(each, steps), 1);
}

/** Takes the steps of `length(…)`, which lists an object's members to count them. */
function countLength(argument: Expression, steps: Steps): void {
  const evaluate = argument.evaluate.bind(argument);
  argument.evaluate = (context) => {
    const result = evaluate(context);
    const value = operand(result);
    if (typeof value === 'object' && value !== null) steps.spend(Object.keys(value).length);
    return result;
  };
}

/** How many steps a selector takes for each child of a place. */
function width(selector: Selector, steps: Steps): number {
  if (selector instanceof FilterSelector) return 1 + countExpression(selector.expression, steps);
  return selector instanceof WildcardSelector || selector instanceof SliceSelector ? 1 : 0;
}

/** Makes a query take its steps from a bound. */
export function countSteps(query: JSONPathQuery, steps: Steps): void {
  for (const selector of query.segments.flatMap(({ selectors }) => selectors)) {
    const resolve = selector.resolve.bind(selector);
    const perChild = width(selector, steps);
    selector.resolve = (node: JSONPathNode) => {
      const children = perChild === 0 ? 0 : perChild * childCount(node.value);
      steps.spend((1 + children) * (1 + Math.floor(node.location.length / depthPerStep)));
      return resolve(node);
    };
  }
}
