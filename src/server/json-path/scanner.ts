import { readExactly } from '../json/read.js';
import type { WireValue } from '../json/wire.js';
import { PathError } from './path-error.js';

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

const blanks = /[ \t\r\n]*/y;
const nameCharacters = /[A-Za-z0-9_\u0080-\uffff]*/y;
const digits = /-?[0-9]*/y;
const numberCharacters = /[-0-9eE.]+/y;
const jsonNumber = /^(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE]-?\d+)?$/;
const hexCode = /[0-9a-fA-F]{4}/y;
const maxIndex = 2 ** 63;

/** Reads the tokens of a path, from left to right. */
export class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** The next character; an empty string at the end. */
  get next(): string {
    return this.#text.charAt(this.#at);
  }

  /** Whether a string in quotes comes next. */
  get isAtQuote(): boolean {
    return this.next === "'" || this.next === '"';
  }

  /** Passes over one character. */
  skip(): void {
    this.#at++;
  }

  skipBlanks(): void {
    this.#match(blanks);
  }

  /** Takes a token if it comes next. */
  take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  /** Takes a token that has to come next. */
  expect(token: string): void {
    if (!this.take(token)) this.fail(`${token} expected`);
  }

  fail(why: string): never {
    throw new PathError(`${why} at character ${this.#at + 1} of the path`);
  }

  /** A name without quotes; it may be empty. */
  name(): string {
    return this.#match(nameCharacters);
  }

  /** An integer without sign `+`, or `undefined` if none comes next. */
  integer(): number | undefined {
    const text = this.#match(digits);
    if (text === '') return undefined;
    const value = Number(text);
    if (Number.isNaN(value)) this.fail('number expected');
    if (Math.abs(value) >= maxIndex) this.fail('number too large');
    return value;
  }

  /** A string in quotes, of the kind that comes next. */
  quoted(): string {
    const quote = this.next;
    this.#at++;
    let value = '';
    for (;;) {
      if (this.isAtEnd) this.fail('the string has no end');
      const character = this.next;
      this.#at++;
      if (character === quote) return value;
      value += character === '\\' ? this.#escaped() : character;
    }
  }

  /** A number as JSON writes it, without a sign. */
  number(): WireValue {
    const text = this.#match(numberCharacters);
    if (!jsonNumber.test(text)) this.fail('number expected');
    return readExactly(text);
  }

  /** An array or object as JSON writes it. */
  json(): WireValue {
    const start = this.#at;
    let depth = 0;
    do {
      if (this.isAtEnd) this.fail('the literal has no end');
      if (this.next === '"') {
        this.quoted();
        continue;
      }
      if (this.take('[') || this.take('{')) depth++;
      else if (this.take(']') || this.take('}')) depth--;
      else this.#at++;
    } while (depth > 0);
    try {
      return readExactly(this.#text.slice(start, this.#at));
    } catch (cause) {
      throw new PathError('a literal of the path is not JSON', { cause });
    }
  }

  #escaped(): string {
    const character = this.next;
    this.#at++;
    const escaped = escapes[character];
    if (escaped !== undefined) return escaped;
    if (character !== 'u') this.fail('unknown escape');
    const code = this.#match(hexCode);
    if (code === '') this.fail('four hexadecimal digits expected');
    return String.fromCharCode(Number.parseInt(code, 16));
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [text = ''] = pattern.exec(this.#text) ?? [];
    this.#at += text.length;
    return text;
  }
}
