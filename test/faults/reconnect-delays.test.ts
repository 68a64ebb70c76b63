import { filter, firstValueFrom, map, take, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionState, NdbClient } from '../../src/index.js';
import { FaultPeer } from '../support/faults/peer.js';
import { FaultProxy } from '../support/faults/proxy.js';
import { clientsOfTest } from '../support/faults/setting.js';

type Waiting = Extract<ConnectionState, { state: 'waiting' }>;

const make = clientsOfTest();
let peer: FaultPeer;
let proxy: FaultProxy;

beforeEach(async () => {
  peer = await FaultPeer.listen();
  proxy = await FaultProxy.listen(peer.port);
});
afterEach(async () => {
  await proxy.close();
  await peer[Symbol.asyncDispose]();
});

/** The first waits of a client whose server is gone. */
const waits = (client: NdbClient, count: number) =>
  firstValueFrom(
    client.connection$.pipe(
      filter((state): state is Waiting => state.state === 'waiting'),
      take(count),
      toArray(),
    ),
  );

describe('the delays before reconnecting', () => {
  it('differ from client to client, over the whole range: they do not come back in step', async () => {
    const clients = Array.from({ length: 40 }, () => make({ reconnect: { initialDelay: 100, maxDelay: 100 } }));
    const opened = await Promise.all(clients.map((client) => firstValueFrom(client.open(proxy.url))));
    expect(opened).toHaveLength(40);
    const lost = clients.map((client) => waits(client, 1));
    proxy.strike('reset');
    const delays = (await Promise.all(lost)).map(([first]) => first?.delay ?? 0);
    expect(new Set(delays).size).toBe(40);
    expect(Math.max(...delays)).toBeLessThanOrEqual(100);
    // One in 2^40 that all are on one side: no flake, and no jitter of a few per cent passes.
    expect(Math.min(...delays)).toBeLessThan(50);
    expect(Math.max(...delays)).toBeGreaterThan(50);
  });

  it('grow twofold to their bound, drawn anew each time', async () => {
    proxy.admission = 'reset';
    const client = make({ reconnect: { initialDelay: 4, maxDelay: 20 }, random: () => 0.75 });
    client.open(proxy.url).subscribe({ error: () => {} });
    const delays = (await waits(client, 5)).map(({ delay }) => delay);
    expect(delays).toEqual([3, 6, 12, 15, 15]);
  });

  it('are kept to, and told with the attempt and the reason', async () => {
    proxy.admission = 'reset';
    const client = make({ reconnect: { initialDelay: 60, maxDelay: 60 }, random: () => 0.99 });
    client.open(proxy.url).subscribe({ error: () => {} });
    const [first] = await waits(client, 1);
    expect(first).toMatchObject({ attempt: 2, purpose: 'first', error: { code: 'NDB_CONNECTION', permanent: false } });
    const at = await firstValueFrom(
      client.connection$.pipe(
        filter(({ state }) => state === 'connecting'),
        map(() => performance.now()),
      ),
    );
    expect(at).toBeGreaterThanOrEqual((first?.nextAttemptAt ?? 0) - 1);
  });

  it('go on for as long as the server is away, and end in a connection once it is back', async () => {
    proxy.admission = 'reset';
    const client = make({ reconnect: { initialDelay: 2, maxDelay: 4 } });
    const opened = firstValueFrom(client.open(proxy.url));
    await waits(client, 10);
    proxy.admission = 'pass';
    expect(await opened).toMatchObject({ serverVersion: '0.7.2' });
  });
});
