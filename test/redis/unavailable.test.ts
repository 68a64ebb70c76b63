import { redisStore } from 'rx-nemesisdb/server/redis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Store, StoreUnavailable } from '../../src/server/store/store.js';
import { startRedis } from './support/redis-processes.js';
import { startTraffic, wrongNumbers } from './support/traffic.js';
import { until } from './support/until.js';

const timeout = 500;
const never = undefined;
const brief = { duration: 1, deleteSession: true, extendOnSetAdd: false, extendOnGet: false };

describe('over one Redis', () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let store: Store;

  beforeEach(async () => {
    redis = await startRedis();
    store = await redisStore({ url: redis.url, timeout });
    await store.open();
  });
  afterEach(async () => {
    await store.close();
    await redis.stop();
  });

  test('calls fail as unavailable while Redis is stopped, and work once it goes on', async () => {
    await store.start('1', never, [['a', '1']]);
    redis.signal('SIGSTOP');
    await expect(store.get('1', ['a'])).rejects.toThrow(StoreUnavailable);
    await expect(store.set('1', [['a', '2']], false)).rejects.toThrow('may still take effect');
    expect(store.isReady).toBe(false);

    redis.signal('SIGCONT');
    expect(await store.set('1', [['a', '3']], false)).toBe('written');
    expect(await store.get('1', ['a'])).toEqual(['3']);
  });

  test('a store that is not there is said to be unavailable when the server starts', async () => {
    const absent = await redisStore({ url: 'redis://127.0.0.1:1', timeout });
    await expect(absent.open()).rejects.toThrow(StoreUnavailable);
  });

  test('connections that are cut cost the calls on them, and no change is lost or made twice', async () => {
    const keys = ['a', 'b', 'c', 'd'];
    await store.set(
      undefined,
      keys.map((key) => [key, '0'] as const),
      false,
    );
    const traffic = startTraffic(store, keys);
    for (let cut = 0; cut < 10; cut++) {
      const before = sum(traffic.acknowledged);
      await redis.command('CLIENT', 'KILL', 'TYPE', 'normal').catch(() => {});
      await until(() => sum(traffic.acknowledged) > before + 20);
    }
    await traffic.stop();

    expect(traffic.surprises).toEqual([]);
    expect(await wrongNumbers(store, traffic)).toEqual([]);
  });

  test('calls work after somebody has emptied the cache of scripts', async () => {
    await redis.command('SCRIPT', 'FLUSH');
    expect(await store.start('1', never, [['a', '1']])).toBe('started');
    expect(await store.get('1', ['a'])).toEqual(['1']);
  });

  test('a Redis out of memory refuses what grows, and nothing else', async () => {
    await store.start('1', never, [['a', '1']]);
    await store.start('2', never, []);
    await store.start('3', brief, [['a', '1']]);
    await store.set(undefined, [['k', '1']], false);
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');

    expect(await store.set('1', [['b', '2']], false)).toBe('full');
    expect(await store.set(undefined, [['k', '2']], false)).toBe('full');
    expect(await store.clear('1', [['b', '2']])).toBe('full');
    expect(await store.clearTopLevel([['k', '2']])).toBe('full');
    expect(await store.update('k', () => ({ value: '2', result: 'changed' }))).toEqual({ outcome: 'full' });
    expect(await store.start('4', never, [])).toBe('full');
    expect(await store.get('1', ['a', 'b'])).toEqual(['1', undefined]);
    expect(await store.get(undefined, ['k'])).toEqual(['1']);
    expect(await store.remove('1', ['a'])).toBe(true);
    expect(await store.end('2')).toBe(true);
    const stop = store.startExpiry(50, () => {});
    try {
      await until(async () => (await store.exist(['3'])).length === 0);
    } finally {
      stop();
    }
    expect(await store.totals()).toEqual({ sessions: 1, keys: 0 });
  });

  test('a Redis that evicts keys is refused', async () => {
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const other = await redisStore({ url: redis.url, prefix: 'other' });
    await expect(other.open()).rejects.toThrow('maxmemory-policy is allkeys-lru. Set it to noeviction');
  });

  test('a server that divides the store otherwise is refused', async () => {
    const other = await redisStore({ url: redis.url, shards: 32 });
    await expect(other.open()).rejects.toThrow('shards is 32, and the store "ndb" has 64');
  });
});

const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((total, count) => total + count, 0);
