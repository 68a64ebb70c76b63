import { Socket } from 'node:net';
import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NdbClient, QueueFullError } from '../../src/index.js';
import { FaultPeer } from '../support/faults/peer.js';
import { clientsOfTest } from '../support/faults/setting.js';

const make = clientsOfTest();
let peer: FaultPeer;

beforeEach(async () => {
  peer = await FaultPeer.listen();
});
afterEach(() => peer[Symbol.asyncDispose]());

/** Bytes that were written to the peer and wait in this process: what a WebSocket calls `bufferedAmount`. */
function buffered(): number {
  // Node tells what is open by this alone.
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): unknown[] };
  return handles
    .call(process)
    .filter((handle): handle is Socket => handle instanceof Socket && handle.remotePort === peer.port)
    .reduce((sum, socket) => sum + socket.writableLength, 0);
}

async function stalled(client: NdbClient): Promise<void> {
  await firstValueFrom(client.open(peer.url));
  for (const socket of peer.sockets) socket.pause();
}

describe('a peer that does not read', () => {
  it('is sent what may be in flight, and no more; the rest waits in the queue and is refused past its bound', async () => {
    const client = make({ maxPayload: 10_000, maxInFlight: 50, maxQueued: 1000, timeout: 60_000 });
    await stalled(client);
    const value = 'x'.repeat(9000);
    let refused = 0;
    const most: number[] = [];
    for (let round = 0; round < 50; round++) {
      for (let place = 0; place < 100; place++) {
        client.kv_set({ value }).subscribe({ error: (error: unknown) => error instanceof QueueFullError && refused++ });
      }
      await new Promise((resolve) => setImmediate(resolve));
      most.push(buffered());
    }
    expect(Math.max(...most)).toBeLessThanOrEqual(50 * 9100);
    expect(refused).toBeGreaterThanOrEqual(5000 - 50 - 1000);
    expect(refused).toBeLessThanOrEqual(5000 - 1000);
  });

  it('gets everything once it reads again', async () => {
    const client = make({ maxPayload: 10_000, timeout: 60_000 });
    await stalled(client);
    const value = 'x'.repeat(9000);
    let answered = 0;
    for (let place = 0; place < 500; place++) client.kv_set({ [`k${place}`]: value }).subscribe(() => answered++);
    await new Promise((resolve) => setTimeout(resolve, 50)); // what the sockets of both sides take has to be full
    expect(answered).toBe(0);
    for (const socket of peer.sockets) socket.resume();
    await expect.poll(() => answered, { timeout: 5000 }).toBe(500);
    expect(buffered()).toBe(0);
    expect(peer.keys.size).toBe(500);
  });
});
