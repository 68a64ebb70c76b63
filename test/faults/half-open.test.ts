import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { filter, firstValueFrom, lastValueFrom, map } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConnectionError, type ConnectionState, type NdbClient, NdbError } from '../../src/index.js';
import type { Direction } from '../support/faults/proxy.js';
import { clientsOfTest, faultSetting } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

const heartbeat = { interval: 60, timeout: 60 };
/** Within this many ms of the last sign of life a dead connection is found, as the option says. */
const stated = 1.2 * heartbeat.interval + heartbeat.timeout;
/** What a busy machine may take besides. */
const slack = 200;

type Waiting = Extract<ConnectionState, { state: 'waiting' }>;

/** When the connection was given up, in the clock's ms, and why. */
const found = (client: NdbClient) =>
  client.connection$.pipe(
    filter((state): state is Waiting => state.state === 'waiting'),
    map(({ error }) => ({ at: performance.now(), error })),
  );

async function foundInTime(client: NdbClient, since = performance.now()): Promise<void> {
  const { at, error } = await firstValueFrom(found(client));
  expect(error).toBeInstanceOf(ConnectionError);
  expect(at - since).toBeLessThan(stated + slack);
}

describe('a cable that is pulled', () => {
  const setting = faultSetting({ maxPayload: 100_000 });
  const connect = () => setting.connect({ heartbeat, maxPayload: 100_000 });

  it('is found within the stated time while nothing is in flight, and a new connection is made', async () => {
    const client = await connect();
    setting.proxy.strike('black-hole');
    await foundInTime(client);
    expect(await firstValueFrom(client.kv_count())).toBe(0);
  });

  it.each<Direction>(['up', 'down'])('in one direction only (%s) is found as well', async (direction) => {
    const client = await connect();
    setting.proxy.strike('swallow', direction);
    await foundInTime(client);
  });

  it.each<Direction>(['up', 'down'])(
    'amid a frame (%s) is found; what was under way ends, what follows is answered',
    async (direction) => {
      const client = await connect();
      const long = 'x'.repeat(50_000);
      await firstValueFrom(client.kv_set({ long }));
      setting.proxy.strikeAfter(direction, direction === 'up' ? 60 : 20_000, 'black-hole');
      const lost = foundInTime(client);
      const write = settled(client.kv_set({ other: long }, { timeout: heartbeat.timeout }));
      const read = settled(client.kv_get({ key: 'long' }, { timeout: heartbeat.timeout }));
      for (const { error } of await Promise.all([write, read])) {
        expect(error).toBeInstanceOf(NdbError);
        expect(error).toMatchObject({ outcome: 'unknown' });
      }
      await lost;
      expect(await firstValueFrom(client.kv_get({ key: 'long' }))).toBe(long);
      expect(setting.proxy.accepted).toBe(2);
    },
  );

  it('under a request that may take longer than a heartbeat is found when that is due, and not before', async () => {
    const client = await connect();
    setting.proxy.strike('black-hole');
    const begun = performance.now();
    const write = settled(client.kv_clear({ timeout: 500 }));
    const { at } = await firstValueFrom(found(client));
    // NemesisDB has one thread: while it works on something long, it answers no ping either.
    expect(at - begun).toBeGreaterThan(450);
    expect(at - begun).toBeLessThan(500 + heartbeat.interval + slack);
    expect((await write).error).toMatchObject({ outcome: 'unknown' });
  });

  it('is found while a connection is sought, by the time to connect', async () => {
    const client = await setting.connect({ heartbeat, connectTimeout: 80 });
    setting.proxy.admission = 'silence';
    setting.proxy.strike('reset');
    await expect.poll(() => setting.proxy.accepted).toBeGreaterThanOrEqual(4);
    setting.proxy.heal();
    expect(await firstValueFrom(client.kv_count())).toBe(0);
  });

  it('is not seen in a server that is merely idle, or slow', async () => {
    const client = await setting.connect({ heartbeat: { interval: 50, timeout: 400 } });
    setting.proxy.hinder('down', { delay: 100 });
    const lost = firstValueFrom(found(client), { defaultValue: 'closed' });
    await new Promise((resolve) => setTimeout(resolve, 800)); // several heartbeats, of which nothing must be seen
    expect(setting.proxy.accepted).toBe(1);
    expect(await firstValueFrom(client.kv_count())).toBe(0);
    await lastValueFrom(client.close());
    expect(await lost).toBe('closed');
  });
});

describe('a server that is frozen', () => {
  const make = clientsOfTest();
  let child: ChildProcess;
  let url: string;

  beforeEach(async () => {
    child = spawn(process.execPath, ['--import', 'tsx', 'src/server/main.ts', '--port', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [greeting] = (await once(child.stdout ?? child, 'data')) as [Buffer]; // it is piped
    url = /ws:\S+/.exec(greeting.toString())?.[0] ?? '';
  }, 60_000); // A busy machine takes long to start a process.
  afterEach(() => child.kill('SIGKILL'));

  it('is found within the stated time, and its connection is back once it goes on', async () => {
    const client = make({ heartbeat, connectTimeout: 200 });
    await firstValueFrom(client.open(url));
    await firstValueFrom(client.kv_set({ a: 1 }));
    child.kill('SIGSTOP');
    await foundInTime(client);
    const meanwhile = await settled(client.kv_get({ key: 'a' }, { timeout: 150 }));
    expect(meanwhile.error).toMatchObject({ code: 'NDB_TIMEOUT', outcome: 'not-sent' });
    child.kill('SIGCONT');
    expect(await firstValueFrom(client.kv_get({ key: 'a' }))).toBe(1);
  });

  it('executes no write twice once it goes on', async () => {
    const client = make({ heartbeat, connectTimeout: 200, timeout: 300 });
    await firstValueFrom(client.open(url));
    await firstValueFrom(client.kv_set({ list: [] }));
    child.kill('SIGSTOP');
    const items = Array.from({ length: 50 }, (_, item) => item);
    const appends = await Promise.all(
      items.map((item) => settled(client.kv_arr_append({ key: 'list', items: [item] }))),
    );
    for (const { error } of appends) expect(error).toMatchObject({ outcome: 'unknown' });
    child.kill('SIGCONT');
    const list = await firstValueFrom(client.kv_get({ key: 'list' }, { timeout: 5000 }));
    expect(Array.isArray(list) && new Set(list).size === list.length).toBe(true);
  });
});
