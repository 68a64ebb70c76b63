import { describe, expect, it } from 'vitest';
import type { AnyRow } from '../../src/protocol/command-row.js';
import { commands } from '../../src/protocol/commands.js';
import { type JsonObject, parseJson } from '../../src/protocol/json.js';

const many = Array.from({ length: 20 }, (_, index) => `key ${index}`);
/** Keys as they come; `__proto__` is one like any other. */
const parse = (keys: string): JsonObject => ({ keys: parseJson(keys) });
const large = 2n ** 64n - 1n;

/** What is asked, a reply to it, and one to something else that was asked by the same command. */
const cases: readonly (readonly [
  method: keyof typeof commands,
  argument: unknown,
  own: JsonObject,
  other: JsonObject,
])[] = [
  ['sh_get', { key: 'a' }, { keys: { a: 1 } }, { keys: { b: 1 } }],
  ['kv_get', { keys: ['a', 'b'] }, { keys: { b: 1 } }, { keys: { b: 1, c: 2 } }],
  ['kv_get', { keys: many }, { keys: { 'key 19': 1 } }, { keys: { 'key 20': 1 } }],
  ['sh_contains', ['a', 'b'], { contains: ['b'] }, { contains: ['c'] }],
  ['sh_session_exists', [1n, '2', large], { exist: [1, large] }, { exist: [3] }],
  ['sh_info', undefined, { tkn: large, keyCnt: 0 }, { tkn: large - 1n, keyCnt: 0 }],
  ['sh_end', undefined, { tkn: large }, { tkn: 5 }],
  ['kv_find', { path: '$', rsp: 'keys', keys: ['a'] }, { keys: ['a'] }, { keys: ['b'] }],
  ['kv_find', { path: '$', rsp: 'kv', keys: ['a'] }, { keys: { a: 1 } }, { keys: { b: 1 } }],
  ['kv_get', { keys: ['a', 'a', '__proto__'] }, parse('{"__proto__":1,"a":3}'), parse('{"toString":1}')],
  ['kv_save', 'mine', { name: 'mine', duration: 1 }, { name: 'yours', duration: 1 }],
  ['sh_load', { name: 'mine' }, { name: 'mine' }, { name: 'yours' }],
];

describe('a reply', () => {
  it.each([
    { path: '$', rsp: 'keys', keys: [] },
    { path: '$', rsp: 'keys' },
  ])('to kv_find of all keys may hold any', (query) => {
    const row: AnyRow = commands.kv_find;
    expect(row.repeats?.({ st: 1, keys: ['a'] }, query, undefined)).toBe(true);
  });

  it.each(cases)('to %s is told from one to something else', (method, argument, own, other) => {
    const row: AnyRow = commands[method];
    expect(row.repeats?.({ st: 1, ...own }, argument, large)).toBe(true);
    expect(row.repeats?.({ st: 1, ...other }, argument, large)).toBe(false);
  });

  it.each(cases)('to %s may be a refusal, or of another shape', (method, argument) => {
    const row: AnyRow = commands[method];
    expect(row.repeats?.({ st: 100, m: '', tkn: null }, argument, large)).toBe(true);
    expect(row.repeats?.({ st: 1, keys: [1], contains: [2], exist: ['x'], tkn: 'x', name: 3 }, argument, large)).toBe(
      true,
    );
  });
});
