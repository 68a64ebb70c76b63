/** In a browser: the embedded server that was started outside of it, in place of one in this process. */
import { lastValueFrom } from 'rxjs';
import { afterEach, beforeAll, inject } from 'vitest';
import { NdbClient, type NdbClientOptions } from '../../../src/index.js';
import type { ServerUnderTest } from '../../support/peers/server-under-test.js';

export function serverUnderTest(): ServerUnderTest {
  const clients: NdbClient[] = [];
  const url = inject('serverUrl');

  async function connect(options: NdbClientOptions = {}): Promise<NdbClient> {
    const client = new NdbClient(options);
    clients.push(client);
    await lastValueFrom(client.open(url));
    return client;
  }

  async function closeClients(): Promise<void> {
    await Promise.all(clients.splice(0).map((client) => client[Symbol.asyncDispose]()));
  }

  beforeAll(async () => {
    const client = await connect();
    await lastValueFrom(client.sh_end_all());
    await lastValueFrom(client.kv_clear());
    await closeClients();
  });
  afterEach(closeClients);

  return { url, persists: true, connect };
}
