import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NdbClient, QueueFullError } from '../../src/index.js';
import { FaultPeer } from '../support/faults/peer.js';
import { clientsOfTest } from '../support/faults/setting.js';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
const heap = () => {
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

const make = clientsOfTest();
const { stackTraceLimit } = Error;
let peer: FaultPeer;

beforeEach(async () => {
  // A million stack traces take longer than all the rest of this file.
  Error.stackTraceLimit = 0;
  peer = await FaultPeer.listen();
});
afterEach(async () => {
  Error.stackTraceLimit = stackTraceLimit;
  await peer[Symbol.asyncDispose]();
});

interface Tally {
  answered: number;
  refused: number;
  others: unknown[];
}

/** Subscribes to so many commands in one turn. */
function flood(client: NdbClient, count: number): Tally {
  const tally: Tally = { answered: 0, refused: 0, others: [] };
  for (let place = 0; place < count; place++) {
    client.kv_get({ key: 'a' }).subscribe({
      next: () => {
        tally.answered += 1;
      },
      error: (error: unknown) => {
        if (error instanceof QueueFullError) tally.refused += 1;
        else tally.others.push(error);
      },
    });
  }
  return tally;
}

describe('1,000,000 commands subscribed at once', () => {
  it('take the memory of the queue’s bound, and end in typed errors past it; those within it are answered', async () => {
    const client = make({ maxQueued: 10_000, timeout: 60_000 });
    await firstValueFrom(client.open(peer.url));
    const before = heap();
    const tally = flood(client, 1_000_000);
    const grown = heap() - before;
    // 10,000 requests of less than 1 KiB each, wherever they stand, and nothing for the 990,000.
    expect(grown).toBeLessThan(20);
    expect(tally.refused).toBeGreaterThanOrEqual(989_000);
    expect(tally.others).toEqual([]);
    await expect.poll(() => tally.answered, { timeout: 60_000 }).toBe(1_000_000 - tally.refused);
    expect(heap() - before).toBeLessThan(10);
  }, 120_000);

  it('are bounded by their length as well', async () => {
    const client = make({ maxQueuedBytes: 2 ** 20, maxPayload: 100_000 });
    const value = 'x'.repeat(50_000);
    let refused = 0;
    for (let place = 0; place < 100; place++) {
      client.kv_set({ value }).subscribe({ error: (error: unknown) => error instanceof QueueFullError && refused++ });
    }
    expect(refused).toBe(100 - Math.floor(2 ** 20 / 50_030));
  });
});
