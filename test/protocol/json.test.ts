import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ValueError } from '../../src/errors.js';
import { type JsonInput, parseJson, writeJson } from '../../src/protocol/json.js';
import { storable } from '../support/values.js';

describe('JSON, both ways', () => {
  it('gives back every value that was written', () => {
    fc.assert(
      fc.property(storable, (value) => {
        expect(parseJson(writeJson(value))).toEqual(value);
      }),
    );
  });

  it('writes what the platform writes, where the platform is exact', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(text.isWellFormed() && !/\\ud[89a-f]/.test(text) && !/\d{16}(?![.\d]*e-)/.test(text));
        expect(writeJson(value as JsonInput)).toBe(text);
      }),
    );
  });

  it('reads what the platform reads, on the slow path too', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = `[12345678901234567890,${JSON.stringify(value)}]`;
        const [, read] = parseJson(text) as JsonInput[];
        const [, expected] = JSON.parse(text) as JsonInput[];
        fc.pre(!/\d{16}/.test(JSON.stringify(value)));
        expect(read).toEqual(expected);
      }),
    );
  });

  it.each([
    ['18446744073709551615', 18446744073709551615n],
    ['-9223372036854775808', -9223372036854775808n],
    ['9007199254740992', 9007199254740992n],
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['1000000000000000', 1000000000000000],
    ['9007199254740993.0', 9007199254740992],
    ['0.12345678901234566', 0.12345678901234566],
    ['1e400', Number.POSITIVE_INFINITY],
    ['"12345678901234567890"', '12345678901234567890'],
    ['[[12345678901234567890]]', [[12345678901234567890n]]],
    ['{"a":-12345678901234567890}', { a: -12345678901234567890n }],
    [' 12345678901234567890 ', 12345678901234567890n],
  ])('reads %s exactly', (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  it('keeps doubles doubles: a large one never leaves as an integer', () => {
    expect(writeJson(2 ** 53)).toBe('9.007199254740992e+15');
    expect(writeJson(1e20)).toBe('1e+20');
    expect(writeJson([-(2 ** 60)])).toBe('[-1.152921504606847e+18]');
    expect(writeJson(2 ** 53 - 1)).toBe('9007199254740991');
  });

  it('takes __proto__ and the like as plain names, on both paths', () => {
    for (const text of [
      '{"__proto__":{"polluted":1},"constructor":2}',
      '{"__proto__":{"polluted":1},"n":12345678901234567890}',
    ]) {
      const value = parseJson(text) as Record<string, unknown>;
      expect(Object.keys(value)).toContain('__proto__');
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(value.polluted).toBeUndefined();
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      expect(writeJson(value as JsonInput)).toBe(text);
    }
  });

  it('leaves out members that are undefined, as JSON.stringify does', () => {
    expect(writeJson({ a: undefined, b: 1 })).toBe('{"b":1}');
    expect(writeJson({ a: undefined, b: 1n })).toBe('{"b":1}');
  });

  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  it.each<[string, unknown, string]>([
    ['NaN', { a: [Number.NaN] }, '"a".0 is not a finite number'],
    ['an infinity', Number.POSITIVE_INFINITY, 'The value is not a finite number'],
    ['undefined in an array', { list: [1, undefined] }, '"list".1 is undefined'],
    ['a function', { f: () => 1 }, '"f" is a function'],
    ['a Date', { at: new Date(0) }, '"at" is an instance of Date'],
    ['a Map', { m: new Map() }, '"m" is an instance of Map'],
    ['an object that says how to write itself', { a: { toJSON: () => 1 } }, '"a"."toJSON" is a function'],
    ['more than 64 bits', { n: 2n ** 64n }, '"n" is an integer of more than 64 bits'],
    ['less than 64 bits', { n: -(2n ** 63n) - 1n }, '"n" is an integer of more than 64 bits'],
    ['half a surrogate pair', { s: 'a\ud800' }, '"s" is text with half a surrogate pair'],
    ['a name of half a surrogate pair', { '\ud800': 1 }, 'is named by text with half a surrogate pair'],
    ['a cycle', cycle, 'nested more than 1000 levels deep, or a cycle'],
  ])('refuses %s, and says where it is', (_, value, message) => {
    const attempt = () => writeJson(value as JsonInput);
    expect(attempt).toThrow(ValueError);
    expect(attempt).toThrow(message);
  });

  it('writes nesting of 900 levels, and refuses 1,100', () => {
    const nested = (depth: number) => {
      let value: JsonInput = 1;
      for (let level = 0; level < depth; level++) value = [value];
      return value;
    };
    expect(writeJson(nested(900))).toBe(`${'['.repeat(900)}1${']'.repeat(900)}`);
    expect(() => writeJson(nested(1100))).toThrow(ValueError);
  });
});
