import { WebSocket } from 'ws';

/** The body of a reply: the object under `SH_GET_RSP`. */
export type Body = Readonly<Record<string, unknown>>;

/**
 * The peer that everything is measured against: a WebSocket, requests answered by order alone, nothing checked. Each frame
 * is written by itself.
 */
export class BareLoop {
  readonly #waiting: ((body: Body) => void)[] = [];
  #head = 0;

  private constructor(private readonly socket: WebSocket) {
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

  static connect(url: string): Promise<BareLoop> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('open', () => resolve(new BareLoop(socket)));
    });
  }

  /** Sends a request; tokens are past what `JSON.stringify` can write, so whoever asks puts the text together. */
  request(text: string, receive: (body: Body) => void): void {
    this.#waiting.push(receive);
    this.socket.send(text);
  }

  close(): void {
    this.socket.close();
  }
}
