import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../clock.js';
import type { Dispatcher } from '../commands/dispatcher.js';
import type { Log } from '../log.js';
import type { ServerSettings } from '../options.js';
import { bearerCheck } from './bearer.js';
import { Connection, DroppingWebSocket } from './connection.js';
import { answerHttp } from './http.js';
import { type Metrics, metricsText } from './metrics.js';
import { allowsOrigin } from './origins.js';
import { ReplyMemory } from './reply-memory.js';
import { TurnQueue } from './turn-queue.js';

/** How long a client may take to answer a close frame, in milliseconds. */
const closeTimeout = 2000;

export interface ListenerOptions {
  readonly settings: ServerSettings;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether commands can be executed: `/healthz` says so. */
  isReady(): boolean;
}

/** What the listener does not know of the metrics. */
export type StoreMetrics = Omit<Metrics, 'connections' | 'waitingReplyBytes'>;

/** The HTTP server and its WebSockets. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #http: Server;
  readonly #connections = new Set<Connection>();
  readonly #replyMemory: ReplyMemory;
  #checkingAlive: NodeJS.Timeout | undefined;

  private constructor(options: ListenerOptions, http: Server) {
    this.#options = options;
    this.#http = http;
    this.#replyMemory = new ReplyMemory(options.settings.maxWaitingReplies);
  }

  /** Listens. Nothing is served before `serve`. */
  static async open(options: ListenerOptions): Promise<Listener> {
    const { settings } = options;
    const { tls } = settings;
    const common = { connectionsCheckingInterval: 1000 };
    // Node takes any Uint8Array for a key; its types ask for a Buffer.
    const http = tls === undefined ? createServer(common) : createTlsServer({ ...common, ...(tls as ServerOptions) });
    http.headersTimeout = settings.upgradeTimeout;
    http.requestTimeout = settings.upgradeTimeout;
    http.keepAliveTimeout = 1;
    http.maxConnections = settings.maxConnections;
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject);
      http.listen(settings.port, settings.host, () => {
        http.off('error', reject);
        resolve();
      });
    });
    return new Listener(options, http);
  }

  get address(): AddressInfo {
    return this.#http.address() as AddressInfo; // listening on a host and a port, it has one
  }

  /** How many clients are connected. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Answers clients from now on. */
  serve(dispatcher: Dispatcher, storeMetrics: () => Promise<StoreMetrics>): void {
    const { settings, clock, log } = this.#options;
    const sockets = this.#acceptingSockets();
    const turns = new TurnQueue();
    const { highWaterMark, stallTimeout } = settings;
    // Several servers may share a store, and see each other's connections in its events.
    const serverId = randomBytes(6).toString('hex');
    let count = 0;
    this.#answerPages(storeMetrics);
    this.#http.on('drop', () => log.warn(`A connection was refused: there are ${settings.maxConnections} already.`));
    this.#http.on('upgrade', (request, stream, head) => {
      sockets.handleUpgrade(request, stream, head, (socket: WebSocket) => {
        const shared = { dispatcher, clock, log, turns, replyMemory: this.#replyMemory, highWaterMark, stallTimeout };
        const connection = new Connection(`${serverId}-${count++}`, socket, request.socket, shared);
        this.#connections.add(connection);
        socket.once('close', () => this.#connections.delete(connection));
      });
    });
    this.#checkingAlive = setInterval(() => {
      for (const connection of this.#connections) connection.checkAlive();
    }, settings.idleTimeout);
  }

  /** Closes clients with 1001, after what is under way for them, and resolves when all are gone. */
  async close(): Promise<void> {
    clearInterval(this.#checkingAlive);
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    for (const connection of this.#connections) connection.close(1001, closeTimeout);
    // Those that are no WebSockets: one that never finishes its upgrade would hold this up until its timeout.
    this.#http.closeAllConnections();
    await closed;
  }

  #answerPages(storeMetrics: () => Promise<StoreMetrics>): void {
    const pages = {
      isReady: this.#options.isReady,
      isAuthorized: bearerCheck(this.#options.settings.bearerToken),
      metrics: async () =>
        metricsText({
          connections: this.#connections.size,
          waitingReplyBytes: this.#replyMemory.total,
          ...(await storeMetrics()),
        }),
    };
    this.#http.on('request', (request, response) => void answerHttp(request, response, pages));
  }

  #acceptingSockets(): WebSocketServer {
    const { settings, log } = this.#options;
    const isAllowed = allowsOrigin(settings.allowOrigin);
    const isAuthorized = bearerCheck(settings.bearerToken);
    return new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      clientTracking: false,
      maxPayload: settings.maxPayload,
      WebSocket: DroppingWebSocket,
      verifyClient: ({ req }, answer) => {
        const { origin } = req.headers;
        if (!isAuthorized(req.headers.authorization)) {
          log.warn('A client was refused: it has no bearer token that is allowed.');
          return answer(false, 401, undefined, { 'WWW-Authenticate': 'Bearer' });
        }
        if (isAllowed(origin)) return answer(true);
        const name = JSON.stringify(origin?.slice(0, 200));
        log.warn(
          `A page was refused: its origin ${name} is not allowed. Option allowOrigin (--allow-origin) allows it.`,
        );
        answer(false, 403);
      },
    });
  }
}
