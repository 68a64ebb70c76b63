import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TimeoutError } from '../../src/index.js';
import { FaultPeer, onCommands } from '../support/faults/peer.js';
import { clientsOfTest } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

/** The timeout runs from subscription to reply, whatever has been done with the request meanwhile. */
const make = clientsOfTest();
let peer: FaultPeer;

beforeEach(async () => {
  peer = await FaultPeer.listen();
});
afterEach(() => peer[Symbol.asyncDispose]());

async function connected(maxInFlight = 128) {
  const client = make({ maxInFlight });
  await firstValueFrom(client.open(peer.url));
  return client;
}

async function timed<Value>(work: Promise<Value>): Promise<{ readonly result: Value; readonly took: number }> {
  const begun = performance.now();
  const result = await work;
  return { result, took: performance.now() - begun };
}

describe('a request that is never answered', () => {
  it('ends in a TimeoutError though it was written long before, with outcome unknown', async () => {
    const client = await connected();
    peer.reaction = () => {};
    const { result, took } = await timed(settled(client.kv_set({ a: 1 }, { timeout: 60 })));
    expect(result.error).toBeInstanceOf(TimeoutError);
    expect(result.error).toMatchObject({ outcome: 'unknown', command: 'KV_SET', timeout: 60 });
    expect(peer.received).toEqual(['KV_SET']);
    expect(took).toBeGreaterThanOrEqual(59);
    expect(took).toBeLessThan(400);
  });

  it('is told apart from one that could not leave before its timeout', async () => {
    const client = await connected(1);
    peer.reaction = () => {};
    const [written, behind] = await Promise.all([
      settled(client.kv_set({ a: 1 }, { timeout: 50 })),
      settled(client.kv_set({ b: 1 }, { timeout: 50 })),
    ]);
    expect(written.error).toMatchObject({ code: 'NDB_TIMEOUT', outcome: 'unknown' });
    expect(behind.error).toMatchObject({ code: 'NDB_TIMEOUT', outcome: 'not-sent' });
    expect(peer.received).toEqual(['KV_SET']);
  });

  it('has one timeout for all its attempts', async () => {
    const client = await connected();
    peer.reaction = onCommands(({ socket }) => setTimeout(() => socket.terminate(), 25));
    const { result, took } = await timed(settled(client.kv_count({ timeout: 40 })));
    expect(result.error).toMatchObject({ code: 'NDB_TIMEOUT', outcome: 'unknown' });
    expect(took).toBeLessThan(400);
  });

  it('does not hold up the next ones for good: they get a new connection', async () => {
    const client = await connected();
    peer.reaction = (request) => peer.accepted > 1 && request.reply(request.answer());
    const first = settled(client.kv_set({ a: 1 }, { timeout: 100 }));
    expect((await first).error).toBeInstanceOf(TimeoutError);
    expect(await settled(client.kv_count({ timeout: 300 }))).toMatchObject({ error: { code: 'NDB_TIMEOUT' } });
    // Everything in flight has timed out, and not even a fence comes back: after that no place in the reply stream is worth keeping.
    await expect.poll(() => peer.accepted, { timeout: 5000 }).toBe(2);
    expect(await settled(client.kv_count())).toEqual({ values: [0] });
  });

  it('ends in a TimeoutError that says so if open() was not subscribed to', async () => {
    const client = make();
    const { error } = await settled(client.kv_count({ timeout: 30 }));
    expect(error).toMatchObject({ code: 'NDB_TIMEOUT', outcome: 'not-sent' });
    expect(String(error)).toContain('open() was not subscribed to');
  });
});
