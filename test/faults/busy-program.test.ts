import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NdbClient } from '../../src/index.js';
import { ServerThread } from '../support/faults/server-thread.js';
import { clientsOfTest } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

const make = clientsOfTest();
let server: ServerThread;
let client: NdbClient;

beforeEach(async () => {
  server = await ServerThread.start();
  client = make();
  await firstValueFrom(client.open(server.url));
});
afterEach(() => server[Symbol.asyncDispose]());

/** Keeps this thread from everything else: the case to be tested is a busy one. */
function beBusy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** So many sets at once, in a turn of their own. */
const sets = (count: number, timeout: number) =>
  Array.from({ length: count }, (_, key) => settled(client.kv_set({ [`k${key}`]: key }, { timeout })));

describe('a program that is busy for longer than the timeout', () => {
  it('gets each reply that arrived meanwhile', async () => {
    const calls = sets(90, 500);
    await turn();
    beBusy(1500);
    for (const { error } of await Promise.all(calls)) expect(error).toBeUndefined();
  });

  it('sends nothing whose time is over before it is written', async () => {
    const calls = sets(10, 100);
    beBusy(300);
    for (const { error } of await Promise.all(calls)) {
      expect(error).toMatchObject({ code: 'NDB_TIMEOUT', outcome: 'not-sent' });
    }
    expect((await settled(client.kv_clear({ timeout: 5000 }))).error).toMatchObject({ code: 'NDB_PROTOCOL' });
    await expect.poll(() => server.received).toEqual(['KV_CLEAR']);
  });
});
