import { firstValueFrom, lastValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClosedError, type NdbClient } from '../../src/index.js';
import { FaultPeer, type PeerRequest } from '../support/faults/peer.js';
import { clientsOfTest } from '../support/faults/setting.js';
import { type Settled, settled } from '../support/settled.js';

const make = clientsOfTest();
let peer: FaultPeer;
let client: NdbClient;
let held: PeerRequest[];

beforeEach(async () => {
  held = [];
  peer = await FaultPeer.listen();
  client = make({ closeTimeout: 1000 });
  await firstValueFrom(client.open(peer.url));
  peer.reaction = (request) => held.push(request);
});
afterEach(() => peer[Symbol.asyncDispose]());

const answerHeld = () => {
  for (const request of held.splice(0)) request.reply(request.answer());
};

describe('commands subscribed to while the client closes', () => {
  it('are refused with ClosedError, every one; what was accepted before is answered', async () => {
    const accepted = settled(client.kv_count());
    await expect.poll(() => held.length).toBe(1);
    const closed = lastValueFrom(client.close());
    const late = Array.from({ length: 50 }, (_, item) => settled(client.kv_arr_append({ key: 'a', items: [item] })));
    for (const { error } of await Promise.all(late)) {
      expect(error).toBeInstanceOf(ClosedError);
      expect(error).toMatchObject({ outcome: 'not-sent' });
    }
    answerHeld();
    expect(await accepted).toEqual({ values: [0] });
    await closed;
    expect(peer.received).toEqual(['KV_COUNT']);
  });

  it('are refused in the turn of close() as well, while what came before it in that turn is answered', async () => {
    const before = settled(client.kv_count());
    const closed = lastValueFrom(client.close());
    const after = settled(client.kv_count());
    expect((await after).error).toBeInstanceOf(ClosedError);
    await expect.poll(() => held.length).toBe(1);
    answerHeld();
    expect(await before).toEqual({ values: [0] });
    await closed;
  });

  it('are refused during the closing handshake, when nothing is in flight any more', async () => {
    for (const socket of peer.sockets) socket.pause();
    const closed = lastValueFrom(client.close());
    await Promise.resolve();
    expect((await settled(client.kv_count())).error).toBeInstanceOf(ClosedError);
    for (const socket of peer.sockets) socket.resume();
    await closed;
  });

  it('are refused when an answer that came while closing leads to them', async () => {
    let second: Promise<Settled<number>> | undefined;
    const first = lastValueFrom(client.kv_count()).then(() => undefined);
    client.kv_count().subscribe(() => {
      second = settled(client.kv_count());
    });
    await expect.poll(() => peer.received.length).toBe(2);
    const closed = lastValueFrom(client.close());
    answerHeld();
    await first;
    expect((await second)?.error).toBeInstanceOf(ClosedError);
    await closed;
  });
});
