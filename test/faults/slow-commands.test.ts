import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NdbClient } from '../../src/index.js';
import { FaultPeer, faithful, type PeerRequest } from '../support/faults/peer.js';
import { clientsOfTest } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

const make = clientsOfTest();
let peer: FaultPeer;
let client: NdbClient;
/** What came while the server works on the slow command. */
let waiting: PeerRequest[] | undefined;

beforeEach(async () => {
  waiting = undefined;
  peer = await FaultPeer.listen((request) => {
    if (waiting !== undefined) waiting.push(request);
    else if (request.name === 'KV_FIND') waiting = [request];
    else faithful(request);
  });
  client = make();
  await firstValueFrom(client.open(peer.url));
});
afterEach(() => peer[Symbol.asyncDispose]());

const find = () => settled(client.kv_find({ path: '$..*', rsp: 'paths' }));

/** The server is done with the slow command, and with all that came after it. */
function finish(): void {
  for (const request of waiting?.splice(0) ?? []) faithful(request);
  waiting = undefined;
}

describe('a reply to a command that a server answers at once', () => {
  it('does not wait for a slow command of the same turn', async () => {
    const sets = [settled(client.kv_set({ a: 1 })), settled(client.kv_set({ b: 1 }))];
    const found = find();
    for (const { error } of await Promise.all(sets)) expect(error).toBeUndefined();
    expect(waiting?.map(({ name }) => name)).toContain('KV_FIND');
    finish();
    expect((await found).error).toBeDefined(); // this peer does not know the command
  });

  it('does not wait for a slow command that follows it before it was answered', async () => {
    const set = settled(client.kv_set({ a: 1 }));
    await Promise.resolve(); // the set is written
    const found = find();
    expect((await set).error).toBeUndefined();
    finish();
    await found;
  });
});
