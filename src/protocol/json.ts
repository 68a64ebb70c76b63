import { parse as parseLossless } from 'lossless-json';
import { ValueError } from '../errors.js';

/** A value that comes back from NemesisDB: JSON, with a `bigint` for each integer that a double can't hold. */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject;

/** An object of JSON values. Every name is an ordinary key, `__proto__` too. */
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
 * `Value` with `never` in place of everything that can't be sent, so that an argument of the type
 * `Value & Sendable<Value>` is a type error there. An `interface` is no `JsonInput`, as it has no index signature: this
 * type accepts it. It also accepts instances of classes without methods, which are refused at run time.
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

/** A run of digits that may be an integer which a double can't hold. Decimals and strings of digits are left out. */
const longInteger = /(?<![.\d"])\d{16}/;

const integer = /^-?\d+$/;

const exactly = {
  parseNumber(digits: string): number | bigint {
    const number = Number(digits);
    return integer.test(digits) && !Number.isSafeInteger(number) ? BigInt(digits) : number;
  },
  // As JSON.parse does, so that both ways agree. NemesisDB never sends a name twice.
  onDuplicateKey: ({ newValue }: { readonly newValue: unknown }) => newValue,
};

/**
 * Reads JSON without rounding: integers that a double can't hold come as `bigint`. Without an integer of 16 digits or
 * more the platform's own parser is exact. Throws a `SyntaxError`, or a `RangeError` if the nesting exceeds the stack.
 */
export function parseJson(json: string): JsonValue {
  return longInteger.test(json)
    ? (parseLossless(json, undefined, exactly) as JsonValue) // typed as unknown; with `exactly`, nothing else comes out
    : (JSON.parse(json) as JsonValue);
}

/**
 * Deepest nesting of a value that is sent. NemesisDB's parser stops at 1,024 levels, of which the envelope of a
 * command takes some; and recursion has to end somewhere below the stack's own limit.
 */
const maxDepth = 1000;

/** Doubles of this size print as integers. NemesisDB would store them as integers, or as strings past 2^64. */
const isLargeInteger = (value: number) => Number.isInteger(value) && !Number.isSafeInteger(value);

/**
 * Whether the platform's JSON writes a value exactly. It says no to everything unusual and leaves the reasons to
 * `write`. Two passes, this one and `JSON.stringify`, take half the time of the careful one.
 */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed();
    case 'number':
      return Number.isFinite(value) && !isLargeInteger(value) && !Object.is(value, -0);
    case 'boolean':
      return true;
    case 'object':
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth >= maxDepth || 'toJSON' in value) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) if (!isPlain(value[index], depth + 1)) return false;
    return true;
  }
  if (!isPlainObject(value)) return false;
  const names = Object.keys(value);
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string; // below its length
    const member: unknown = value[name];
    if (member !== undefined && !(name.isWellFormed() && isPlain(member, depth + 1))) return false;
  }
  return true;
}

/** A getter that throws is left to `write` as well, which knows its place. */
function canStringify(value: unknown): boolean {
  try {
    return isPlain(value, 0);
  } catch {
    return false;
  }
}

/** Whether this is an object literal and the like, and no instance of a class. */
export function isPlainObject(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

type Path = (string | number)[];

const place = (path: Readonly<Path>): string =>
  path.length === 0 ? 'The value' : `The value at ${path.map((part) => JSON.stringify(part)).join('.')}`;

function refuse(path: Readonly<Path>, description: string): never {
  throw new ValueError(`${place(path)} ${description}. Nothing was sent.`, 'value');
}

/** Writes what the platform would round, and names the place of what JSON has no form for. */
function write(value: unknown, path: Path): string {
  switch (typeof value) {
    case 'string':
      return writeString(value, path);
    case 'number':
      return writeNumber(value, path);
    case 'bigint':
      return writeBigInt(value, path);
    case 'boolean':
      return String(value);
    case 'object':
      if (value === null) return 'null';
      if (path.length >= maxDepth) refuse([], `is nested more than ${maxDepth} levels deep, or contains itself`);
      return Array.isArray(value) ? writeItems(value, path) : writeObject(value, path);
    case 'undefined':
      return refuse(path, 'is undefined, which JSON has no form for. Use null, or leave the member out');
    default:
      return refuse(path, `is a ${typeof value}, which JSON has no form for`);
  }
}

const refuseName = (path: Readonly<Path>) =>
  refuse(path, 'has a name with half a surrogate pair, which is not valid Unicode');

function writeString(value: string, path: Readonly<Path>): string {
  if (!value.isWellFormed()) refuse(path, 'is a string with half a surrogate pair, which is not valid Unicode');
  return JSON.stringify(value);
}

function writeNumber(value: number, path: Readonly<Path>): string {
  if (!Number.isFinite(value)) refuse(path, 'is not a finite number, and JSON has no form for NaN and Infinity');
  if (Object.is(value, -0)) return '-0.0';
  return isLargeInteger(value) ? value.toExponential() : String(value);
}

function writeBigInt(value: bigint, path: Readonly<Path>): string {
  if (value < -(2n ** 63n) || value >= 2n ** 64n) {
    refuse(path, 'is an integer of more than 64 bits, which NemesisDB does not keep. Send it as a string');
  }
  return value.toString();
}

function writeItems(items: readonly unknown[], path: Path): string {
  if ('toJSON' in items) refuse(path, 'is an array with toJSON. Convert it to a plain array first');
  let json = '[';
  for (let index = 0; index < items.length; index++) {
    path.push(index);
    json += index === 0 ? write(items[index], path) : `,${write(items[index], path)}`;
    path.pop();
  }
  return `${json}]`;
}

/** What to send instead of an instance of a class. */
const plainForms = new Map([
  ['Date', 'Send its toISOString() or getTime()'],
  ['Map', 'Send Object.fromEntries(map)'],
  ['Set', 'Send an array, [...set]'],
]);

/** Names the class of an instance, and says what to send instead. */
export function instance(value: object): string {
  const name = value.constructor?.name || 'a class';
  return `an instance of ${name}. ${plainForms.get(name) ?? 'Send a plain object'}`;
}

function writeObject(value: object, path: Path): string {
  if (!isPlainObject(value)) return refuse(path, `is ${instance(value)}`);
  let json = '{';
  for (const name of Object.keys(value)) {
    path.push(name);
    const member = value[name];
    if (member !== undefined) {
      if (!name.isWellFormed()) refuseName(path);
      json += `${json === '{' ? '' : ','}${JSON.stringify(name)}:${write(member, path)}`;
    }
    path.pop();
  }
  return `${json}}`;
}

/** Writes carefully; `path` is the place of the value. */
function writeAt(path: Path, value: unknown): string {
  try {
    return write(value, path);
  } catch (cause) {
    if (cause instanceof ValueError) throw cause;
    const message = `${place(path)} threw an error when it was read; see \`cause\`. Nothing was sent.`;
    throw new ValueError(message, 'value', { cause });
  }
}

/**
 * Writes a value as JSON without rounding: a `bigint` as an integer, a double past 2^53 in exponent form (as an integer
 * NemesisDB would change its type), and -0 as `-0.0`. Throws a `ValueError` that names the place of what can't be sent.
 */
export function writeJson(value: JsonInput): string {
  return canStringify(value) ? JSON.stringify(value) : writeAt([], value);
}

/** Writes one member of an object, `"name":value`. */
export function writeMember(name: string, value: JsonInput): string {
  if (!name.isWellFormed()) refuseName([name]);
  return `${JSON.stringify(name)}:${canStringify(value) ? JSON.stringify(value) : writeAt([name], value)}`;
}
