import type { WebSocket } from 'ws';

/** The frames that a connection gets, in their order. */
export class Frames {
  readonly #frames: string[] = [];
  #wake = () => {};

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      this.#frames.push(String(data));
      this.#wake();
    });
  }

  send(...frames: readonly string[]): void {
    for (const frame of frames) this.socket.send(frame);
  }

  /** The next frame. */
  async next(): Promise<string> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next frames. */
  async take(count: number): Promise<string[]> {
    const frames: string[] = [];
    while (frames.length < count) frames.push(await this.next());
    return frames;
  }

  /** Sends a request and gives the next frame. */
  ask(request: string): Promise<string> {
    this.send(request);
    return this.next();
  }

  /** How many frames have come and were not taken. */
  get waiting(): number {
    return this.#frames.length;
  }
}
