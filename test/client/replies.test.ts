import type { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ProtocolError, ResponseError } from '../../src/errors.js';
import type { JsonObject } from '../../src/protocol/json.js';
import { fakeClient } from '../support/peers/fake-client.js';
import { settled } from '../support/settled.js';

type Client = ReturnType<typeof fakeClient>['client'];

const expiry = { deleteSession: false, duration: 60, extendOnGet: true, extendOnSetAdd: false, remaining: -1 };

describe('a reply of success', () => {
  it.each<[string, (client: Client) => Observable<unknown>, JsonObject, unknown]>([
    [
      'sv_info',
      (client) => client.sv_info(),
      { st: 1, serverVersion: '0.7.2', persistEnabled: true },
      { serverVersion: '0.7.2', persistEnabled: true },
    ],
    [
      'sv_info',
      (client) => client.sv_info(),
      { st: 1, serverVersion: '1', persistEnabled: false, maxPayload: 8192 },
      { serverVersion: '1', persistEnabled: false, maxPayload: 8192 },
    ],
    ['sh_set', (client) => client.sh_set(1n, { a: 1 }), { st: 1 }, undefined],
    ['sh_get', (client) => client.sh_get(1n, { key: 'a' }), { st: 1, keys: { a: null } }, null],
    ['sh_get', (client) => client.sh_get(1n, { key: 'toString' }), { st: 1, keys: {} }, undefined],
    ['sh_get', (client) => client.sh_get(1n, { keys: ['a', 'b'] }), { st: 1, keys: { a: 1 } }, { a: 1 }],
    ['sh_count', (client) => client.sh_count(1n), { st: 1, cnt: 3 }, 3],
    ['sh_contains', (client) => client.sh_contains(1n, ['b', 'a']), { st: 1, contains: ['b'] }, ['b']],
    ['sh_keys', (client) => client.sh_keys(1n), { st: 1, keys: ['a'] }, ['a']],
    ['sh_clear', (client) => client.sh_clear(1n), { st: 1, cnt: 2 }, 2],
    ['sh_clear_set', (client) => client.sh_clear_set(1n, { a: 1 }), { st: 1, cnt: 2 }, 2],
    ['sh_end', (client) => client.sh_end(1n), { st: 1, tkn: 1 }, undefined],
    ['sh_end_all', (client) => client.sh_end_all(), { st: 1, cnt: 9 }, 9],
    [
      'sh_session_exists',
      (client) => client.sh_session_exists([1n, 2n]),
      { st: 1, exist: [1, 2n ** 64n - 1n] },
      [1n, 2n ** 64n - 1n],
    ],
    [
      'sh_info',
      (client) => client.sh_info(1n),
      { st: 1, tkn: 1, shared: false, keyCnt: 0, expires: false },
      { tkn: 1n, shared: false, keyCnt: 0, expires: false },
    ],
    [
      'sh_info',
      (client) => client.sh_info(1n),
      { st: 1, tkn: 1, shared: false, keyCnt: 2, expires: true, expiry },
      { tkn: 1n, shared: false, keyCnt: 2, expires: true, expiry },
    ],
    [
      'sh_info_all',
      (client) => client.sh_info_all(),
      { st: 1, totalKeys: 3, totalSessions: 2 },
      { totalKeys: 3, totalSessions: 2 },
    ],
    ['sh_save', (client) => client.sh_save('ds'), { st: 121, name: 'ds', duration: 4 }, { name: 'ds', duration: 4 }],
    [
      'sh_load',
      (client) => client.sh_load('ds'),
      { st: 141, name: 'ds', sessions: 2, keys: 3 },
      { name: 'ds', sessions: 2, keys: 3 },
    ],
    ['kv_find', (client) => client.kv_find({ path: '$', rsp: 'keys' }), { st: 1, keys: ['a'] }, ['a']],
    ['kv_find', (client) => client.kv_find({ path: '$', rsp: 'paths' }), { st: 1, paths: ['$'] }, ['$']],
    ['kv_find', (client) => client.kv_find({ path: '$', rsp: 'kv' }), { st: 1, keys: { a: 1 } }, { a: 1 }],
    ['kv_update', (client) => client.kv_update({ key: 'a', path: '$', value: 1 }), { st: 1, cnt: 1 }, 1],
    ['kv_arr_append', (client) => client.kv_arr_append({ key: 'a', items: [] }), { st: 1 }, undefined],
    ['kv_save', (client) => client.kv_save('ds'), { st: 121, name: 'ds', duration: 0 }, { name: 'ds', duration: 0 }],
    [
      'kv_load',
      (client) => client.kv_load('ds'),
      { st: 141, name: 'ds', keys: 3, sessions: 0, duration: 0 },
      { name: 'ds', keys: 3, sessions: 0, duration: 0 },
    ],
  ])('to %s becomes its result', async (_, command, body, result) => {
    const { client } = fakeClient(() => body);
    expect(await settled(command(client))).toEqual({ values: [result] });
  });

  it('emits values by reference: nothing copies them', async () => {
    const keys = { big: { deep: [1, 2, 3] } };
    const { client } = fakeClient(() => ({ st: 1, keys }));
    expect((await settled(client.kv_get({ keys: ['big'] }))).values[0]).toBe(keys);
    expect((await settled(client.kv_get({ key: 'big' }))).values[0]).toBe(keys.big);
  });
});

describe('a reply of any other status', () => {
  it.each<[string, (client: Client) => Observable<unknown>, number, string, RegExp]>([
    [
      'a session that is gone',
      (client) => client.sh_get(1n, { key: 'a' }),
      100,
      'SessionNotExist',
      /expired or was ended/,
    ],
    [
      'a server without sessions',
      (client) => client.sh_count(1n),
      10,
      'CommandNotExist',
      /no sessions, as NemesisDB 0\.9/,
    ],
    ['an unknown kv command', (client) => client.kv_count(), 10, 'CommandNotExist', /does not have the command/],
    ['persistence switched off', (client) => client.kv_save('x'), 14, 'CommandDisabled', /persistence/],
    ['a save that is not complete', (client) => client.kv_save('x'), 1, 'Ok', /refused/],
    ['a load that failed', (client) => client.sh_load('x'), 142, 'LoadError', /no complete dataset/],
    ['a status of the future', (client) => client.kv_count(), 4711, 'Unknown', /4711/],
  ])(
    'is a ResponseError with its number, its name, and what to do: %s',
    async (_, command, st, statusName, message) => {
      const { client } = fakeClient(() => ({ st, m: 'why' }));
      const { error } = await settled(command(client));
      expect(error).toBeInstanceOf(ResponseError);
      expect(error).toMatchObject({ outcome: 'executed' });
      expect(error).toMatchObject({ status: st, statusName, serverMessage: 'why' });
      expect((error as Error).message).toMatch(message);
    },
  );
});

describe('a reply that no NemesisDB sends', () => {
  it.each<[string, (client: Client) => Observable<unknown>, JsonObject]>([
    ['no status', (client) => client.kv_set({}), {}],
    ['a status that is a string', (client) => client.kv_set({}), { st: '1' }],
    ['no count', (client) => client.kv_count(), { st: 1 }],
    ['a count that is a string', (client) => client.kv_count(), { st: 1, cnt: '3' }],
    ['keys that are an array', (client) => client.kv_get({ key: 'a' }), { st: 1, keys: ['a'] }],
    ['no keys', (client) => client.kv_get({ keys: ['a'] }), { st: 1 }],
    ['a key that is a number', (client) => client.kv_keys(), { st: 1, keys: [1] }],
    ['a token that is a string', (client) => client.sh_session_exists(1n), { st: 1, exist: ['1'] }],
    ['paths for keys', (client) => client.kv_find({ path: '$', rsp: 'keys' }), { st: 1, paths: [] }],
    ['an object for keys', (client) => client.kv_find({ path: '$', rsp: 'keys' }), { st: 1, keys: {} }],
    [
      'an expiry without its duration',
      (client) => client.sh_info(1n),
      { st: 1, tkn: 1, shared: false, keyCnt: 0, expires: true, expiry: {} },
    ],
  ])('is a ProtocolError that names the command: %s', async (_, command, body) => {
    const { client } = fakeClient(() => body);
    const { values, error } = await settled(command(client));
    expect(values).toEqual([]);
    expect(error).toBeInstanceOf(ProtocolError);
    expect((error as ProtocolError).command).toMatch(/^(SH|KV)_/);
  });
});
