import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ValueError } from '../../src/errors.js';
import { type JsonInput, parseJson, writeJson } from '../../src/protocol/json.js';
import { storable } from '../support/values.js';

/** The platform writes -0 as 0. */
const holdsMinusZero = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.values(value).some(holdsMinusZero) : Object.is(value, -0);

describe('JSON that is written and read', () => {
  it('is equal to what was written', () => {
    fc.assert(
      fc.property(storable, (value) => {
        expect(parseJson(writeJson(value))).toEqual(value);
      }),
    );
  });

  it('is what the platform writes, if the platform is exact', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(
          !holdsMinusZero(value) &&
            text.isWellFormed() &&
            !/\\ud[89a-f]/.test(text) &&
            !/\d{16}(?![.\d]*e-)/.test(text),
        );
        expect(writeJson(value as JsonInput)).toBe(text);
      }),
    );
  });

  it('is read as the platform reads it, on the slow path too', () => {
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
  ])('is read exactly: %s', (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  it('keeps doubles doubles: a large one is never written as an integer', () => {
    expect(writeJson(2 ** 53)).toBe('9.007199254740992e+15');
    expect(writeJson(1e20)).toBe('1e+20');
    expect(writeJson([-(2 ** 60)])).toBe('[-1.152921504606847e+18]');
    expect(writeJson(2 ** 53 - 1)).toBe('9007199254740991');
  });

  it('takes __proto__ and the like as ordinary names, on both paths', () => {
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

  it('leaves out members that are undefined', () => {
    expect(writeJson({ a: undefined, b: 1 })).toBe('{"b":1}');
    expect(writeJson({ a: undefined, b: 1n })).toBe('{"b":1}');
  });

  it('keeps the sign of -0', () => {
    expect(writeJson({ a: [-0] })).toBe('{"a":[-0.0]}');
    expect(parseJson('[-0.0]')).toEqual([-0]);
  });

  const listWithToJson = Object.assign([1], { toJSON: () => 'something else' });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
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
    ['half a surrogate pair', { s: 'a\ud800' }, '"s" is a string with half a surrogate pair'],
    ['a name of half a surrogate pair', { '\ud800': 1 }, 'has a name with half a surrogate pair'],
    ['an array with toJSON', { list: listWithToJson }, '"list" is an array with toJSON'],
    ['a Proxy that throws', { a: [revoked.proxy] }, '"a".0 threw an error when it was read'],
    ['a cycle', cycle, 'nested more than 1000 levels deep, or contains itself'],
  ])('is refused with its place: %s', (_, value, message) => {
    const attempt = () => writeJson(value as JsonInput);
    expect(attempt).toThrow(ValueError);
    expect(attempt).toThrow(message);
  });

  it('may be nested 900 levels deep, not 1,100', () => {
    const nested = (depth: number) => {
      let value: JsonInput = 1;
      for (let level = 0; level < depth; level++) value = [value];
      return value;
    };
    expect(writeJson(nested(900))).toBe(`${'['.repeat(900)}1${']'.repeat(900)}`);
    expect(() => writeJson(nested(1100))).toThrow(ValueError);
  });
});
