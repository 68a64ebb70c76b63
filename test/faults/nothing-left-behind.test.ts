import { filter, firstValueFrom, lastValueFrom, skip, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { NdbClient } from '../../src/index.js';
import type { Fault } from '../support/faults/proxy.js';
import { faultSetting, quick } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

const setting = faultSetting();

/** What keeps this process busy, by kind: sockets, timers. */
function resources(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { TCPSocketWrap: 0, Timeout: 0, ConnectWrap: 0 };
  for (const kind of process.getActiveResourcesInfo()) if (kind in counts) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

const listeners = () =>
  Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)]));

/** What is there once it has stopped to change for a moment. */
async function quiet(): Promise<ReturnType<typeof resources>> {
  let before = resources();
  for (let same = 0; same < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const now = resources();
    same = JSON.stringify(now) === JSON.stringify(before) ? same + 1 : 0;
    before = now;
  }
  return before;
}

/** The test runner's own timers come and go; what is not more than before is no leak. */
function expectNoMore(
  now: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
  besides = 0,
): void {
  for (const [kind, count] of Object.entries(now)) {
    expect(count, kind).toBeLessThanOrEqual((before[kind] ?? 0) + (kind === 'Timeout' ? besides : 0));
  }
}

const faults: readonly Fault[] = ['reset', 'truncate', 'half-close'];

describe('nothing is left behind', () => {
  it('by a client that lost its connection 60 times and was closed: no socket, no timer, no listener', async () => {
    const before = await quiet();
    const listening = listeners();
    const client = new NdbClient({ ...quick, reconnect: { initialDelay: 1, maxDelay: 2 } });
    await firstValueFrom(client.open(setting.proxy.url));
    for (let loss = 0; loss < 60; loss++) {
      const back = lastValueFrom(
        client.connection$.pipe(
          skip(1),
          filter(({ state }) => state === 'open'),
          take(1),
        ),
      );
      void settled(client.kv_count());
      setting.proxy.strike(faults[loss % faults.length] ?? 'reset');
      await back;
      expect(setting.proxy.connections).toBeLessThanOrEqual(2);
    }
    await lastValueFrom(client.close());
    await expect.poll(() => setting.proxy.connections).toBe(0);
    expectNoMore(await quiet(), before);
    expect(listeners()).toEqual(listening);
  });

  it('by commands that timed out, were unsubscribed or were refused', async () => {
    const client = await setting.connect();
    const before = await quiet();
    setting.proxy.hinder('down', { delay: 20 });
    const calls = Array.from({ length: 300 }, (_, place) => settled(client.kv_count({ timeout: 5 + (place % 30) })));
    for (let place = 0; place < 300; place++) client.kv_count().subscribe().unsubscribe();
    await Promise.all(calls);
    setting.proxy.heal();
    await firstValueFrom(client.kv_count());
    // All timeouts share one timer, which is let run out; another one looks for silence.
    expectNoMore(await quiet(), before, 2);
  });

  it('by 200 clients, opened and closed, some of them while they connect', async () => {
    const before = await quiet();
    const clients = Array.from({ length: 200 }, () => new NdbClient(quick));
    await Promise.all(
      clients.map(async (client, place) => {
        const opened = settled(client.open(setting.proxy.url));
        if (place % 3 !== 0) await opened;
        await lastValueFrom(client.close());
      }),
    );
    await expect.poll(() => setting.proxy.connections, { timeout: 60_000 }).toBe(0);
    expectNoMore(await quiet(), before);
  }, 120_000);
});
