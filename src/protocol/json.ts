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

/** Objects that JSON has no form for. */
type Unsendable =
  | ((...args: never) => unknown)
  | (abstract new (
      ...args: never
    ) => unknown)
  | Date
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>;

/**
 * `Value`, where all in it can be sent: an `interface` has no index signature, so that none is a `JsonInput`, whatever it
 * holds. What can't be sent is `never` here, so that an argument of the type `Value & Sendable<Value>` is an error there. Types
 * do not tell an instance of a class without methods from such an object: that is refused as it is sent.
 */
export type Sendable<Value> = Value extends JsonInput
  ? Value
  : Value extends Unsendable
    ? never
    : Value extends readonly unknown[]
      ? { readonly [Index in keyof Value]: Sendable<Value[Index]> }
      : Value extends object
        ? [keyof Value] extends [never]
          ? never
          : {
              readonly [Name in keyof Value]:
                | Sendable<Exclude<Value[Name], undefined>>
                | Extract<Value[Name], undefined>;
            }
        : never;

/**
 * Deepest nesting of a value that is sent. NemesisDB's parser stops at 1,024 levels, of which the envelope of a
 * command takes some; and recursion has to end somewhere below the stack's own limit.
 */
const maxDepth = 1000;

const isInteger = /^-?\d+$/;

function exactNumber(text: string): number | bigint {
  const number = Number(text);
  // `-0` is an integer as it stands, but no bigint.
  return isInteger.test(text) && !Number.isSafeInteger(number) ? BigInt(text) : number;
}

const exactly = {
  parseNumber: exactNumber,
  // As JSON.parse does, so that both ways agree. NemesisDB never sends a name twice.
  onDuplicateKey: ({ newValue }: { readonly newValue: unknown }) => newValue,
};

/** An integer of so many digits or more may not fit a double. */
const longInteger = 16;

const isDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39;
const point = 0x2e;
const quote = 0x22;

/**
 * Whether a text may hold an integer that a double can't; where it holds none, the platform's JSON is exact. Of 16 digits in
 * a row one stands at a place that 16 divides, so only those are looked at, and what stands around a digit there: searching
 * a long text as a whole took as long as the platform needs to parse it. Digits behind a point or a quote begin no integer:
 * otherwise every other double and every numeric text would take the slow path.
 */
function mayHoldLongInteger(text: string): boolean {
  for (let place = longInteger - 1; place < text.length; place += longInteger) {
    if (!isDigit(text.charCodeAt(place))) continue;
    let first = place;
    while (first > 0 && isDigit(text.charCodeAt(first - 1))) first--;
    let end = place + 1;
    while (isDigit(text.charCodeAt(end))) end++;
    if (end - first >= longInteger) {
      const before = text.charCodeAt(first - 1);
      if (before !== point && before !== quote) return true;
      // The same digits again would make long runs cost their square.
      place = end - (end % longInteger) - 1;
    }
  }
  return false;
}

/**
 * Reads a JSON text without rounding: integers that a double can't hold come as `bigint`. Throws a `SyntaxError`, or a
 * `RangeError` where the text is nested deeper than the stack.
 */
export function parseJson(text: string): JsonValue {
  return mayHoldLongInteger(text)
    ? (parseLossless(text, undefined, exactly) as JsonValue) // typed as unknown; with `exactly`, nothing else comes out
    : (JSON.parse(text) as JsonValue);
}

type Path = (string | number)[];

function refuse(path: Readonly<Path>, what: string): never {
  const where = path.length === 0 ? 'The value' : `The value at ${path.map((part) => JSON.stringify(part)).join('.')}`;
  throw new ValueError(`${where} is ${what}, which JSON has no form for. Nothing was sent.`, 'value');
}

/** Doubles of this size print as integers, which NemesisDB would keep as integers, or turn into strings past 2^64. */
const isLargeInteger = (value: number) => Number.isInteger(value) && !Number.isSafeInteger(value);

/**
 * Whether the platform's JSON writes a value exactly. It says no to whatever is unusual and leaves the reasons to
 * `write`: two passes, this one and `JSON.stringify`, take half the time of the one careful walk.
 */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed();
    case 'number':
      return Number.isFinite(value) && !isLargeInteger(value);
    case 'boolean':
      return true;
    case 'object':
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth >= maxDepth) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) if (!isPlain(value[index], depth + 1)) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  const names = Object.keys(value);
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string; // below its length
    const member: unknown = (value as Readonly<Record<string, unknown>>)[name]; // a plain object, checked above
    if (member !== undefined && !(name.isWellFormed() && isPlain(member, depth + 1))) return false;
  }
  return true;
}

function writeText(text: string, path: Readonly<Path>): string {
  if (!text.isWellFormed()) refuse(path, 'text with half a surrogate pair');
  return JSON.stringify(text);
}

function writeNumber(value: number, path: Readonly<Path>): string {
  if (!Number.isFinite(value)) refuse(path, 'not a finite number');
  return isLargeInteger(value) ? value.toExponential() : JSON.stringify(value);
}

function writeInteger(value: bigint, path: Readonly<Path>): string {
  if (value < -(2n ** 63n) || value >= 2n ** 64n) refuse(path, 'an integer of more than 64 bits');
  return value.toString();
}

/** The careful walk: writes what the platform would round, and names the place of what JSON can't hold. */
function write(value: unknown, path: Path): string {
  switch (typeof value) {
    case 'string':
      return writeText(value, path);
    case 'number':
      return writeNumber(value, path);
    case 'bigint':
      return writeInteger(value, path);
    case 'boolean':
      return JSON.stringify(value);
    case 'object':
      if (value === null) return 'null';
      if (path.length >= maxDepth) refuse([], `nested more than ${maxDepth} levels deep, or a cycle`);
      return Array.isArray(value) ? writeItems(value, path) : writeMembers(value, path);
    default:
      return refuse(path, value === undefined ? 'undefined' : `a ${typeof value}`);
  }
}

function writeItems(items: readonly unknown[], path: Path): string {
  let text = '[';
  for (let index = 0; index < items.length; index++) {
    path.push(index);
    text += index === 0 ? write(items[index], path) : `,${write(items[index], path)}`;
    path.pop();
  }
  return `${text}]`;
}

function writeMembers(value: object, path: Path): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    refuse(path, `an instance of ${value.constructor?.name ?? 'a class'} (convert it to plain JSON first)`);
  }
  let text = '{';
  for (const name of Object.keys(value)) {
    const member: unknown = (value as Readonly<Record<string, unknown>>)[name]; // a plain object, checked above
    if (member === undefined) continue;
    path.push(name);
    if (!name.isWellFormed()) refuse(path, 'named by text with half a surrogate pair');
    text += `${text === '{' ? '' : ','}${JSON.stringify(name)}:${write(member, path)}`;
    path.pop();
  }
  return `${text}}`;
}

/**
 * Writes a value as JSON without rounding: a `bigint` as an integer, a double past 2^53 in exponent form (as an integer
 * NemesisDB would give it another type). Throws a `ValueError` that names the place for what JSON can't hold.
 */
export function writeJson(value: JsonInput): string {
  try {
    return isPlain(value, 0) ? JSON.stringify(value) : write(value, []);
  } catch (cause) {
    if (cause instanceof ValueError) throw cause;
    throw new ValueError('A value threw an error as it was read; see `cause`. Nothing was sent.', 'value', { cause });
  }
}
