import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import fc from 'fast-check';
import { type WebSocket, WebSocketServer } from 'ws';
import { frameOf } from '../faults/frames.js';
import {
  type ConnectionScript,
  drops,
  execute,
  faultless,
  inTurn,
  type Ledger,
  type ServerScript,
} from './scripted-peer.js';

/** What becomes of the bytes that a server writes, on each of its connections. */
export interface WireScript {
  /** The sizes of the pieces that arrive, begun again at their end. */
  readonly pieces: readonly number[];
  /** After how many bytes the connection is cut, if it is. */
  readonly cutAfter: number | undefined;
}

export const wireScript: fc.Arbitrary<WireScript> = fc.record({
  pieces: fc.array(fc.constantFrom(1, 2, 3, 7, 40, 200, 5000, 100_000), { minLength: 1, maxLength: 6 }),
  cutAfter: fc.option(fc.nat(4000), { freq: 2, nil: undefined }),
});

/** A server with its script, at a path of its own. */
interface Role {
  readonly script: ServerScript;
  readonly wire: WireScript;
  readonly ledger: Ledger;
  connections: number;
}

/** A real WebSocket server that plays many scripts at once, each at its own path: what they cost is the replies, not the servers. */
export class ScriptedServer implements AsyncDisposable {
  readonly #roles: Role[] = [];
  readonly #sockets = new WebSocketServer({ noServer: true });

  private constructor(private readonly server: Server) {
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
  }

  static async listen(): Promise<ScriptedServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ScriptedServer(server);
  }

  /** Adds a role, and gives the URL at which it is played. */
  play(script: ServerScript, wire: WireScript, ledger: Ledger): string {
    const path = this.#roles.push({ script, wire, ledger, connections: 0 }) - 1;
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/${path}`; // it listens on a port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sockets.close();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => {});
    const role = this.#roles[Number(request.url?.slice(1))];
    if (role === undefined) throw new Error(`no role at ${request.url}`);
    const script = role.script.connections[role.connections++] ?? faultless;
    if (script.refused) socket.destroy();
    else {
      socket.setNoDelay(true);
      this.#sockets.handleUpgrade(
        request,
        socket,
        head,
        (webSocket) => new Performance(role, script, webSocket, socket),
      );
    }
  }
}

/** One connection on which a role is played. */
class Performance {
  /** What was executed and has not been written. */
  #unwritten = Buffer.alloc(0);
  #requests: string[] = [];
  #served = 0;
  #replies = 0;
  #pieces = 0;
  #written = 0;
  #isServing = false;
  #isWriting = false;

  constructor(
    private readonly role: Role,
    private readonly script: ConnectionScript,
    webSocket: WebSocket,
    private readonly socket: Socket,
  ) {
    webSocket.on('error', () => {});
    webSocket.on('message', (data) => {
      this.#requests.push(data.toString());
      if (!this.#isServing) this.#serve();
    });
  }

  /** Serves the requests in their order, each after its time. */
  #serve(): void {
    this.#isServing = true;
    for (let text = this.#requests.shift(); text !== undefined; text = this.#requests.shift()) {
      const number = this.#served++;
      const stall = inTurn(this.script.stalls, number);
      if (stall > 2) {
        const late = text;
        setTimeout(() => {
          this.#execute(number, late);
          this.#serve();
        }, stall);
        return;
      }
      this.#execute(number, text);
    }
    this.#isServing = false;
  }

  #execute(number: number, text: string): void {
    if (this.socket.destroyed) return;
    const { cut } = this.script;
    if (cut?.at === number && !cut.executed) {
      this.socket.destroy();
      return;
    }
    const reply = execute(text, this.role.script.manners, this.role.ledger);
    if (cut?.at === number) this.socket.destroy();
    else if (reply !== undefined && !drops(this.script, this.role.script.manners, this.#replies++))
      this.#write(frameOf(reply));
  }

  #write(bytes: Buffer): void {
    this.#unwritten = Buffer.concat([this.#unwritten, bytes]);
    if (this.#isWriting) return;
    this.#isWriting = true;
    setImmediate(() => this.#writePiece());
  }

  #writePiece(): void {
    const { pieces, cutAfter } = this.role.wire;
    const isFaulty = this.script !== faultless;
    const most = isFaulty && cutAfter !== undefined ? cutAfter - this.#written : Number.POSITIVE_INFINITY;
    const piece = this.#unwritten.subarray(0, Math.min(most, inTurn(pieces, this.#pieces++)));
    this.#unwritten = this.#unwritten.subarray(piece.length);
    this.#written += piece.length;
    this.socket.write(piece);
    if (isFaulty && this.#written === cutAfter) this.socket.destroySoon();
    this.#isWriting = this.#unwritten.length > 0 && !this.socket.destroyed;
    if (this.#isWriting) setImmediate(() => this.#writePiece());
  }
}
