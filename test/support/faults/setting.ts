import { lastValueFrom } from 'rxjs';
import { afterEach, beforeEach } from 'vitest';
import { NdbClient, type NdbClientOptions } from '../../../src/index.js';
import { NdbServer, type NdbServerOptions } from '../../../src/server/index.js';
import { FaultProxy } from './proxy.js';

/** What makes a client notice and come back within a test's patience. */
export const quick: NdbClientOptions = {
  reconnect: { initialDelay: 5, maxDelay: 20 },
  closeTimeout: 200,
  connectTimeout: 1000,
};

/** An embedded server, a proxy before it, and clients of it; all made anew for each test and closed after it. */
export interface FaultSetting {
  readonly proxy: FaultProxy;
  readonly server: NdbServer;
  /** A client that goes through the proxy, opened. */
  connect(options?: NdbClientOptions): Promise<NdbClient>;
  /** A client of the server itself, which tells what is true there. */
  witness(): Promise<NdbClient>;
}

/** A client of this URL that is closed after the test, with the options of `quick`; not opened yet. */
export type MakeClient = (options?: NdbClientOptions) => NdbClient;

/** Makes clients that are closed after each test. */
export function clientsOfTest(): MakeClient {
  const clients: NdbClient[] = [];
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client[Symbol.asyncDispose]()));
  });
  return (options) => {
    const client = new NdbClient({ ...quick, ...options });
    clients.push(client);
    return client;
  };
}

export function faultSetting(options: NdbServerOptions = {}): FaultSetting {
  let running: { readonly server: NdbServer; readonly proxy: FaultProxy } | undefined;
  const present = () => {
    if (running === undefined) throw new Error('There is a server only while a test runs.');
    return running;
  };
  // Hooks run in reverse order at the end, so the clients go last here: they are closed before the server.
  afterEach(async () => {
    const { proxy, server } = present();
    running = undefined;
    await proxy.close();
    await server.close();
  });
  const make = clientsOfTest();
  beforeEach(async () => {
    const server = await NdbServer.listen({ port: 0, ...options });
    running = { server, proxy: await FaultProxy.listen(server.port) };
  });
  const opened = async (url: string, clientOptions?: NdbClientOptions) => {
    const client = make(clientOptions);
    await lastValueFrom(client.open(url));
    return client;
  };
  return {
    get proxy() {
      return present().proxy;
    },
    get server() {
      return present().server;
    },
    connect: (clientOptions) => opened(present().proxy.url, clientOptions),
    witness: () => opened(present().server.url),
  };
}
