import fc from 'fast-check';
import { parse as parseLossless } from 'lossless-json';
import { describe, expect, it } from 'vitest';
import { parseExactly } from '../../src/protocol/exact-json.js';

/** What a reader makes of a text: a value, or a refusal. */
function outcome(read: (text: string) => unknown, text: string): { value: unknown } | 'refused' {
  try {
    return { value: read(text) };
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxError);
    return 'refused';
  }
}

const noLongIntegers = (text: string) => !/\d{16}/.test(text);

describe('the exact reader', () => {
  it('reads whatever the platform reads, the same', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('', ' ', '\n\t', '\r'), (text, space) => {
        fc.pre(noLongIntegers(text));
        const spaced = space + text.replaceAll(/[,:[\]{}](?=(?:[^"\\]|"(?:[^"\\]|\\.)*")*$)/g, `$&${space}`) + space;
        fc.pre(outcome(JSON.parse, spaced) !== 'refused');
        expect(outcome(parseExactly, spaced)).toEqual(outcome(JSON.parse, spaced));
      }),
    );
  });

  it('refuses whatever the platform refuses', () => {
    const broken = fc.tuple(
      fc.json(),
      fc.nat(),
      fc.nat({ max: 2 }),
      fc.constantFrom(...'{}[]",:0-1.eE+\\ntfu \u0000\n', ''),
    );
    fc.assert(
      fc.property(broken, ([text, place, removed, put]) => {
        const at = place % (text.length + 1);
        const edited = text.slice(0, at) + put + text.slice(at + removed);
        fc.pre(noLongIntegers(edited));
        expect(outcome(parseExactly, edited)).toEqual(outcome(JSON.parse, edited));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    '',
    ' ',
    '-',
    '01',
    '-01',
    '1.',
    '.5',
    '1e',
    '+1',
    '"',
    '"\\"',
    '"\\u12"',
    '[1,]',
    '[,1]',
    '{"a"}',
    '{"a":}',
    '{a:1}',
    '{"a":1,}',
    '1 2',
    'nul',
    'True',
    '"\n"',
    '[',
    '{',
    ']',
  ])('refuses %j', (text) => {
    expect(outcome(parseExactly, text)).toBe('refused');
  });

  it('rounds no integer, as a reader by other hands finds as well', () => {
    const integer = fc.bigInt(-(2n ** 70n), 2n ** 70n);
    const digits = fc.array(
      fc.oneof(integer.map(String), fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)),
    );
    const exact = (text: string) => {
      const number = Number(text);
      return /^-?\d+$/.test(text) && !Number.isSafeInteger(number) ? BigInt(text) : number;
    };
    fc.assert(
      fc.property(digits, (numbers) => {
        const text = `{"n":[${numbers.join(',')}]}`;
        expect(parseExactly(text)).toEqual(parseLossless(text, undefined, exact));
      }),
    );
  });

  it('takes the last of two members of one name, as the platform does', () => {
    expect(parseExactly('{"a":1,"a":2,"__proto__":1,"__proto__":{}}')).toEqual(JSON.parse('{"a":2,"__proto__":{}}'));
  });

  it('ends in a RangeError, not in a crash, where nesting goes deeper than the stack', () => {
    expect(() => parseExactly('['.repeat(1_000_000))).toThrow(RangeError);
  });
});
