import { redisStore } from 'rx-nemesisdb/server/redis';
import { lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../../src/server/store/store.js';
import { Line } from '../support/replay.js';
import { engines, newPrefix } from './support/engines.js';
import { type Gateway, startGateway } from './support/gateway-process.js';
import { until } from './support/until.js';

const sessions = 300;

/** Asks many things over one connection, one after the other, until the other end is gone. */
async function askAll(url: string, requests: readonly string[], onReply: (reply: string) => void): Promise<void> {
  using line = await Line.open(url);
  try {
    for (const request of requests) onReply(await line.ask(request));
  } catch {
    // The gateway was killed.
  }
}

const tokenIn = (reply: string) => /"tkn":(\d+)/.exec(reply)?.[1];

describe.each(engines)('two servers over $name', ({ url: engineUrl }) => {
  const prefix = newPrefix();
  let store: Store;
  let first: Gateway;
  let second: Gateway;

  beforeAll(async () => {
    store = await redisStore({ url: engineUrl(), prefix });
    await store.open();
    [first, second] = await Promise.all([
      startGateway(engineUrl(), prefix, 100),
      startGateway(engineUrl(), prefix, 100),
    ]);
  });
  afterAll(async () => {
    await Promise.all([first.kill(), second.kill()]);
    await store.close();
  });

  test('a session made through one is there through the other', async () => {
    using one = await Line.open(first.url);
    using other = await Line.open(second.url);
    const token = tokenIn(await one.ask('{"SH_NEW":{}}'));
    await one.ask(`{"SH_SET":{"tkn":${token},"keys":{"cart":["apple"]}}}`);
    expect(await other.ask(`{"SH_GET":{"tkn":${token},"keys":["cart"]}}`)).toContain('"keys":{"cart":["apple"]}');
  });

  test('a server that is killed loses nothing that it acknowledged, and each lapse is logged once', async () => {
    const begin = Date.now() - 60_000;
    const created = new Set<string>();
    const create = Array.from({ length: sessions }, () => '{"SH_NEW":{"expiry":{"duration":1,"deleteSession":true}}}');
    const keep = (reply: string) => {
      const token = tokenIn(reply);
      if (token !== undefined) created.add(token);
    };
    const traffic = [askAll(first.url, create, keep), askAll(second.url, create, keep)];
    await until(() => created.size > sessions / 2);
    await first.kill();
    await Promise.all(traffic);
    const gone = async () => (await store.exist([...created])).length === 0;
    await until(gone);

    const events = await lastValueFrom(store.events.since(begin).pipe(toArray()));
    const lapses = events.flatMap((event) =>
      event.type === 'expired' && created.has(event.token) ? [event.token] : [],
    );
    expect(lapses.sort()).toEqual([...created].sort());
  });
});
