import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../clock.js';
import type { Dispatcher } from '../commands/dispatcher.js';
import type { Log } from '../log.js';
import type { ServerSettings } from '../options.js';
import { Connection, DroppingWebSocket } from './connection.js';
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

/** The HTTP server and its WebSockets. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #http: Server;
  readonly #connections = new Set<Connection>();
  #checkingAlive: NodeJS.Timeout | undefined;

  private constructor(options: ListenerOptions, http: Server) {
    this.#options = options;
    this.#http = http;
  }

  /** Listens. Nothing is served before `serve`. */
  static async open(options: ListenerOptions): Promise<Listener> {
    const { settings } = options;
    const http = createServer({ connectionsCheckingInterval: 1000 }, (request, response) =>
      answerHttp(request, response, options.isReady()),
    );
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
  serve(dispatcher: Dispatcher): void {
    const { settings, clock, log } = this.#options;
    const sockets = this.#acceptingSockets();
    const turns = new TurnQueue();
    const replyMemory = new ReplyMemory(settings.maxWaitingReplies);
    const { highWaterMark, stallTimeout } = settings;
    // Several servers may share a store, and see each other's connections in its events.
    const serverId = randomBytes(6).toString('hex');
    let count = 0;
    this.#http.on('drop', () => log.warn(`A connection was refused: there are ${settings.maxConnections} already.`));
    this.#http.on('upgrade', (request, stream, head) => {
      sockets.handleUpgrade(request, stream, head, (socket: WebSocket) => {
        const shared = { dispatcher, clock, log, turns, replyMemory, highWaterMark, stallTimeout };
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

  #acceptingSockets(): WebSocketServer {
    const { settings, log } = this.#options;
    const isAllowed = allowsOrigin(settings.allowOrigin);
    return new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      clientTracking: false,
      maxPayload: settings.maxPayload,
      WebSocket: DroppingWebSocket,
      verifyClient: ({ req }, answer) => {
        const { origin } = req.headers;
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

function answerHttp(request: IncomingMessage, response: ServerResponse, isReady: boolean): void {
  const isHealthCheck = request.url === '/healthz' && (request.method === 'GET' || request.method === 'HEAD');
  const [status, text] = isHealthCheck
    ? isReady
      ? [200, 'ok\n']
      : [503, 'The store is unavailable.\n']
    : [426, 'This is a NemesisDB server: connect to it by WebSocket.\n'];
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' });
  response.end(text);
}
