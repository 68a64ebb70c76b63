import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

/** The body of a reply: the object under `SH_GET_RSP`. */
export type Body = Readonly<Record<string, unknown>>;

/**
 * The peer that everything is measured against: a WebSocket, requests answered by order alone, nothing checked. Each frame
 * is written by itself, unless it corks: then all that is sent in one turn is written in one piece.
 */
export class BareLoop {
  readonly #waiting: ((body: Body) => void)[] = [];
  #head = 0;

  #corked = false;

  private constructor(
    private readonly socket: WebSocket,
    private readonly wire: Socket | undefined,
  ) {
    socket.on('message', (data) => {
      const reply = JSON.parse(data.toString());
      const receive = this.#waiting[this.#head++];
      if (this.#head > 4096) {
        this.#waiting.splice(0, this.#head);
        this.#head = 0;
      }
      for (const name in reply) receive?.(reply[name]);
    });
  }

  static connect(url: string, corks = false): Promise<BareLoop> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    let wire: Socket | undefined;
    socket.once('upgrade', (response) => {
      wire = response.socket;
    });
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('open', () => resolve(new BareLoop(socket, corks ? wire : undefined)));
    });
  }

  /** Sends a request; tokens are past what `JSON.stringify` can write, so whoever asks puts the text together. */
  request(text: string, receive: (body: Body) => void): void {
    this.#waiting.push(receive);
    this.#cork();
    this.socket.send(text);
  }

  #cork(): void {
    const { wire } = this;
    if (this.#corked || wire === undefined) return;
    this.#corked = true;
    wire.cork();
    process.nextTick(() => {
      this.#corked = false;
      wire.uncork();
    });
  }

  close(): void {
    this.socket.close();
  }
}
