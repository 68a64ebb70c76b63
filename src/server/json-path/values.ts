import { isObject, RealNumber, type WireObject, type WireValue } from '../json/wire.js';
import type { BinaryOperator } from './syntax.js';
import type { Work } from './work.js';

type Integer = number | bigint;

export const isContainer = (value: WireValue): value is WireValue[] | WireObject =>
  Array.isArray(value) || isObject(value);

export function isNumber(value: WireValue): value is number | bigint | RealNumber {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof RealNumber;
}

/** Whether a number was written as an integer. */
export function isInteger(value: WireValue): value is Integer {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

export function toDouble(value: number | bigint | RealNumber): number {
  return value instanceof RealNumber ? value.value : Number(value);
}

/** A double as a value: one without a fraction is kept apart from integers. */
export function double(value: number): WireValue {
  return Number.isInteger(value) || !Number.isFinite(value) ? new RealNumber(value) : value;
}

/** The names of an object, sorted as NemesisDB keeps them. The platform puts those that look like an index first. */
export function namesOf(object: WireObject): string[] {
  const names = Object.keys(object);
  const [first] = names;
  return first !== undefined && first >= '0' && first < ':' ? names.sort() : names;
}

/** What a filter passes: all but null, false, `""`, `[]` and `{}`. 0 passes. */
export function isTrue(value: WireValue): boolean {
  if (value === null || value === false || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  return !isObject(value) || Object.keys(value).length > 0;
}

function compareNumbers(a: number | bigint | RealNumber, b: number | bigint | RealNumber): number {
  // Two integers are compared exactly.
  const [left, right] = isInteger(a) && isInteger(b) ? [a, b] : [toDouble(a), toDouble(b)];
  if (left < right) return -1;
  return left > right ? 1 : 0;
}

/** Whether two values are equal as JSON. Numbers are equal by value, however they are written. */
export function areEqual(a: WireValue, b: WireValue, work: Work): boolean {
  work.spend(1);
  if (isNumber(a)) return isNumber(b) && compareNumbers(a, b) === 0;
  if (typeof a === 'string') {
    if (typeof b !== 'string' || a.length !== b.length) return false;
    work.spendOnText(a);
    return a === b;
  }
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) && a.length === b.length && a.every((item, index) => areEqual(item, b[index] ?? null, work))
    );
  }
  if (!isObject(a) || !isObject(b)) return a === b;
  const names = Object.keys(a);
  work.spend(names.length);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && areEqual(a[name] ?? null, b[name] ?? null, work));
}

/** Below 0 if `a` comes before `b`; `undefined` unless both are numbers or both are strings. */
export function order(a: WireValue, b: WireValue, work: Work): number | undefined {
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b);
  if (typeof a !== 'string' || typeof b !== 'string') return undefined;
  work.spendOnText(a);
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

const exact = {
  '+': (a: bigint, b: bigint) => a + b,
  '-': (a: bigint, b: bigint) => a - b,
  '*': (a: bigint, b: bigint) => a * b,
  '/': (a: bigint, b: bigint) => a / b,
  '%': (a: bigint, b: bigint) => a % b,
};

const inexact = {
  '+': (a: number, b: number) => a + b,
  '-': (a: number, b: number) => a - b,
  '*': (a: number, b: number) => a * b,
  '/': (a: number, b: number) => a / b,
  '%': (a: number, b: number) => a % b,
};

const fitsSigned = (value: bigint) => value === BigInt.asIntN(64, value);

function fromBigInt(value: bigint): WireValue {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Integers are computed in 64 bits, and wrap around; others as doubles. Null unless both are numbers. */
function calculate(operator: keyof typeof exact, a: WireValue, b: WireValue): WireValue {
  if (!isNumber(a) || !isNumber(b)) return null;
  if (!isInteger(a) || !isInteger(b)) return double(inexact[operator](toDouble(a), toDouble(b)));
  const [left, right] = [BigInt(a), BigInt(b)];
  // jsoncons divides all the same, which ends the process.
  if (right === 0n && (operator === '/' || operator === '%')) return null;
  const result = exact[operator](left, right);
  if (fitsSigned(left) && fitsSigned(right)) return fromBigInt(BigInt.asIntN(64, result));
  if (left >= 0n && right >= 0n) return fromBigInt(BigInt.asUintN(64, result));
  return double(inexact[operator](Number(a), Number(b)));
}

/** What an operator makes of two values. Comparisons by order are null unless both are numbers or both strings. */
export function operate(operator: BinaryOperator, left: WireValue, right: WireValue, work: Work): WireValue {
  switch (operator) {
    case '&&':
      return isTrue(left) ? right : left;
    case '||':
      return isTrue(left) ? left : right;
    case '==':
      return areEqual(left, right, work);
    case '!=':
      return !areEqual(left, right, work);
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const compared = order(left, right, work);
      if (compared === undefined) return null;
      if (operator === '<') return compared < 0;
      if (operator === '<=') return compared <= 0;
      return operator === '>' ? compared > 0 : compared >= 0;
    }
    default:
      return calculate(operator, left, right);
  }
}

/** The negative of a number; null for anything else, and for integers past 63 bits. */
export function negate(value: WireValue): WireValue {
  if (!isNumber(value)) return null;
  if (!isInteger(value)) return double(-toDouble(value));
  return fitsSigned(BigInt(value)) ? fromBigInt(BigInt.asIntN(64, -BigInt(value))) : null;
}
