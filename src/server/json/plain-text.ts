import type { JsonText } from './wire.js';

/** Codes of characters: comparing strings takes twice as long. */
const [space, quote, comma, colon, backslash, tilde] = [32, 34, 44, 58, 92, 126] as const;
const [minus, point, zero, nine] = [45, 46, 48, 57] as const;
const [openBracket, closeBracket, openBrace, closeBrace] = [91, 93, 123, 125] as const;
const [f, n, t] = [102, 110, 116] as const;

/** The deepest nesting of a plain value. */
const deepest = 32;

/** The most members of a plain object that is out of order: each is moved to its place step by step. */
const mostOutOfOrder = 64;

/**
 * Reads JSON as nearly all programs write it: no blanks, no escapes, printable ASCII, and numbers in the form in which they
 * are stored. It writes a value as it is stored, with sorted members, without a tree in between. Measured: making the tree
 * and writing it again was two fifths of the cost of a small `SH_SET`.
 *
 * Each method moves past what it reads. `undefined` or `false`: the text is not plain, or not JSON, and has to be read again
 * by another reader. Refusing is always safe; what is accepted has to be right.
 */
export class PlainText {
  constructor(
    private readonly text: string,
    private at: number,
  ) {}

  /** Whether exactly this is left. */
  endsWith(rest: string): boolean {
    return this.at + rest.length === this.text.length && this.text.endsWith(rest);
  }

  /** Whether an array begins here. */
  isArray(): boolean {
    return this.text.charCodeAt(this.at) === openBracket;
  }

  /** Visits each member of an object until `visit` gives `false`. `depth`: how many others the object is in. */
  eachMember(visit: (name: string, value: JsonText) => boolean, depth = 0): boolean {
    if (!this.#take(openBrace)) return false;
    if (this.#take(closeBrace)) return true;
    do {
      const name = this.#string();
      if (name === undefined || !this.#take(colon)) return false;
      const value = this.#value(depth);
      if (value === undefined || !visit(name, value)) return false;
    } while (this.#take(comma));
    return this.#take(closeBrace);
  }

  /** The items of an array of strings. */
  strings(): string[] | undefined {
    const strings: string[] = [];
    if (!this.#take(openBracket)) return undefined;
    if (this.#take(closeBracket)) return strings;
    do {
      const string = this.#string();
      if (string === undefined) return undefined;
      strings.push(string);
    } while (this.#take(comma));
    return this.#take(closeBracket) ? strings : undefined;
  }

  /** A value, as it is stored, at this depth in arrays and objects. */
  #value(depth: number): JsonText | undefined {
    if (depth > deepest) return undefined;
    switch (this.text.charCodeAt(this.at)) {
      case quote: {
        const string = this.#string();
        return string === undefined ? undefined : `"${string}"`;
      }
      case openBrace:
        return this.#object(depth + 1);
      case openBracket:
        return this.#array(depth + 1);
      case t:
        return this.#word('true');
      case f:
        return this.#word('false');
      case n:
        return this.#word('null');
      default:
        return this.#number();
    }
  }

  #take(code: number): boolean {
    if (this.text.charCodeAt(this.at) !== code) return false;
    this.at += 1;
    return true;
  }

  #word(word: JsonText): JsonText | undefined {
    if (!this.text.startsWith(word, this.at)) return undefined;
    this.at += word.length;
    return word;
  }

  #string(): string | undefined {
    const { text } = this;
    const start = this.at + 1;
    if (!this.#take(quote)) return undefined;
    let at = start;
    for (; ; at++) {
      const code = text.charCodeAt(at); // NaN past the end
      if (code === quote) break;
      if (!(code >= space && code <= tilde) || code === backslash) return undefined;
    }
    this.at = at + 1;
    return text.slice(start, at);
  }

  #number(): JsonText | undefined {
    const { text } = this;
    const start = this.at;
    let at = start;
    for (; ; at++) {
      const code = text.charCodeAt(at);
      if (!((code >= zero && code <= nine) || code === minus || code === point)) break;
    }
    this.at = at;
    const number = Number(text.slice(start, at));
    // Another integer may have lost digits, or not fit 64 bits.
    if (Number.isInteger(number) && !Number.isSafeInteger(number)) return undefined;
    const stored = String(number);
    return text.startsWith(stored, start) && stored.length === at - start ? stored : undefined;
  }

  #array(depth: number): JsonText | undefined {
    this.at += 1;
    if (this.#take(closeBracket)) return '[]';
    let array = '[';
    for (;;) {
      const item = this.#value(depth);
      if (item === undefined) return undefined;
      array += item;
      if (!this.#take(comma)) break;
      array += ',';
    }
    return this.#take(closeBracket) ? `${array}]` : undefined;
  }

  #object(depth: number): JsonText | undefined {
    const names: string[] = [];
    const members: string[] = [];
    const put = (name: string, value: JsonText): boolean => {
      let index = names.length;
      for (; index > 0; index--) {
        const former = names[index - 1] as string; // 0 ≤ index - 1 < length
        if (former < name) break;
        if (former === name || names.length > mostOutOfOrder) return false;
        names[index] = former;
        members[index] = members[index - 1] as string; // as many as names
      }
      names[index] = name;
      members[index] = `"${name}":${value}`;
      return true;
    };
    return this.eachMember(put, depth) ? `{${members.join(',')}}` : undefined;
  }
}
