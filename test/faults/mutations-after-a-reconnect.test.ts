import { firstValueFrom, type Observable } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallOptions, NdbClient } from '../../src/index.js';
import { commands } from '../../src/protocol/commands.js';
import { FaultPeer, faithful } from '../support/faults/peer.js';
import { clientsOfTest } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

type Send = (client: NdbClient, options?: CallOptions) => Observable<unknown>;

/** Every command that changes something. */
const mutations: Readonly<Record<string, Send>> = {
  SH_NEW: (client, options) => client.sh_create_session({}, options),
  SH_END: (client, options) => client.sh_end(1n, options),
  SH_END_ALL: (client, options) => client.sh_end_all(options),
  SH_SET: (client, options) => client.sh_set(1n, { a: 1 }, options),
  SH_ADD: (client, options) => client.sh_add(1n, { a: 1 }, options),
  SH_RMV: (client, options) => client.sh_rmv(1n, ['a'], options),
  SH_CLEAR: (client, options) => client.sh_clear(1n, options),
  SH_CLEAR_SET: (client, options) => client.sh_clear_set(1n, { a: 1 }, options),
  SH_SAVE: (client, options) => client.sh_save('x', options),
  SH_LOAD: (client, options) => client.sh_load('x', options),
  KV_SET: (client, options) => client.kv_set({ a: 1 }, options),
  KV_ADD: (client, options) => client.kv_add({ a: 1 }, options),
  KV_RMV: (client, options) => client.kv_rmv(['a'], options),
  KV_CLEAR: (client, options) => client.kv_clear(options),
  KV_CLEAR_SET: (client, options) => client.kv_clear_set({ a: 1 }, options),
  KV_UPDATE: (client, options) => client.kv_update({ key: 'a', path: '$', value: 1 }, options),
  KV_ARR_APPEND: (client, options) => client.kv_arr_append({ key: 'a', items: [1] }, options),
  KV_SAVE: (client, options) => client.kv_save('x', options),
  KV_LOAD: (client, options) => client.kv_load('x', options),
};

const make = clientsOfTest();
let peer: FaultPeer;
let client: NdbClient;

beforeEach(async () => {
  peer = await FaultPeer.listen();
  client = make();
  await firstValueFrom(client.open(peer.url));
});
afterEach(() => peer[Symbol.asyncDispose]());

/** The first connection is cut at the first command, which was executed. */
function cutFirst(): void {
  peer.reaction = (request) => {
    if (request.isOverhead) return faithful(request);
    peer.reaction = faithful;
    request.answer();
    request.socket.terminate();
  };
}

describe('after a reconnect', () => {
  it('the list of mutations here is that of the table', () => {
    const changing = Object.values(commands).filter(({ retry }) => retry !== 'read');
    expect(Object.keys(mutations).sort()).toEqual(changing.map(({ command }) => command).sort());
  });

  it.each(Object.entries(mutations))('%s is not sent again', async (command, send) => {
    cutFirst();
    const { error } = await settled(send(client));
    expect(error).toMatchObject({ code: 'NDB_REPLY_LOST', command, outcome: 'unknown' });
    await firstValueFrom(client.kv_count());
    expect(peer.accepted).toBe(2);
    expect(peer.received).toEqual([command, 'KV_COUNT']);
  });

  it('a read is sent again, unless that is not wanted', async () => {
    cutFirst();
    expect(await settled(client.kv_count())).toEqual({ values: [0] });
    cutFirst();
    expect((await settled(client.kv_count({ retry: 'none' }))).error).toMatchObject({ outcome: 'unknown' });
    expect(peer.received).toEqual(['KV_COUNT', 'KV_COUNT', 'KV_COUNT']);
  });

  it('what was not written yet is sent once', async () => {
    peer.reaction = (request) => {
      if (request.isOverhead) return faithful(request);
      peer.reaction = faithful;
      request.socket.terminate();
    };
    const serial = make({ maxInFlight: 1 });
    await firstValueFrom(serial.open(peer.url));
    const [first, second] = await Promise.all([
      settled(serial.kv_arr_append({ key: 'a', items: [1] })),
      settled(serial.kv_set({ a: 1 })),
    ]);
    expect(first.error).toMatchObject({ outcome: 'unknown' });
    expect(second.error).toBeUndefined();
    expect(peer.received).toEqual(['KV_ARR_APPEND', 'KV_SET']);
  });
});
