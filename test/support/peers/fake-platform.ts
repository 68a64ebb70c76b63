import { Subject } from 'rxjs';
import type {
  DialOptions,
  Platform,
  PlatformSocket,
  SocketEnd,
  SocketListener,
} from '../../../src/transport/socket/platform.js';
import type { TransportOptions } from '../../../src/transport/transport.js';
import { VirtualClock } from '../clocks/virtual-clock.js';

/** What the other side of a fake socket does. */
export interface Peer {
  dialled?(socket: FakeSocket): void;
  wrote?(socket: FakeSocket, frames: readonly string[]): void;
  pinged?(socket: FakeSocket): void;
  closing?(socket: FakeSocket, code: number): void;
}

/** A WebSocket without a wire: a test says what its peer does, and sees what was written. */
export class FakeSocket implements PlatformSocket {
  readonly written: string[] = [];
  readonly ping?: () => void;
  pings = 0;
  #greeted = 0;
  #corked: string[] | undefined;
  closeCode: number | undefined;
  state: 'connecting' | 'open' | 'ended' = 'connecting';

  constructor(
    readonly url: string,
    private readonly listener: SocketListener,
    private readonly peer: Peer,
    canPing: boolean,
  ) {
    if (canPing) {
      this.ping = () => {
        this.pings += 1;
        peer.pinged?.(this);
      };
    }
  }

  send(frame: string): void {
    if (this.state !== 'open') throw new Error(`written to a socket that is ${this.state}`);
    this.written.push(frame);
    if (this.#corked === undefined) this.peer.wrote?.(this, [frame]);
    else this.#corked.push(frame);
  }

  cork(): void {
    this.#corked = [];
  }

  uncork(): void {
    const frames = this.#corked ?? [];
    this.#corked = undefined;
    if (frames.length > 0) this.peer.wrote?.(this, frames);
  }

  close(code: number): void {
    this.closeCode = code;
    this.peer.closing?.(this, code);
  }

  terminate(): void {
    this.state = 'ended';
  }

  /** The upgrade succeeds. */
  open(): void {
    if (this.state !== 'connecting') return;
    this.state = 'open';
    this.listener.opened();
  }

  /** The upgrade succeeds, and the peer proves to be a NemesisDB that echoes fences. */
  greet(info: Readonly<Record<string, unknown>> = {}): void {
    this.open();
    this.frame(`{"SV_INFO_RSP":{"st":1,"serverVersion":"0.7.2","persistEnabled":true${members(info)}}}`);
    this.#greeted = this.written.length;
    for (const text of this.written.slice(1)) this.answer(text);
  }

  /** The requests after the greeting, fences too. */
  get requests(): readonly string[] {
    return this.written.slice(this.#greeted);
  }

  /** Answers a fence. */
  echo(text: string): void {
    this.frame(`{"${nameOf(text)}_RSP":{"m":"","st":10,"tkn":null}}`);
  }

  /** Answers each request after the greeting's, in order, fences too, as a NemesisDB that holds nothing does. */
  answerAll(): void {
    const { requests } = this;
    // Before, not after: what is written in reply to an answer is not answered yet.
    this.#greeted = this.written.length;
    for (const text of requests) this.answer(text);
  }

  answer(text: string): void {
    const name = nameOf(text);
    if (/^SH_\d/.test(name)) this.echo(text);
    else this.frame(`{"${name}_RSP":{"st":1}}`);
  }

  /** Any text, from the peer. */
  frame(text: string): void {
    if (this.state === 'open') this.listener.frame(text);
  }

  binary(): void {
    if (this.state === 'open') this.listener.binary();
  }

  pong(): void {
    if (this.state === 'open') this.listener.alive();
  }

  end(end: Partial<SocketEnd> = {}): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.listener.closed({ code: 1006, reason: '', ...end });
  }
}

/** A request's name: that of its one member. */
export function nameOf(text: string): string {
  return text.slice(2, text.indexOf('"', 2));
}

const members = (info: Readonly<Record<string, unknown>>) =>
  Object.entries(info)
    .map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join('');

/** A platform whose sockets a test holds in its hand. */
export class FakePlatform implements Platform {
  readonly sockets: FakeSocket[] = [];
  /** A test says when the network is back. */
  readonly online$ = new Subject<void>();
  readonly published: object[] = [];
  readonly diagnostics = {
    hasSubscribers: false,
    publish: (message: object) => {
      this.published.push(message);
    },
  };

  constructor(
    private readonly peer: Peer = {},
    private readonly canPing = true,
  ) {}

  /** The latest socket. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('nothing was dialled');
    return socket;
  }

  dial(url: string, _options: DialOptions, listener: SocketListener): PlatformSocket {
    const socket = new FakeSocket(url, listener, this.peer, this.canPing);
    this.sockets.push(socket);
    this.peer.dialled?.(socket);
    return socket;
  }
}

/** Options with a virtual clock, and without chance. */
export function transportOptions(given: Partial<TransportOptions> = {}): TransportOptions {
  return {
    maxPayload: undefined,
    maxReply: 1 << 20,
    maxInFlight: 128,
    maxQueued: 1000,
    maxQueuedBytes: 1 << 20,
    reconnect: { initialDelay: 100, maxDelay: 1000, attempts: Number.POSITIVE_INFINITY, resetAfter: 10_000 },
    heartbeat: { interval: 15_000, timeout: 5000 },
    connectTimeout: 5000,
    closeTimeout: 2000,
    clock: new VirtualClock(),
    random: () => 0.5,
    ...given,
  };
}
