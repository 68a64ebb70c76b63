import { readExactly } from '../json/read.js';
import { isObject, RealNumber, type WireValue } from '../json/wire.js';
import { PathError, PathRefusedError } from './path-error.js';
import { areEqual, double, isInteger, isNumber, namesOf, negate, order, toDouble } from './values.js';
import type { Work } from './work.js';

/** A function of jsoncons. Arguments of the wrong kind make it fail: it gives `undefined`, and a filter does not pass. */
interface PathFunction {
  readonly arity: number;
  call(args: readonly WireValue[], work: Work): WireValue | undefined;
}

/** A function of one argument. */
const unary = (call: (value: WireValue, work: Work) => WireValue | undefined): PathFunction => ({
  arity: 1,
  call: ([value = null], work) => call(value, work),
});

/** A function of two strings. */
const ofStrings = (call: (a: string, b: string) => boolean): PathFunction => ({
  arity: 2,
  call([a, b], work) {
    if (typeof a !== 'string' || typeof b !== 'string') return undefined;
    work.spendOnText(a);
    return call(a, b);
  },
});

/** The sum or product of an array of numbers, as a double. */
function fold(value: WireValue, start: number, join: (a: number, b: number) => number, work: Work): number | undefined {
  if (!Array.isArray(value)) return undefined;
  work.spend(value.length);
  let total = start;
  for (const item of value) {
    if (!isNumber(item)) return undefined;
    total = join(total, toDouble(item));
  }
  return total;
}

const sum = (value: WireValue, work: Work) => fold(value, 0, (a, b) => a + b, work);

/** The first item of an array of numbers or strings that none of the others beats. */
function best(value: WireValue, beats: (compared: number) => boolean, work: Work): WireValue | undefined {
  if (!Array.isArray(value)) return undefined;
  const [first = null, ...others] = value;
  if (value.length === 0) return null;
  work.spend(value.length);
  if (!isNumber(first) && typeof first !== 'string') return undefined;
  let result = first;
  for (const item of others) {
    const compared = order(item, result, work);
    if (compared === undefined) return undefined;
    if (beats(compared)) result = item as typeof first; // it can be compared with the first: it is of its kind
  }
  return result;
}

/** In characters, not UTF-16 units, of a string; else how many items or members there are. */
const length = unary((value, work) => {
  if (typeof value === 'string') {
    work.spendOnText(value);
    return codePoints(value);
  }
  if (Array.isArray(value)) return value.length;
  if (!isObject(value)) return undefined;
  const count = Object.keys(value).length;
  work.spend(count);
  return count;
});

/** How many characters a string has, those of two UTF-16 units counted once. */
export function codePoints(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length; at++) if ((text.charCodeAt(at) & 0xfc00) === 0xdc00) count--;
  return count;
}

const rounded = (round: (value: number) => number) =>
  unary((value) => (isNumber(value) ? new RealNumber(round(toDouble(value))) : undefined));

function toNumber(value: WireValue): WireValue | undefined {
  if (isNumber(value)) return value;
  if (typeof value !== 'string') return undefined;
  const [digits] = /^-?\d{1,19}$/.exec(value) ?? [];
  if (digits !== undefined) return readExactly(digits.replace(/^(-?)0+(?=\d)/, '$1'));
  const number = Number.parseFloat(value);
  return Number.isFinite(number) ? double(number) : null;
}

function isNegative(value: number | bigint | RealNumber): boolean {
  return isInteger(value) ? value < 0 : toDouble(value) < 0;
}

const functions: ReadonlyMap<string, PathFunction> = new Map<string, PathFunction>([
  ['abs', unary((value) => (isNumber(value) ? (isNegative(value) ? negate(value) : value) : undefined))],
  ['avg', unary((value, work) => average(value, work))],
  ['ceil', rounded(Math.ceil)],
  [
    'contains',
    {
      arity: 2,
      call([whole = null, part = null], work) {
        if (Array.isArray(whole)) return whole.some((item) => areEqual(item, part, work));
        if (typeof whole !== 'string' || typeof part !== 'string') return undefined;
        work.spendOnText(whole);
        return whole.includes(part);
      },
    },
  ],
  ['count', length],
  ['ends_with', ofStrings((a, b) => a.endsWith(b))],
  ['floor', rounded(Math.floor)],
  [
    'keys',
    unary((value, work) => {
      if (!isObject(value)) return undefined;
      const names = namesOf(value);
      work.spend(names.length);
      return names;
    }),
  ],
  ['length', length],
  ['max', unary((value, work) => best(value, (compared) => compared > 0, work))],
  ['min', unary((value, work) => best(value, (compared) => compared < 0, work))],
  [
    'prod',
    unary((value, work) => {
      if (Array.isArray(value) && value.length === 0) return undefined;
      const product = fold(value, 1, (a, b) => a * b, work);
      return product === undefined ? undefined : double(product);
    }),
  ],
  ['starts_with', ofStrings((a, b) => a.startsWith(b))],
  [
    'sum',
    unary((value, work) => {
      const total = sum(value, work);
      return total === undefined ? undefined : double(total);
    }),
  ],
  ['to_number', unary(toNumber)],
]);

function average(value: WireValue, work: Work): WireValue | undefined {
  if (Array.isArray(value) && value.length === 0) return null;
  const total = sum(value, work);
  return total === undefined || !Array.isArray(value) ? undefined : double(total / value.length);
}

/** The function of a name. Throws a `PathError` if there is none, a `PathRefusedError` for one that is not offered here. */
export function functionNamed(name: string): PathFunction {
  const found = functions.get(name);
  if (found) return found;
  if (name === 'tokenize') {
    throw new PathRefusedError('this server takes no regular expressions in paths (tokenize): they can run for ever');
  }
  throw new PathError(`the path calls ${name}(), which does not exist`);
}
