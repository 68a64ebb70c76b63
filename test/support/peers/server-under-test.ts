import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { NdbClient, type NdbClientOptions, type ServerInfo } from '../../../src/index.js';
import { NdbServer } from '../../../src/server/index.js';

/** A server that integration tests run against, and clients of it that are closed after each test. */
export interface ServerUnderTest {
  readonly url: string;
  /** Whether it can save and load datasets. */
  readonly persists: boolean;
  connect(options?: NdbClientOptions): Promise<NdbClient>;
}

/**
 * The server at `NDB_URL` where that is set, otherwise an embedded one for this file. Its keys and sessions are gone before
 * the first test: never point `NDB_URL` at a server whose data you need.
 */
export function serverUnderTest(): ServerUnderTest {
  const clients: NdbClient[] = [];
  let stop = async (): Promise<void> => {};
  let url = process.env.NDB_URL ?? '';
  let info: ServerInfo | undefined;

  async function connect(options: NdbClientOptions = {}): Promise<NdbClient> {
    const client = new NdbClient(options);
    clients.push(client);
    info = await lastValueFrom(client.open(url));
    return client;
  }

  async function closeClients(): Promise<void> {
    await Promise.all(clients.splice(0).map((client) => client[Symbol.asyncDispose]()));
  }

  beforeAll(async () => {
    if (url === '') {
      const persist = await mkdtemp(join(tmpdir(), 'rx-nemesisdb-'));
      const server = await NdbServer.listen({ port: 0, persist });
      url = server.url;
      stop = async () => {
        await server.close();
        await rm(persist, { recursive: true });
      };
    }
    const client = await connect();
    await lastValueFrom(client.sh_end_all());
    await lastValueFrom(client.kv_clear());
    await closeClients();
  });
  afterEach(closeClients);
  afterAll(() => stop());

  return {
    get url() {
      return url;
    },
    get persists() {
      return info?.persistEnabled === true;
    },
    connect,
  };
}
