// What disposes of it is named in its types, which programs of an older `lib` must be able to read.
/// <reference lib="esnext.disposable" preserve="true" />
import { access, constants, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Clock, systemClock } from '../clock.js';
import { ValueError } from '../errors.js';
import { Status } from '../protocol/status.js';
import { Dispatcher } from './commands/dispatcher.js';
import { Datasets } from './datasets/datasets.js';
import { removeLeftovers } from './datasets/writer.js';
import { consoleLog } from './log.js';
import { Connection, DroppingWebSocket, type LastReply } from './network/connection.js';
import { checkOptions, type NdbServerOptions, numbersOf, numericOptions } from './options.js';
import { sweepRegularly } from './store/expiry.js';
import { MemoryStore } from './store/memory/memory-store.js';
import type { Store } from './store/store.js';

/** How long a client may take to answer a close frame, in milliseconds. */
const closeTimeout = 2000;

async function checkFolder(folder: string): Promise<void> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new ValueError(`persist names "${folder}", which is no folder. Make it first.`, 'persist');
  await access(folder, constants.W_OK).catch((cause) => {
    throw new ValueError(`persist names "${folder}", which can't be written to.`, 'persist', { cause });
  });
}

function originCheck(allowed: string | readonly string[] | undefined): (origin: string | undefined) => boolean {
  const origins = new Set(typeof allowed === 'string' ? [allowed] : allowed);
  // Only browsers send an origin, and they always do: without this check any page could use a server on the same machine.
  return (origin) => origin === undefined || origins.has('*') || origins.has(origin);
}

function answerHttp(request: IncomingMessage, response: ServerResponse): void {
  const healthy = request.url === '/healthz' && (request.method === 'GET' || request.method === 'HEAD');
  response.writeHead(healthy ? 200 : 426, { 'content-type': 'text/plain', connection: 'close' });
  response.end(healthy ? 'ok\n' : 'This is a NemesisDB server: connect to it by WebSocket.\n');
}

/** Thousands of connections can be refused in a second: a line for each would fill the disk. */
function atMostEverySecond(clock: Clock, tell: () => void): () => void {
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    if (clock.now() - last < 1000) return;
    last = clock.now();
    tell();
  };
}

/** Turns an upgrade down. Past the upgrade nobody else listens to the stream, and an error that nobody hears ends the process. */
function refuse(stream: Duplex): void {
  stream.on('error', () => stream.destroy());
  // A peer that never closes its side would keep this one open.
  stream.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => stream.destroy());
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo); // listening on a host and a port, it has one
    });
  });
}

/**
 * A server that speaks NemesisDB's protocol, in this process: for tests, laptops and small deployments.
 *
 * ```ts
 * await using server = await NdbServer.listen();
 * await firstValueFrom(client.open(server.url));
 * ```
 */
export class NdbServer {
  /** Where clients connect, such as `ws://127.0.0.1:1987/`. */
  readonly url: string;
  /** The port it listens on. */
  readonly port: number;
  readonly #stop: () => Promise<void>;
  #closing: Promise<void> | undefined;

  private constructor(address: AddressInfo, stop: () => Promise<void>) {
    this.port = address.port;
    this.url = `ws://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}/`;
    this.#stop = stop;
  }

  /**
   * Starts a server; resolves once it listens. Rejects with a `ValueError` for an option that can't be right or a
   * dataset that can't be loaded, and with the platform's error where it can't listen (`EADDRINUSE`: the port is taken).
   */
  static async listen(options: NdbServerOptions = {}): Promise<NdbServer> {
    checkOptions(options);
    const numbers = numbersOf(options);
    if (options.host === '') {
      // Node takes it for every address of the machine; an unset variable of a script must not open the server to others.
      throw new ValueError('host must be an address or a name of this machine, and not empty.', 'host');
    }
    const clock: Clock = options.clock ?? systemClock;
    const log = options.log ?? consoleLog('silent');
    const store: Store = options.store ?? new MemoryStore(clock, numbers.maxMemory);
    if (options.persist !== undefined) {
      await checkFolder(options.persist);
      await removeLeftovers(options.persist);
    }
    const datasets = options.persist === undefined ? undefined : new Datasets(options.persist, store, log);
    if (options.load !== undefined) {
      const loaded = await datasets?.loadAny(options.load);
      if (loaded?.status !== Status.LoadComplete) {
        throw new ValueError(`load names "${options.load}", which can't be loaded from the folder of persist.`, 'load');
      }
      log.info(`Loaded ${loaded.sessions} sessions and ${loaded.keys} keys.`);
    }

    const connections = new Set<Connection>();
    const lastReply: LastReply = { writtenAt: Number.NEGATIVE_INFINITY };
    const info = (asked: boolean) => {
      const limit = `"maxPayload":${numbers.maxPayload},`;
      // Clients take NemesisDB's own limit for granted, and its reply has no more members.
      if (!asked) return numbers.maxPayload === numericOptions.maxPayload.default ? '' : limit;
      const memory = store.memoryUsed === undefined ? '' : `"memoryUsed":${store.memoryUsed},`;
      return `"connections":${connections.size},${limit}${memory}`;
    };
    const dispatcher = new Dispatcher({ store, datasets, info }, log);

    const http = createServer({ connectionsCheckingInterval: 1000 }, answerHttp);
    http.headersTimeout = numbers.upgradeTimeout;
    http.requestTimeout = numbers.upgradeTimeout;
    http.keepAliveTimeout = 1;
    http.maxConnections = numbers.maxConnections;
    const tellRefused = atMostEverySecond(clock, () =>
      log.warn(`A connection was refused: there are ${numbers.maxConnections} already.`),
    );
    http.on('drop', tellRefused);

    const isAllowed = originCheck(options.allowOrigin);
    const refused = new Set<Duplex>();
    const sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      clientTracking: false,
      maxPayload: numbers.maxPayload,
      WebSocket: DroppingWebSocket,
    });
    http.on('upgrade', (request, stream, head) => {
      if (!isAllowed(request.headers.origin)) {
        log.warn('A page of an origin that is not allowed was refused.');
        refused.add(stream);
        stream.once('close', () => refused.delete(stream));
        refuse(stream);
        return;
      }
      sockets.handleUpgrade(request, stream, head, (socket: WebSocket) => {
        const connection = new Connection(socket, request.socket, { dispatcher, clock, log, lastReply, ...numbers });
        connections.add(connection);
        socket.once('close', () => connections.delete(connection));
      });
    });

    const address = await listen(http, options.host ?? '127.0.0.1', numbers.port);
    const stopSweeping = sweepRegularly(store, clock, numbers.sweepInterval, lastReply, log);
    const liveness = setInterval(() => {
      for (const connection of connections) connection.checkAlive();
    }, numbers.idleTimeout);

    return new NdbServer(address, async () => {
      stopSweeping();
      clearInterval(liveness);
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      for (const connection of connections) connection.close(1001, closeTimeout);
      // Those that are no WebSockets: one that never finishes its upgrade would hold this up until its timeout.
      http.closeAllConnections();
      for (const stream of refused) stream.destroy();
      await datasets?.idle();
      await closed;
    });
  }

  /**
   * Stops: clients are closed with 1001, a save that is running is finished. Resolves when all is released; further
   * calls give the same promise.
   */
  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  /** `await using server = await NdbServer.listen()` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
