import { setTimeout as wait } from 'node:timers/promises';
import { redisStore } from 'rx-nemesisdb/server/redis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeLayout } from '../../src/server/store/redis/layout.js';
import { type Store, StoreUnavailable } from '../../src/server/store/store.js';
import { type RedisCluster, type RedisProcess, startCluster } from './support/redis-processes.js';
import { startTraffic, wrongNumbers } from './support/traffic.js';
import { until } from './support/until.js';

const layout = makeLayout('ndb', 64);
const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
const zeros = keys.map((key) => [key, '0'] as const);

describe('over a cluster', () => {
  let cluster: RedisCluster;
  let store: Store;

  beforeEach(async () => {
    cluster = await startCluster();
    store = await redisStore({ url: cluster.url });
    await store.open();
    await store.set(undefined, zeros, false);
  });
  afterEach(async () => {
    await store.close();
    await cluster.stop();
  });

  test('a master that hands over to its replica costs no call, and no change is lost or made twice', async () => {
    const traffic = startTraffic(store, keys);
    for (const replica of cluster.replicas) {
      await wait(200);
      await handOverTo(replica);
    }
    await wait(300);
    await traffic.stop();

    expect(traffic.surprises).toEqual([]);
    expect([...traffic.uncertain]).toEqual([]);
    expect(await wrongNumbers(store, traffic)).toEqual([]);
  });

  test('calls work again after the replica of a killed master has taken over, and fail as unavailable until then', async () => {
    const traffic = startTraffic(store, keys);
    await wait(300);
    await cluster.masters[0]?.kill();
    await cluster.untilServing();
    await until(() => store.isReady);
    await traffic.stop();

    expect(traffic.surprises).toEqual([]);
    expect(traffic.uncertain.size).toBeGreaterThan(0);
    expect(await store.set(undefined, zeros, false)).toBe('written');
    expect(await store.get(undefined, keys)).toEqual(keys.map(() => '0'));
  });

  test('with a replica that must confirm, killing a master loses no acknowledged change', async () => {
    const careful = await redisStore({ url: cluster.url, replicas: 1 });
    await careful.open();
    try {
      const traffic = startTraffic(careful, keys);
      await wait(300);
      await cluster.masters[0]?.kill();
      await cluster.untilServing();
      await traffic.stop();

      expect(traffic.surprises).toEqual([]);
      expect(await wrongNumbers(store, traffic)).toEqual([]);
    } finally {
      await careful.close();
    }
  });

  test('a master that stops answering is replaced, and calls fail as unavailable until then', async () => {
    const stopped = cluster.masters[1];
    stopped?.signal('SIGSTOP');
    const results = await Promise.allSettled(keys.map((key) => store.get(undefined, [key])));
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));

    expect(errors.every((error) => error instanceof StoreUnavailable)).toBe(true);
    expect(errors.length).toBeGreaterThan(0);
    await until(() =>
      Promise.resolve(store.get(undefined, keys)).then(
        // Not what they were: the replica may not have had the last writes.
        () => true,
        () => false,
      ),
    );
    stopped?.signal('SIGCONT');
  });

  // The shards of some of the keys, and that of the session.
  const shards = [...new Set([...keys.slice(0, 6).map(layout.ofKey), layout.ofSession('77')])].map(
    ({ index }) => index,
  );

  test('a slot that is moved while it is in use loses nothing, and calls of a session stay in order', async () => {
    const traffic = startTraffic(store, keys);
    await store.start('77', undefined, []);
    let isRunning = true;
    const disordered: string[] = [];
    const inOrder = (async () => {
      for (let round = 0; isRunning; round++) {
        // Made without waiting for each other: the last one decides.
        const writes = [1, 2, 3].map((n) => store.set('77', [['n', `${round * 10 + n}`]], false));
        const [[value] = []] = await Promise.all([store.get('77', ['n']), ...writes]);
        if (value !== `${round * 10 + 3}`) disordered.push(`round ${round}: ${value}`);
      }
    })();
    await moveShards(cluster, shards);
    isRunning = false;
    await inOrder;
    await traffic.stop();

    expect(disordered).toEqual([]);
    expect(traffic.surprises).toEqual([]);
    expect(await wrongNumbers(store, traffic)).toEqual([]);
  });
});

/** Makes a replica the master. It gives up by itself if that takes too long, so it is asked again. */
async function handOverTo(replica: RedisProcess): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    await replica.command('CLUSTER', 'FAILOVER').catch(() => {});
    const isMaster = async () => String(await replica.command('ROLE')).startsWith('master');
    if (
      await until(isMaster, 2000).then(
        () => true,
        () => false,
      )
    )
      return;
  }
  throw new Error('The replica has not become the master.');
}

/** Moves the slots of shards to other masters, as `redis-cli --cluster reshard` does. */
async function moveShards(cluster: RedisCluster, shards: readonly number[]): Promise<void> {
  for (const shard of shards) {
    const slot = Number(await cluster.masters[0]?.command('CLUSTER', 'KEYSLOT', `{ndb:${shard}}`));
    const source = await cluster.masterOf(slot);
    const target = cluster.masters.find((node) => node.port !== source.port) ?? source;
    const sourceId = String(await source.command('CLUSTER', 'MYID'));
    const targetId = String(await target.command('CLUSTER', 'MYID'));
    await target.command('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', sourceId);
    await source.command('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', targetId);
    for (;;) {
      const names = await source.command('CLUSTER', 'GETKEYSINSLOT', String(slot), '1');
      if (!Array.isArray(names) || names.length === 0) break;
      // One key at a time, so that some are here and some there while calls arrive.
      await source.command('MIGRATE', '127.0.0.1', String(target.port), '', '0', '5000', 'KEYS', ...names.map(String));
    }
    for (const node of [target, source]) await node.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', targetId);
  }
}
