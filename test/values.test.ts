import fc from 'fast-check';
import { lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { NdbClient } from '../src/index.js';
import { writeJson } from '../src/protocol/json.js';
import { utf8Length } from '../src/protocol/utf8.js';
import { fakeClient } from './support/peers/fake-client.js';
import { memoryServer } from './support/peers/memory-server.js';
import { serverUnderTest } from './support/peers/server-under-test.js';
import { keyed, storable } from './support/values.js';

/** Sets keys with any values, and gets them back. */
const roundTrip = (client: Pick<NdbClient, 'kv_set' | 'kv_get' | 'kv_keys' | 'kv_clear'>) =>
  fc.asyncProperty(keyed(storable, 8), async (keys) => {
    fc.pre(Object.entries(keys).every((entry) => utf8Length(writeJson(entry)) < 900)); // each fits a request of 1024 bytes
    await lastValueFrom(client.kv_set(keys));
    const back = await lastValueFrom(client.kv_get({ keys: Object.keys(keys) }));
    expect(back).toEqual(keys);
    expect(Object.keys(back).sort()).toEqual(Object.keys(keys).sort());
    for (const [key, value] of Object.entries(keys)) {
      expect(await lastValueFrom(client.kv_get({ key }))).toEqual(value);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

describe('any JSON value that NemesisDB keeps', () => {
  it('comes back equal from a model of its numbers', async () => {
    const { client } = fakeClient(memoryServer().answer, { maxPayload: 1_000_000 });
    await fc.assert(roundTrip(client as unknown as NdbClient), { numRuns: 500 }); // the model has the two commands that matter
  });

  const server = serverUnderTest();

  it('comes back equal from a server', async () => {
    const client = await server.connect();
    const short = roundTrip(client);
    await fc.assert(short, { numRuns: 200, interruptAfterTimeLimit: 10_000 });
  });
});
