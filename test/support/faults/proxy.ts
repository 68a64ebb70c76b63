import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type Features, FrameSieve, frameOf, type ReplyFilter } from './frames.js';
import { clear, type Passage, Pipe } from './pipe.js';

/** `up`: from client to server. `down`: from server to client. */
export type Direction = 'up' | 'down';

/**
 * What can happen to a connection.
 *
 * - `reset`: both ends are told at once, by RST.
 * - `truncate`: what is under way is lost, and both ends are told that this was all.
 * - `half-close`: one direction ends so; the other goes on.
 * - `swallow`: one direction leads nowhere; nobody is told.
 * - `black-hole`: both directions do. A pulled cable.
 */
export type Fault = 'reset' | 'truncate' | 'half-close' | 'swallow' | 'black-hole';

/** What meets those who connect: `pass` to the server, `reset` at once, or `silence`, with nobody behind. */
export type Admission = 'pass' | 'reset' | 'silence';

interface Trigger {
  readonly direction: Direction;
  left: number;
  readonly fault: Fault;
}

/** A TCP proxy before a WebSocket server, whose faults are switched at run time and hold for connections old and new. */
export class FaultProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #connections = new Set<ProxiedConnection>();
  readonly #passages: Record<Direction, Passage> = { up: clear, down: clear };
  readonly #triggers = new Set<Trigger>();
  /** Bytes that were let through, over all connections. */
  readonly passed: Record<Direction, number> = { up: 0, down: 0 };
  admission: Admission = 'pass';
  features: Features = 'hidden';
  /** Loses the replies for which it gives `false`, unless features are shown. */
  lets: ReplyFilter | undefined;
  /** How many connections were ever accepted. */
  accepted = 0;

  private constructor(
    server: Server,
    /** The port of the server behind; may change. */
    public target: number,
  ) {
    this.#server = server;
    server.on('connection', (client) => this.#accept(client));
  }

  /** A proxy before the server on this port of this machine. */
  static async listen(target: number): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FaultProxy(server, target);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port; // it listens on a port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`;
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#connections.size;
  }

  passage(direction: Direction): Passage {
    return this.#passages[direction];
  }

  /** Delays, splits or throttles one direction from now on; what is not named passes freely. */
  hinder(direction: Direction, passage: Partial<Passage>): void {
    this.#passages[direction] = { ...clear, ...passage };
  }

  /** Strikes every connection there is. */
  strike(fault: Fault, direction: Direction = 'down'): void {
    for (const connection of [...this.#connections]) connection.strike(fault, direction);
  }

  /** Strikes the connection over which that byte, counted from now, has just passed. Returns its undo. */
  strikeAfter(direction: Direction, bytes: number, fault: Fault): () => void {
    const trigger: Trigger = { direction, left: Math.max(1, bytes), fault };
    this.#triggers.add(trigger);
    return () => this.#triggers.delete(trigger);
  }

  /** Sends every client a text frame that its server never sent. */
  inject(text: string): void {
    for (const connection of this.#connections) connection.inject(text);
  }

  /** Everything passes again; connections in a black hole stay there. */
  heal(): void {
    this.#passages.up = clear;
    this.#passages.down = clear;
    this.#triggers.clear();
    this.admission = 'pass';
    this.lets = undefined;
  }

  /** Drops everything and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.strike('reset');
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** How many of these bytes may pass before a trigger fires. */
  allowance(direction: Direction, bytes: number): number {
    let allowed = bytes;
    for (const trigger of this.#triggers) {
      if (trigger.direction === direction) allowed = Math.min(allowed, trigger.left);
    }
    return allowed;
  }

  /** Counts bytes that pass; gives the faults that are due after them. */
  count(direction: Direction, bytes: number): readonly Fault[] {
    this.passed[direction] += bytes;
    const due: Fault[] = [];
    for (const trigger of this.#triggers) {
      if (trigger.direction !== direction) continue;
      trigger.left -= bytes;
      if (trigger.left > 0) continue;
      this.#triggers.delete(trigger);
      due.push(trigger.fault);
    }
    return due;
  }

  #accept(client: Socket): void {
    this.accepted += 1;
    if (this.admission === 'reset') {
      client.on('error', () => {});
      client.resetAndDestroy();
      return;
    }
    const connection = new ProxiedConnection(this, client, () => this.#connections.delete(connection));
    this.#connections.add(connection);
    if (this.admission === 'silence') connection.strike('black-hole', 'down');
  }
}

/** One client, and its connection to the server behind. */
class ProxiedConnection {
  readonly #sieve: FrameSieve;
  readonly #pipes: Readonly<Record<Direction, Pipe>>;
  readonly #server: Socket;
  #isHole = false;
  #open = 2;

  constructor(
    proxy: FaultProxy,
    private readonly client: Socket,
    private readonly gone: () => void,
  ) {
    const server = connect({ port: proxy.target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#server = server;
    this.#sieve = new FrameSieve(
      () => proxy.lets,
      () => proxy.features,
    );
    this.#pipes = {
      up: this.#pipe(proxy, 'up', client, server),
      down: this.#pipe(proxy, 'down', server, client),
    };
    for (const socket of [client, server]) {
      socket.on('error', () => {
        if (!this.#isHole || socket === client) this.#reset();
      });
      socket.on('close', () => {
        this.#open -= 1;
        if (this.#open === 0) gone();
      });
    }
    // A client that gives a hole up takes the server's end with it, or tests would gather them.
    client.on('end', () => {
      if (this.#isHole) this.#reset();
    });
  }

  inject(text: string): void {
    if (this.#sieve.upgraded) this.#pipes.down.inject(frameOf(text));
  }

  strike(fault: Fault, direction: Direction): void {
    switch (fault) {
      case 'reset':
        this.#reset();
        return;
      case 'truncate':
        this.#pipes.up.end();
        this.#pipes.down.end();
        return;
      case 'half-close':
        this.#pipes[direction].end();
        return;
      case 'swallow':
        this.#isHole = true;
        this.#pipes[direction].swallow();
        return;
      case 'black-hole':
        this.#isHole = true;
        this.#pipes.up.swallow();
        this.#pipes.down.swallow();
        return;
    }
  }

  #pipe(proxy: FaultProxy, direction: Direction, from: Socket, to: Socket): Pipe {
    return new Pipe({
      from,
      to,
      passage: () => proxy.passage(direction),
      arrived: (bytes) => (direction === 'down' ? this.#sieve.take(bytes) : [bytes]),
      allowance: (bytes) => proxy.allowance(direction, bytes),
      passed: (bytes) => {
        for (const fault of proxy.count(direction, bytes)) this.strike(fault, direction);
      },
    });
  }

  #reset(): void {
    for (const pipe of Object.values(this.#pipes)) pipe.stop();
    for (const socket of [this.client, this.#server]) if (!socket.destroyed) socket.resetAndDestroy();
    // Not left to their close events: Node emits none for a socket that is reset while it is being shut down.
    this.gone();
  }
}
