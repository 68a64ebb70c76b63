import { firstValueFrom, lastValueFrom, mergeMap, range, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type NdbClient, ProtocolError, ValueError } from '../../src/index.js';
import { faultSetting } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

const setting = faultSetting();

async function filled(): Promise<NdbClient> {
  const client = await setting.connect();
  await lastValueFrom(range(0, 60).pipe(mergeMap((place) => client.kv_set({ [`k${place}`]: place }))));
  return client;
}

const badFrames = {
  'no JSON': 'oops',
  'cut JSON': '{"KV_GET_RSP":{"st":1,',
  'of no shape': '[]',
  empty: '',
  'unasked for': '{"KV_COUNT_RSP":{"st":1,"cnt":1}}',
};

/** What a get of each key came to, so many at once. */
const gets = (client: NdbClient, atOnce: number, before: (place: number) => void = () => {}) =>
  lastValueFrom(
    range(0, 60).pipe(
      mergeMap((place) => {
        before(place);
        return settled(client.kv_get({ key: `k${place}` })).then((end) => ({ place, end }));
      }, atOnce),
      toArray(),
    ),
  );

describe('one bad frame', () => {
  it.each(Object.entries(badFrames))('(%s) ends no other stream', async (_, frame) => {
    const client = await filled();
    const states = lastValueFrom(client.connection$.pipe(toArray()));
    const activity = lastValueFrom(client.activity$.pipe(toArray()));
    setting.proxy.hinder('down', { delay: 2 });
    const all = await Promise.all([
      gets(client, 1, (place) => place === 3 && setting.proxy.inject(frame)),
      gets(client, 4),
    ]);
    const failed = all.flat().filter(({ end }) => 'error' in end);
    for (const { place, end } of all.flat()) if (!('error' in end)) expect(end.values).toEqual([place]);
    // Only a request alone in flight can have been answered with it.
    expect(failed.length).toBeLessThanOrEqual(1);
    for (const { end } of failed) expect(end.error).toBeInstanceOf(ProtocolError);
    await lastValueFrom(client.close());
    expect((await states).filter(({ state }) => state === 'open')).toHaveLength(2);
    expect((await activity).length).toBeGreaterThan(120);
  });

  it('that comes when nothing was asked leads to a new connection, before anybody is answered with it', async () => {
    const client = await filled();
    setting.proxy.inject('{"KV_GET_RSP":{"st":1,"keys":{"k1":"wrong"}}}');
    await expect.poll(() => setting.proxy.accepted).toBe(2);
    expect(await firstValueFrom(client.kv_get({ key: 'k1' }))).toBe(1);
  });

  it('that can not be written harms only its own call', async () => {
    const client = await setting.connect();
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const neighbours = [settled(client.kv_set({ a: 1 })), settled(client.kv_count())];
    // What no program that the compiler has seen would send.
    const { error } = await settled(client.kv_set({ bad: circular as never }));
    expect(error).toBeInstanceOf(ValueError);
    for (const neighbour of await Promise.all(neighbours)) expect(neighbour.error).toBeUndefined();
    expect(await firstValueFrom(client.kv_get({ key: 'a' }))).toBe(1);
  });
});

describe('a subscriber that throws', () => {
  it('is heard of as any uncaught error is, and harms no other call', async () => {
    const client = await setting.connect();
    const caught: unknown[] = [];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => caught.push(error));
    try {
      client.kv_count().subscribe(() => {
        throw new Error('of a subscriber');
      });
      const neighbours = await Promise.all([settled(client.kv_count()), settled(client.kv_set({ a: 1 }))]);
      for (const { error } of neighbours) expect(error).toBeUndefined();
      await expect.poll(() => caught.map(String)).toEqual(['Error: of a subscriber']);
      expect(await firstValueFrom(client.kv_get({ key: 'a' }))).toBe(1);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of others) process.on('uncaughtException', listener);
    }
  });
});
