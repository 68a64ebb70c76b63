import { parse as parseLossless } from 'lossless-json';
import type { JsonText } from './value-text.js';

/**
 * A number that was written with a fraction or an exponent and has an integer's value, such as `5.0`, or one past all
 * doubles, such as `1e400`. NemesisDB keeps it apart from integers: it is no token and no duration.
 */
export class RealNumber {
  constructor(readonly value: number) {}
}

/** A value that is to be stored and no more is wanted of it: its text, as it is stored. */
export class StoredText {
  constructor(readonly text: JsonText) {}
}

/** JSON as it arrived: integers past 2^53 as `bigint`, those past 64 bits as the text NemesisDB makes of them. */
export type WireValue = null | boolean | number | bigint | string | RealNumber | StoredText | WireValue[] | WireObject;

/** An object as it arrived. Every name is a plain key, `__proto__` too. */
export interface WireObject {
  [name: string]: WireValue;
}

/** Deepest nesting that NemesisDB's parser takes, the request's own braces included. */
const maxDepth = 1024;

/**
 * What the platform's JSON would read otherwise than NemesisDB. Numbers that are no integers and have the value of one are
 * looked for where a value begins, or UUIDs and hex texts would all be read the long way; from their end backwards, which was
 * measured to cost a request less than 10 ns of 3500.
 */
const misread = {
  longInteger: /\d{16}/,
  surrogateEscape: /\\u[dD][89a-fA-F]/,
  spacedColon: /"\s+:/,
  /** `5.0` */
  zeroFraction: /\.0+(?!\d)(?<=(?:^|[:,[])\s*-?\d+\.0+)/,
  /** `5e3` */
  exponent: /\d[eE](?<=(?:^|[:,[])\s*-?\d+(?:\.\d+)?[eE])/,
  /** `67108864.000000005`: 17 digits, as fewer are never lost, of a fraction that is near 0 or 1. */
  lostFraction: /\.[09]\d+(?<=[\d.]{18})/,
};
const platformMisreads = new RegExp(
  Object.values(misread)
    .map(({ source }) => source)
    .join('|'),
);

const integerForm = /^-?\d+$/;
const minInt64 = -(2n ** 63n);
const maxUint64 = 2n ** 64n - 1n;

function readNumber(text: string): number | bigint | string | RealNumber {
  const number = Number(text);
  if (integerForm.test(text)) {
    if (Number.isSafeInteger(number)) return number;
    const integer = BigInt(text);
    return integer >= minInt64 && integer <= maxUint64 ? integer : text;
  }
  return Number.isInteger(number) || !Number.isFinite(number) ? new RealNumber(number) : number;
}

const asNemesisReads = {
  parseNumber: readNumber,
  onDuplicateKey: ({ oldValue }: { oldValue: unknown }) => oldValue,
};

/** Counts the members of all objects; throws where it is nested too deep, or holds half a surrogate pair. */
function survey(value: WireValue, depth: number, checkText: boolean): number {
  if (typeof value === 'string') {
    if (checkText && !value.isWellFormed()) throw new SyntaxError('half a surrogate pair');
    return 0;
  }
  if (typeof value !== 'object' || value === null || value instanceof RealNumber || value instanceof StoredText)
    return 0;
  if (depth > maxDepth) throw new SyntaxError('nested too deep');
  let members = 0;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      members += survey(value[index] as WireValue, depth + 1, checkText); // below its length
    }
    return members;
  }
  // Not `for…of`, here and above: everything that comes is walked through, and iterators cost more than the walk.
  const names = Object.keys(value);
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string; // below its length
    if (checkText && !name.isWellFormed()) throw new SyntaxError('half a surrogate pair');
    // a member that Object.keys just named
    members += 1 + survey(value[name] as WireValue, depth + 1, checkText);
  }
  return members;
}

function countColons(text: string): number {
  let count = 0;
  for (let at = text.indexOf('":'); at !== -1; at = text.indexOf('":', at + 2)) count++;
  return count;
}

/** The end of the string literal that begins at a quote; the text's end where it is never closed. */
function endOfString(text: string, quote: number): number {
  let at = quote + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfComment(text: string, slash: number): number {
  const isBlock = text[slash + 1] === '*';
  if (!isBlock && text[slash + 1] !== '/') throw new SyntaxError('a slash that begins no comment');
  const end = text.indexOf(isBlock ? '*/' : '\n', slash + 2);
  if (end === -1 && isBlock) throw new SyntaxError('a comment without end');
  if (end === -1) return text.length;
  return isBlock ? end + 2 : end;
}

/** Replaces comments, which NemesisDB accepts between tokens, by blanks. */
function blankComments(text: string): string {
  const parts: string[] = [];
  let taken = 0;
  let at = 0;
  while (at < text.length) {
    if (text[at] === '"') {
      at = endOfString(text, at);
    } else if (text[at] === '/') {
      parts.push(text.slice(taken, at));
      at = endOfComment(text, at);
      taken = at;
    } else {
      at++;
    }
  }
  return [...parts, text.slice(taken)].join(' ');
}

/**
 * Reads a text by the platform's JSON where that gives what NemesisDB reads; `undefined` where it might not. A name that
 * is repeated shows in the count: every member of the text has its `":`, and the tree has fewer.
 */
export function readQuickly(text: string): WireValue | undefined {
  if (platformMisreads.test(text)) return undefined;
  try {
    const value = JSON.parse(text) as WireValue; // JSON.parse is typed `any`; what it makes is among these
    return survey(value, 1, false) === countColons(text) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the text of a stored value, whose members are sorted and not repeated. */
export function readStored(text: string): WireValue {
  return platformMisreads.test(text) ? readExactly(text) : (JSON.parse(text) as WireValue); // as in `readQuickly`
}

/** Reads a text as NemesisDB does. Throws a `SyntaxError` where NemesisDB refuses it (status 3). */
export function readExactly(text: string): WireValue {
  const source = text.startsWith('\ufeff') ? text.slice(1) : text;
  let value: WireValue;
  try {
    const bare = source.includes('/') ? blankComments(source) : source;
    value = parseLossless(bare, undefined, asNemesisReads) as WireValue; // `unknown`, but made by the two functions above
  } catch (cause) {
    throw new SyntaxError('not JSON, or nested too deep', { cause });
  }
  survey(value, 1, true);
  return value;
}
