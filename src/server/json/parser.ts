import { RealNumber, setMember, type WireObject, type WireValue } from './wire.js';

/** The deepest nesting that NemesisDB's parser accepts, the braces of the request included. */
const maxDepth = 1024;

const numberForm = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const integerForm = /^-?\d+$/;
const minInt64 = -(2n ** 63n);
const maxUint64 = 2n ** 64n - 1n;

function numberOf(text: string): number | bigint | string | RealNumber {
  const number = Number(text);
  if (integerForm.test(text)) {
    if (Number.isSafeInteger(number)) return number;
    const integer = BigInt(text);
    return integer >= minInt64 && integer <= maxUint64 ? integer : text;
  }
  return Number.isInteger(number) || !Number.isFinite(number) ? new RealNumber(number) : number;
}

/**
 * Reads JSON as NemesisDB does: numbers exact, comments between tokens allowed, and of two members of one name the first
 * wins. Throws a `SyntaxError` for anything else, for half a surrogate pair, and for nesting beyond 1024.
 */
export class JsonParser {
  #at = 0;

  constructor(
    private readonly text: string,
    private readonly commentsAfter: boolean,
  ) {}

  parse(): WireValue {
    this.#skipBlanks(true);
    const value = this.#value(1);
    this.#skipBlanks(this.commentsAfter);
    if (this.#at < this.text.length) throw new SyntaxError('more text after the value');
    return value;
  }

  #value(depth: number): WireValue {
    switch (this.text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): WireObject {
    this.#open(depth);
    const object: WireObject = {};
    if (this.#take('}')) return object;
    do {
      this.#skipBlanks(true);
      const name = this.#string();
      this.#skipBlanks(true);
      if (!this.#take(':')) throw new SyntaxError('a colon is missing');
      this.#skipBlanks(true);
      const value = this.#value(depth + 1);
      if (!Object.hasOwn(object, name)) setMember(object, name, value);
      this.#skipBlanks(true);
    } while (this.#take(','));
    if (!this.#take('}')) throw new SyntaxError('an object does not end');
    return object;
  }

  #array(depth: number): WireValue[] {
    this.#open(depth);
    const array: WireValue[] = [];
    if (this.#take(']')) return array;
    do {
      this.#skipBlanks(true);
      array.push(this.#value(depth + 1));
      this.#skipBlanks(true);
    } while (this.#take(','));
    if (!this.#take(']')) throw new SyntaxError('an array does not end');
    return array;
  }

  #open(depth: number): void {
    if (depth > maxDepth) throw new SyntaxError('nested too deep');
    this.#at += 1;
    this.#skipBlanks(true);
  }

  #string(): string {
    const start = this.#at;
    if (this.text[start] !== '"') throw new SyntaxError('a string is missing');
    let end = start + 1;
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === '\\' ? 2 : 1;
    this.#at = end + 1;
    const string = JSON.parse(this.text.slice(start, this.#at)) as string; // it begins with a quote, so it is one or throws
    if (!string.isWellFormed()) throw new SyntaxError('half a surrogate pair');
    return string;
  }

  #number(): WireValue {
    numberForm.lastIndex = this.#at;
    const [digits] = numberForm.exec(this.text) ?? [];
    if (digits === undefined) throw new SyntaxError('a value is missing');
    this.#at += digits.length;
    return numberOf(digits);
  }

  #word(word: string, value: WireValue): WireValue {
    if (!this.text.startsWith(word, this.#at)) throw new SyntaxError('a value is missing');
    this.#at += word.length;
    return value;
  }

  #take(character: string): boolean {
    if (this.text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #skipBlanks(comments: boolean): void {
    for (;;) {
      const character = this.text[this.#at];
      if (character === ' ' || character === '\n' || character === '\t' || character === '\r') this.#at += 1;
      else if (character === '/' && comments) this.#skipComment();
      else return;
    }
  }

  #skipComment(): void {
    const isBlock = this.text[this.#at + 1] === '*';
    if (!isBlock && this.text[this.#at + 1] !== '/') throw new SyntaxError('a slash that begins no comment');
    const end = this.text.indexOf(isBlock ? '*/' : '\n', this.#at + 2);
    if (end === -1 && isBlock) throw new SyntaxError('a comment does not end');
    this.#at = end === -1 ? this.text.length : end + (isBlock ? 2 : 1);
  }
}
