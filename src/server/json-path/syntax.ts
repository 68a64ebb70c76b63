import type { WireValue } from '../json/wire.js';

/** One step of a path, from a place to others. */
export type Step =
  /** `.name` or `['name']`. On an array, `.1` is an item and `.length` its length; on a string, `.length` as well. */
  | { readonly kind: 'name'; readonly name: string }
  /** `[0]`, or `[-1]` from the end. */
  | { readonly kind: 'index'; readonly index: number }
  /** `[start:stop:step]` */
  | { readonly kind: 'slice'; readonly slice: Slice }
  /** `.*` or `[*]` */
  | { readonly kind: 'wildcard' }
  /** `..`: the place itself and all arrays and objects inside it. */
  | { readonly kind: 'descendants' }
  /** `[?condition]` */
  | { readonly kind: 'filter'; readonly condition: Expression }
  /** `[(expression)]`: the index or name that an expression computes. */
  | { readonly kind: 'computed'; readonly expression: Expression }
  /** `[a, b]`: what each branch leads to, one after the other. */
  | { readonly kind: 'union'; readonly branches: readonly (readonly Step[])[] }
  /** `name(arguments)`. It begins a path: jsoncons drops the steps before it. */
  | { readonly kind: 'call'; readonly call: Call }
  /** `^`, as many times as `levels` says. */
  | { readonly kind: 'parent'; readonly levels: number };

/** The bounds of a slice; `undefined` if left out. */
export interface Slice {
  readonly start: number | undefined;
  readonly stop: number | undefined;
  readonly step: number;
}

/** What a filter computes for each place. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: WireValue }
  | PathExpression
  | Call
  | { readonly kind: 'unary'; readonly operator: '!' | '-'; readonly operand: Expression }
  | Binary;

/** A path inside an expression. It begins at the root, the current place, or another expression's value. */
export interface PathExpression {
  readonly kind: 'path';
  readonly from: 'root' | 'current' | Expression;
  readonly steps: readonly Step[];
}

/** `name(arguments)` */
export interface Call {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Expression[];
}

/** Two expressions joined by an operator. */
export interface Binary {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}

/** How tightly each operator binds its operands: the lowest number binds first. Equal ones group from the right. */
export const precedence = {
  '*': 3,
  '/': 3,
  '%': 3,
  '+': 4,
  '-': 4,
  '<': 5,
  '<=': 5,
  '>': 5,
  '>=': 5,
  '==': 6,
  '!=': 6,
  '&&': 8,
  '||': 9,
} as const;

export type BinaryOperator = keyof typeof precedence;
