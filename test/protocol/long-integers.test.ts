import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonValue, parseJson } from '../../src/protocol/json.js';

/** The values after an integer that a double can't hold, for which the platform's JSON is not used. */
function parseBesideLongInteger(text: string): readonly JsonValue[] {
  const all = parseJson(`[9007199254740993,${text}]`);
  if (!Array.isArray(all)) throw new TypeError('not an array');
  expect(all[0]).toBe(9007199254740993n);
  return all.slice(1);
}

/** The values after an integer that the platform reads. */
const parseBesideShortInteger = (text: string): readonly JsonValue[] => JSON.parse(`[1,${text}]`).slice(1);

/** What a parser makes of a string: a value, or a refusal. */
function outcome(read: (text: string) => unknown, text: string): { value: unknown } | 'refused' {
  try {
    return { value: read(text) };
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxError);
    return 'refused';
  }
}

const noLongIntegers = (text: string) => !/\d{16}/.test(text);

describe('JSON with integers that a double can not hold', () => {
  it('is read as the platform reads it, apart from those', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('', ' ', '\n\t', '\r'), (text, space) => {
        fc.pre(noLongIntegers(text));
        const spaced = space + text.replaceAll(/[,:[\]{}](?=(?:[^"\\]|"(?:[^"\\]|\\.)*")*$)/g, `$&${space}`) + space;
        fc.pre(outcome(parseBesideShortInteger, spaced) !== 'refused');
        expect(outcome(parseBesideLongInteger, spaced)).toEqual(outcome(parseBesideShortInteger, spaced));
      }),
    );
  });

  it('is refused if the platform refuses it', () => {
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
        expect(outcome(parseBesideLongInteger, edited)).toEqual(outcome(parseBesideShortInteger, edited));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
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
    '{]',
  ])('is refused if it is not JSON: %j', (text) => {
    expect(outcome(parseBesideLongInteger, text)).toBe('refused');
  });

  it('is read without rounding', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 70n), 2n ** 70n), (integer) => {
        expect(BigInt(String(parseBesideLongInteger(integer.toString())[0]))).toBe(integer);
      }),
    );
  });

  it('has the last of two members of one name, as on the platform', () => {
    expect(parseBesideLongInteger('{"a":1,"a":2,"__proto__":1,"__proto__":{}}')).toEqual([
      JSON.parse('{"a":2,"__proto__":{}}'),
    ]);
  });

  it('ends in a RangeError if the nesting exceeds the stack', () => {
    expect(() => parseBesideLongInteger('['.repeat(1_000_000))).toThrow(RangeError);
  });
});
