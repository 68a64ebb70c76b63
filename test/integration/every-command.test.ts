import { lastValueFrom, map, type Observable } from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { type NdbClient, type NewSession, ResponseError, Status } from '../../src/index.js';
import { serverUnderTest } from '../support/peers/server-under-test.js';
import { settled } from '../support/settled.js';

const server = serverUnderTest();
let client: NdbClient;

const value = <Value>(command: Observable<Value>) => lastValueFrom(command);
const create = (params?: NewSession) => value(client.sh_create_session(params).pipe(map((session) => session.tkn)));
const sorted = (keys: readonly string[]) => [...keys].sort();

beforeEach(async () => {
  client = await server.connect();
  await value(client.kv_clear());
});

describe('sv_info', () => {
  it('emits the version of the server, and whether it persists', async () => {
    expect(await value(client.sv_info())).toMatchObject({
      serverVersion: expect.any(String),
      persistEnabled: server.persists,
    });
  });
});

describe('the commands of the top level', () => {
  it('set, add, get, contain, count, list, remove and clear', async () => {
    await value(client.kv_set({ a: 1, b: { c: [true, null, 'x'] } }));
    await value(client.kv_add({ a: 2, d: 2n ** 63n }));
    expect(await value(client.kv_get({ keys: ['a', 'b', 'd', 'zz'] }))).toEqual({
      a: 1,
      b: { c: [true, null, 'x'] },
      d: 2n ** 63n,
    });
    expect(await value(client.kv_get({ key: 'd' }))).toBe(2n ** 63n);
    expect(await value(client.kv_get({ key: 'zz' }))).toBeUndefined();
    expect(await value(client.kv_contains(['zz', 'b', 'a']))).toEqual(['b', 'a']);
    expect(await value(client.kv_count())).toBe(3);
    expect(sorted(await value(client.kv_keys()))).toEqual(['a', 'b', 'd']);
    await value(client.kv_rmv({ key: 'a' }));
    expect(await value(client.kv_clear_set({ e: 1 }))).toBe(2);
    expect(await value(client.kv_keys())).toEqual(['e']);
    expect(await value(client.kv_clear())).toBe(1);
    expect(await value(client.kv_count())).toBe(0);
  });

  it('find, update and append', async () => {
    await value(client.kv_set({ u: { name: 'bob', roles: ['a'] }, v: [1, 2], y: { name: 'eve' } }));
    expect(sorted(await value(client.kv_find({ path: '$.name', rsp: 'keys' })))).toEqual(['u', 'y']);
    expect(await value(client.kv_find({ path: '$.name', rsp: 'keys', keys: ['y'] }))).toEqual(['y']);
    expect(await value(client.kv_find({ path: '$.roles', rsp: 'paths' }))).toEqual(["$['roles']"]);
    expect(await value(client.kv_find({ path: '$.roles', rsp: 'kv' }))).toEqual({ u: { name: 'bob', roles: ['a'] } });
    expect(await value(client.kv_find({ path: '$.nobody', rsp: 'keys' }))).toEqual([]);
    expect(await value(client.kv_find({ path: '$.nobody', rsp: 'kv' }))).toEqual({});
    expect(await value(client.kv_update({ key: 'v', path: '$[*]', value: 0 }))).toBe(2);
    await value(client.kv_arr_append({ key: 'v', items: [3, [4]] }));
    await value(client.kv_arr_append({ key: 'u', name: 'roles', items: ['b'] }));
    expect(await value(client.kv_get({ keys: ['u', 'v'] }))).toEqual({
      u: { name: 'bob', roles: ['a', 'b'] },
      v: [0, 0, 3, [4]],
    });
    expect((await settled(client.kv_arr_append({ key: 'zz', items: [] }))).error).toMatchObject({
      status: Status.KeyNotExist,
    });
    expect((await settled(client.kv_find({ path: '$[', rsp: 'kv' }))).error).toMatchObject({
      statusName: 'PathInvalid',
    });
  });

  it('save and load', async ({ skip }) => {
    skip(!server.persists, 'the server does not persist');
    const name = `keys-${Date.now()}`;
    await value(client.kv_set({ a: 1, n: 2n ** 64n - 1n }));
    expect(await value(client.kv_save(name))).toEqual({ name, duration: expect.any(Number) });
    await value(client.kv_clear());
    expect(await value(client.kv_load({ name }))).toEqual({ name, keys: 2, sessions: 0, duration: expect.any(Number) });
    expect(await value(client.kv_get({ keys: ['a', 'n'] }))).toEqual({ a: 1, n: 2n ** 64n - 1n });
    expect((await settled(client.kv_load(`${name}-absent`))).error).toMatchObject({ statusName: 'LoadError' });
  });

  it('over more keys than maxPayload allows go in several requests', async () => {
    const keys = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`key ${index} é`, { index, text: 'x'.repeat(index) }]),
    );
    await value(client.kv_set(keys));
    expect(await value(client.kv_get({ keys: Object.keys(keys) }))).toEqual(keys);
    expect(await value(client.kv_contains(Object.keys(keys)))).toEqual(Object.keys(keys));
    await value(client.kv_rmv(Object.keys(keys)));
    expect(await value(client.kv_count())).toBe(0);
  });
});

describe('the commands of sessions', () => {
  it('set, add, get, contain, count, list, remove and clear', async () => {
    const tkn = await create();
    await value(client.sh_set(tkn, { a: 1 }));
    await value(client.sh_add(tkn.toString(), { a: 2, b: 'x' }));
    expect(await value(client.sh_get(tkn, { keys: ['a', 'b', 'zz'] }))).toEqual({ a: 1, b: 'x' });
    expect(await value(client.sh_get(tkn, { key: 'b' }))).toBe('x');
    expect(await value(client.sh_contains(tkn, ['b', 'zz']))).toEqual(['b']);
    expect(await value(client.sh_count(tkn))).toBe(2);
    expect(sorted(await value(client.sh_keys(tkn)))).toEqual(['a', 'b']);
    await value(client.sh_rmv(tkn, ['a']));
    expect(await value(client.sh_clear_set(tkn, { c: 3 }))).toBe(1);
    expect(await value(client.sh_clear(tkn))).toBe(1);
    expect(await value(client.sh_get(tkn, { keys: ['c'] }))).toEqual({});
    expect(await value(client.kv_count())).toBe(0);
  });

  it('describe a session, and end it', async () => {
    const forever = await create();
    const tkn = await create({ durationSeconds: 60, deleteSessionOnExpire: true, extendOnGet: true });
    expect(await value(client.sh_info(forever))).toEqual({ tkn: forever, shared: false, keyCnt: 0, expires: false });
    const info = await value(client.sh_info(tkn));
    expect(info).toMatchObject({
      tkn,
      expires: true,
      expiry: { duration: 60, deleteSession: true, extendOnSetAdd: false, extendOnGet: true },
    });
    expect(await value(client.sh_session_exists([forever, 1n, tkn]))).toEqual([forever, tkn]);
    await value(client.sh_end(tkn));
    expect(await value(client.sh_session_exists(tkn))).toEqual([]);
    const { error } = await settled(client.sh_get(tkn, { key: 'a' }));
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({ status: 100, command: 'SH_GET' });
    await value(client.sh_end(forever));
  });

  it('count and end all sessions', async () => {
    await value(client.sh_end_all());
    const [first] = [await create(), await create()];
    await value(client.sh_set(first, { a: 1, b: 2 }));
    expect(await value(client.sh_info_all())).toEqual({ totalSessions: 2, totalKeys: 2 });
    expect(await value(client.sh_end_all())).toBe(2);
    expect(await value(client.sh_info_all())).toEqual({ totalSessions: 0, totalKeys: 0 });
  });

  it('save and load', async ({ skip }) => {
    skip(!server.persists, 'the server does not persist');
    const name = `sessions-${Date.now()}`;
    const [saved, other] = [await create({ durationSeconds: 500 }), await create()];
    await value(client.sh_set(saved, { a: 1 }));
    expect(await value(client.sh_save({ name, tkns: [saved] }))).toEqual({ name, duration: expect.any(Number) });
    await value(client.sh_end(saved));
    await value(client.sh_end(other));
    expect(await value(client.sh_load(name))).toEqual({ name, sessions: 1, keys: 1 });
    expect(await value(client.sh_get(saved, { key: 'a' }))).toBe(1);
    expect(await value(client.sh_session_exists([saved, other]))).toEqual([saved]);
    await value(client.sh_end(saved));
  });

  it('keep concurrent sessions apart', async () => {
    const tkns = await Promise.all(Array.from({ length: 50 }, () => create()));
    await Promise.all(tkns.map((tkn) => value(client.sh_set(tkn, { mine: tkn }))));
    const mine = await Promise.all(tkns.map((tkn) => value(client.sh_get(tkn, { key: 'mine' }))));
    expect(mine.map(String)).toEqual(tkns.map(String)); // one in 2,048 tokens is small, and comes back as a number
    await Promise.all(tkns.map((tkn) => value(client.sh_end(tkn))));
  });
});
