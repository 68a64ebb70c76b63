import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** One request as a peer receives it. */
export interface PeerRequest {
  readonly text: string;
  /** The command, or the fence's name. */
  readonly name: string;
  /** Whether it is part of how a client greets, or a fence. */
  readonly isOverhead: boolean;
  readonly socket: WebSocket;
  /** Executes it, and gives the reply that NemesisDB would send. */
  answer(): string;
  reply(data: string | Uint8Array): void;
}

/** What a peer does with a request. */
export type Reaction = (request: PeerRequest) => void;

/** What every server does: executes and replies. */
export const faithful: Reaction = (request) => request.reply(request.answer());

/** Reacts so to commands; greetings and fences are answered as by every server. */
export const onCommands =
  (reaction: Reaction): Reaction =>
  (request) =>
    (request.isOverhead ? faithful : reaction)(request);

type Body = Record<string, unknown>;

/** A bare WebSocket server that knows a few commands; what it does with each request is the test's to say. */
export class FaultPeer implements AsyncDisposable {
  readonly #server: WebSocketServer;
  /** The commands that came, oldest first, without greetings and fences. */
  readonly received: string[] = [];
  /** Keys that were set. */
  readonly keys = new Map<string, unknown>();
  /** The connections that are open. */
  readonly sockets = new Set<WebSocket>();
  /** How many connections were ever accepted. */
  accepted = 0;

  private constructor(
    server: WebSocketServer,
    public reaction: Reaction,
  ) {
    this.#server = server;
    server.on('connection', (socket) => this.accept(socket));
  }

  /** Serves a WebSocket that another server has accepted. */
  accept(socket: WebSocket): void {
    this.accepted += 1;
    this.sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('message', (data) => this.#received(socket, data.toString()));
  }

  static async listen(reaction: Reaction = faithful): Promise<FaultPeer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await new Promise<void>((resolve) => server.once('listening', resolve));
    return new FaultPeer(server, reaction);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port; // it listens on a port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #received(socket: WebSocket, text: string): void {
    const [name = '', body = {}] = Object.entries(JSON.parse(text) as Record<string, Body>)[0] ?? []; // requests are objects of one object
    const isOverhead = name === 'SV_INFO' || /^SH_\d/.test(name);
    if (!isOverhead) this.received.push(name);
    this.reaction({
      text,
      name,
      isOverhead,
      socket,
      answer: () => this.#answer(name, body),
      reply: (data) => socket.send(data),
    });
  }

  #answer(name: string, body: Body): string {
    return JSON.stringify({ [`${name}_RSP`]: this.#execute(name, body) });
  }

  #execute(name: string, body: Body): Body {
    const asked = Array.isArray(body.keys) ? (body.keys as string[]) : []; // lists of keys hold texts
    switch (name) {
      case 'SV_INFO':
        return { st: 1, serverVersion: '0.7.2', persistEnabled: false };
      case 'KV_SET':
        for (const [key, value] of Object.entries(body.keys ?? {})) this.keys.set(key, value);
        return { st: 1 };
      case 'KV_GET': {
        const found = asked.filter((key) => this.keys.has(key)).map((key) => [key, this.keys.get(key)]);
        return { st: 1, keys: Object.fromEntries(found) };
      }
      case 'KV_COUNT':
        return { st: 1, cnt: this.keys.size };
      default:
        return { st: 10, m: '', tkn: null };
    }
  }
}
