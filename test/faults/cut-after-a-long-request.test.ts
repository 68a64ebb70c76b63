import { firstValueFrom, forkJoin } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NdbClientOptions, PayloadTooLargeError, ReplyLostError } from '../../src/index.js';
import { FaultPeer, faithful } from '../support/faults/peer.js';
import { clientsOfTest } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

const make = clientsOfTest();
const long = 'x'.repeat(2000);
let peer: FaultPeer;

/** As NemesisDB is shipped: it takes 1024 bytes, does not tell, and drops the connection at more, without a close frame. */
beforeEach(async () => {
  peer = await FaultPeer.listen((request) => {
    if (request.text.length > 1024) request.socket.terminate();
    else faithful(request);
  });
});
afterEach(() => peer[Symbol.asyncDispose]());

async function connect(options?: NdbClientOptions) {
  const client = make(options);
  await firstValueFrom(client.open(peer.url));
  return client;
}

describe('a request longer than the server accepts', () => {
  it('never leaves, where the client has not been told to allow it', async () => {
    const client = await connect();
    expect((await settled(client.kv_set({ long }))).error).toBeInstanceOf(PayloadTooLargeError);
    expect(peer.accepted).toBe(1);
  });

  it('cuts the connection: the error says that the server’s maxPayload is likely smaller', async () => {
    const client = await connect({ maxPayload: 8192 });
    const { error } = await settled(client.kv_set({ long }));
    expect(error).toBeInstanceOf(ReplyLostError);
    expect(error).toMatchObject({ outcome: 'unknown' });
    expect(String(error)).toContain('maxPayload is likely smaller');
    expect(await firstValueFrom(client.kv_count())).toBe(0);
  });

  it('that is a read is not sent for ever, and its error says the same', async () => {
    const client = await connect({ maxPayload: 8192 });
    const { error } = await settled(client.kv_get({ key: long }));
    expect(String(error)).toContain('maxPayload is likely smaller');
    expect(peer.accepted).toBeLessThanOrEqual(4);
    expect(await firstValueFrom(client.kv_count())).toBe(0);
  });

  it('does not take the reads of others with it', async () => {
    const client = await connect({ maxPayload: 8192 });
    await firstValueFrom(client.kv_set({ a: 1 }));
    const cut = settled(client.kv_set({ long }));
    const others = forkJoin(Array.from({ length: 40 }, () => client.kv_get({ key: 'a' })));
    expect(await firstValueFrom(others)).toEqual(Array.from({ length: 40 }, () => 1));
    expect((await cut).error).toBeInstanceOf(ReplyLostError);
  });

  it('that is a read costs those beside it two connections, no more', async () => {
    const client = await connect({ maxPayload: 8192 });
    await firstValueFrom(client.kv_set({ a: 1 }));
    const cut = settled(client.kv_get({ key: long }));
    const others = forkJoin(Array.from({ length: 40 }, () => client.kv_get({ key: 'a' })));
    expect(await firstValueFrom(others)).toEqual(Array.from({ length: 40 }, () => 1));
    expect((await cut).error).toBeInstanceOf(ReplyLostError);
    expect(peer.accepted).toBe(3);
  });

  it('is not blamed where a connection breaks under short ones', async () => {
    const client = await connect();
    peer.reaction = ({ socket }) => socket.terminate();
    const { error } = await settled(client.kv_set({ a: 1 }));
    expect(error).toBeInstanceOf(ReplyLostError);
    expect(String(error)).not.toContain('maxPayload');
  });
});
