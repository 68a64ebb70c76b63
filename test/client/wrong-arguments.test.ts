import type { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ValueError } from '../../src/errors.js';
import { fakeClient } from '../support/peers/fake-client.js';
import { settled } from '../support/settled.js';

type Client = ReturnType<typeof fakeClient>['client'];

/** For calls as an untyped program makes them. */
const untyped = (client: Client) => client as unknown as Record<string, (...args: unknown[]) => Observable<unknown>>;

const wrong: [string, string, unknown[], string][] = [
  ['sh_set', 'a token that is a number', [12, {}], 'tkn'],
  ['sh_set', 'a token of 0, which no session has', [0n, {}], 'tkn'],
  ['sh_set', 'a negative token', [-1n, {}], 'tkn'],
  ['sh_set', 'a token past 2^64', [2n ** 64n, {}], 'tkn'],
  ['sh_set', 'a token past 2^64 as digits', ['18446744073709551616', {}], 'tkn'],
  ['sh_set', 'a token with a leading zero', ['012', {}], 'tkn'],
  ['sh_set', 'a token in quotes', ['"12"', {}], 'tkn'],
  ['sh_set', 'no keys', [1n], 'keys'],
  ['sh_set', 'an array of keys', [1n, ['a']], 'keys'],
  ['sh_set', 'a value that JSON has no form for', [1n, { a: () => 1 }], 'value'],
  ['kv_set', 'null', [null], 'keys'],
  ['kv_set', 'a Map', [new Map()], 'keys'],
  ['sh_get', 'key and keys at once', [1n, { key: 'a', keys: ['b'] }], 'query'],
  ['sh_get', 'neither key nor keys', [1n, {}], 'query'],
  ['sh_get', 'nothing', [1n], 'query'],
  ['sh_get', 'a key that is not a string', [1n, { key: 1 }], 'query'],
  ['sh_get', 'keys of which one is not a string', [1n, { keys: ['a', 1] }], 'query'],
  ['sh_get', 'an object that is no schema', [1n, { key: 'a', schema: {} }], 'query'],
  [
    'sh_get',
    'a schema of one value for several keys',
    [1n, { keys: ['a'], schema: { '~standard': { validate() {} } } }],
    'query',
  ],
  ['kv_rmv', 'no key at all, which the server refuses', [{ keys: [] }], 'keys'],
  ['kv_rmv', 'an empty array', [[]], 'keys'],
  ['sh_contains', 'a string', [1n, 'a'], 'keys'],
  ['sh_session_exists', 'a number among the tokens', [[1n, 2]], 'tkns'],
  ['sh_save', 'an empty name', [''], 'name'],
  ['sh_save', 'no tokens', [{ name: 'x', tkns: [] }], 'tkns'],
  ['sh_save', 'a misspelt member', [{ name: 'x', tokens: [1n] }], 'name'],
  ['kv_load', 'no name', [], 'name'],
  ['kv_find', 'an unknown rsp', [{ path: '$', rsp: 'values' }], 'rsp'],
  ['kv_find', 'an empty path', [{ path: '', rsp: 'kv' }], 'path'],
  ['kv_update', 'no value', [{ key: 'a', path: '$' }], 'value'],
  ['kv_arr_append', 'items that are not an array', [{ key: 'a', items: 1 }], 'items'],
  ['sv_info', 'a timeout of 0', [{ timeout: 0 }], 'timeout'],
  ['sv_info', 'a timeout without end', [{ timeout: Number.POSITIVE_INFINITY }], 'timeout'],
  ['sv_info', 'an unknown kind of retry', [{ retry: 'all' }], 'retry'],
  ['sv_info', 'a misspelt option', [{ timout: 1 }], 'options'],
  ['sv_info', 'options that are not an object', ['fast'], 'options'],
];

describe('wrong arguments', () => {
  it.each(wrong)(
    '%s with %s ends in a ValueError that names it, and nothing is sent',
    async (method, _, args, parameter) => {
      const { client, transport } = fakeClient();
      const { values, error } = await settled(untyped(client)[method]?.(...args) as Observable<unknown>);
      expect(values).toEqual([]);
      expect(error).toBeInstanceOf(ValueError);
      expect(error).toMatchObject({ code: 'NDB_VALUE', outcome: 'not-sent', parameter });
      expect((error as Error).message).toMatch(new RegExp(`^${method}: .*(must|takes|has no|is )`));
      expect(transport.sent).toEqual([]);
    },
  );

  it('whose getters throw end in a ValueError that names the place', async () => {
    const { client, transport } = fakeClient();
    const cause = new Error('mine');
    const throwing = {
      get inside(): number {
        throw cause;
      },
    };
    const { error } = await settled(client.kv_set({ throwing }));
    expect(error).toBeInstanceOf(ValueError);
    expect(error).toMatchObject({ outcome: 'not-sent', cause });
    expect((error as Error).message).toMatch(
      /^kv_set: The value at "throwing"\."inside" threw an error when it was read/,
    );
    expect(transport.sent).toEqual([]);
  });

  it('are not quoted in the message, nor are tokens', async () => {
    const { client } = fakeClient();
    const { error } = await settled(
      untyped(client).sh_set?.('99secret99', { password: 'hunter2' }) as Observable<unknown>,
    );
    const { error: second } = await settled(
      untyped(client).sh_set?.(1n, { password: new Date('1999-01-01') }) as Observable<unknown>,
    );
    expect(String(error)).not.toMatch(/99secret99|hunter2/);
    expect(String(second)).not.toMatch(/1999/);
  });
});

describe('right arguments', () => {
  it.each<[string, (client: Client) => Observable<unknown>, string]>([
    ['no keys: touches the session', (client) => client.sh_set(1n, {}), '{"SH_SET":{"tkn":1,"keys":{}}}'],
    [
      'a token of decimal digits',
      (client) => client.sh_count('18446744073709551615'),
      '{"SH_COUNT":{"tkn":18446744073709551615}}',
    ],
    ['the largest token', (client) => client.sh_end(2n ** 64n - 1n), '{"SH_END":{"tkn":18446744073709551615}}'],
    ['no arguments', (client) => client.sh_end_all(), '{"SH_END_ALL":{}}'],
    ['one key', (client) => client.sh_get(1n, { key: 'a"b' }), '{"SH_GET":{"tkn":1,"keys":["a\\"b"]}}'],
    ['no keys to get', (client) => client.kv_get({ keys: [] }), '{"KV_GET":{"keys":[]}}'],
    ['keys as a list', (client) => client.kv_rmv(['a', 'b']), '{"KV_RMV":{"keys":["a","b"]}}'],
    [
      'key undefined beside keys',
      (client) => client.kv_get({ key: undefined, keys: ['a'] } as never),
      '{"KV_GET":{"keys":["a"]}}',
    ],
    ['a single token', (client) => client.sh_session_exists('5'), '{"SH_EXISTS":{"tkns":[5]}}'],
    ['a dataset by name', (client) => client.kv_save('ds'), '{"KV_SAVE":{"name":"ds"}}'],
    ['a dataset as an object', (client) => client.sh_load({ name: 'ds' }), '{"SH_LOAD":{"name":"ds"}}'],
    [
      'tokens to save',
      (client) => client.sh_save({ name: 'ds', tkns: [1n, '2'] }),
      '{"SH_SAVE":{"name":"ds","tkns":[1,2]}}',
    ],
    [
      'a find',
      (client) => client.kv_find({ path: '$.a', rsp: 'kv', keys: ['k'] }),
      '{"KV_FIND":{"path":"$.a","rsp":"kv","keys":["k"]}}',
    ],
    [
      'an update to null',
      (client) => client.kv_update({ key: 'k', path: '$', value: null }),
      '{"KV_UPDATE":{"key":"k","path":"$","value":null}}',
    ],
    [
      'items of 64 bits',
      (client) => client.kv_arr_append({ key: 'k', items: [2n ** 63n] }),
      '{"KV_ARR_APPEND":{"key":"k","items":[9223372036854775808]}}',
    ],
    [
      '__proto__ as a key',
      (client) => client.kv_set(JSON.parse('{"__proto__":{"a":1}}')),
      '{"KV_SET":{"keys":{"__proto__":{"a":1}}}}',
    ],
  ])('%s', async (_, command, text) => {
    const { client, transport } = fakeClient();
    await settled(command(client));
    expect(transport.sent.map((sent) => sent.text)).toEqual([text]);
  });
});
