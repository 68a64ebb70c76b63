import { parse as parseLossless } from 'lossless-json';
import { ValueError } from '../errors.js';

/** A value as it comes back from NemesisDB: JSON, with a `bigint` for every integer that a double can't hold. */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject;

/** An object of JSON values. Every name is a plain key, `__proto__` too. */
export interface JsonObject {
  [name: string]: JsonValue;
}

/** A value that can be sent: JSON, or `bigint`. Members that are `undefined` are left out, as `JSON.stringify` does. */
export type JsonInput =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly JsonInput[]
  | { readonly [name: string]: JsonInput | undefined };

/**
 * Deepest nesting of a value that is sent. NemesisDB's parser stops at 1,024 levels, of which the envelope of a
 * command takes some; and recursion has to end somewhere below the stack's own limit.
 */
const maxDepth = 1000;

/** An integer of 16 digits or more may not fit a double; where a text has none, the platform's JSON is exact. */
const longInteger = /\d{16}/;

const isInteger = /^-?\d+$/;

function exactNumber(text: string): number | bigint {
  const number = Number(text);
  return isInteger.test(text) && !Number.isSafeInteger(number) ? BigInt(text) : number;
}

const exactly = {
  parseNumber: exactNumber,
  // As JSON.parse does, so that both paths agree. NemesisDB never sends a name twice.
  onDuplicateKey: ({ newValue }: { newValue: unknown }) => newValue,
};

/**
 * Reads a JSON text without rounding: integers that a double can't hold come as `bigint`. Throws a `SyntaxError`, or a
 * `RangeError` where the text is nested deeper than the stack.
 */
export function parseJson(text: string): JsonValue {
  return longInteger.test(text)
    ? (parseLossless(text, undefined, exactly) as JsonValue) // its result is `unknown`; with `exactly` it is this
    : (JSON.parse(text) as JsonValue);
}

/** How a value can be written: by the platform, or only by us (it holds a `bigint` or a large double). */
type Writing = 'platform' | 'exact';

/** Doubles of this size print as integers, which NemesisDB would keep as integers, or turn into strings past 2^64. */
const isLargeInteger = (value: number) => Math.abs(value) > Number.MAX_SAFE_INTEGER && Number.isInteger(value);

function refuse(path: readonly (string | number)[], what: string): never {
  const where = path.length === 0 ? 'The value' : `The value at ${path.map((part) => JSON.stringify(part)).join('.')}`;
  throw new ValueError(`${where} is ${what}, which JSON has no form for. Nothing was sent.`, 'value');
}

/** Finds out how a value can be written; throws a `ValueError` that names the place where it can't be. */
function inspect(value: unknown, path: (string | number)[]): Writing {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) refuse(path, 'text with half a surrogate pair');
      return 'platform';
    case 'number':
      if (!Number.isFinite(value)) refuse(path, 'not a finite number');
      return isLargeInteger(value) ? 'exact' : 'platform';
    case 'boolean':
      return 'platform';
    case 'bigint':
      if (value < -(2n ** 63n) || value >= 2n ** 64n) refuse(path, 'an integer of more than 64 bits');
      return 'exact';
    case 'object':
      return value === null ? 'platform' : inspectMembers(value, path);
    default:
      return refuse(path, value === undefined ? 'undefined' : `a ${typeof value}`);
  }
}

function inspectMembers(value: object, path: (string | number)[]): Writing {
  if (path.length >= maxDepth) refuse([], `nested more than ${maxDepth} levels deep, or a cycle`);
  let writing: Writing = 'platform';
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      path.push(index);
      if (inspect(value[index], path) === 'exact') writing = 'exact';
      path.pop();
    }
    return writing;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    refuse(path, `an instance of ${value.constructor?.name ?? 'a class'} (convert it to plain JSON first)`);
  }
  for (const name of Object.keys(value)) {
    const member: unknown = (value as Readonly<Record<string, unknown>>)[name]; // a plain object, checked above
    if (member === undefined) continue;
    path.push(name);
    if (!name.isWellFormed()) refuse(path, 'named by text with half a surrogate pair');
    if (inspect(member, path) === 'exact') writing = 'exact';
    path.pop();
  }
  return writing;
}

function writeExactly(value: JsonInput): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return isLargeInteger(value) ? value.toExponential() : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(writeExactly).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${writeExactly(member)}`);
  }
  return `{${members.join(',')}}`;
}

/**
 * Writes a value as JSON without rounding: a `bigint` as an integer, a double past 2^53 in exponent form (as an integer
 * NemesisDB would give it another type). Throws a `ValueError` that names the place for what JSON can't hold.
 */
export function writeJson(value: JsonInput): string {
  return inspect(value, []) === 'exact' ? writeExactly(value) : JSON.stringify(value);
}
