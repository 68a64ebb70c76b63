import type { Socket } from 'node:net';

/** How bytes travel. */
export interface Passage {
  /** How long each byte is held, in ms. */
  readonly delay: number;
  /** Most bytes that are written in one go: 1 splits everything. */
  readonly piece: number;
  /** Most bytes a second. */
  readonly rate: number;
}

export const clear: Passage = { delay: 0, piece: Number.POSITIVE_INFINITY, rate: Number.POSITIVE_INFINITY };

/** Bytes that wait here before no more are read: what a cable holds, and no more. */
const highWaterMark = 256 * 1024;

interface Held {
  readonly bytes: Buffer;
  readonly dueAt: number;
}

/** What a pipe asks of its connection. */
export interface PipeEnds {
  readonly from: Socket;
  readonly to: Socket;
  passage(): Passage;
  /** What becomes of the bytes that arrive. */
  arrived(bytes: Buffer): readonly Buffer[];
  /** How many of these bytes may pass before something has to happen. */
  allowance(bytes: number): number;
  /** So many have passed. */
  passed(bytes: number): void;
}

/** One direction of a connection: holds, splits and throttles what passes, and can swallow all of it. */
export class Pipe {
  #held: Held[] = [];
  #heldBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #freeAt = 0;
  #state: 'flowing' | 'swallowing' | 'ended' = 'flowing';
  #sourceEnded = false;

  constructor(private readonly ends: PipeEnds) {
    const { from, to } = ends;
    from.on('data', (chunk: Buffer) => this.#arrived(ends.arrived(chunk)));
    from.on('end', () => {
      this.#sourceEnded = true;
      this.#pump();
    });
    to.on('drain', () => this.#pump());
  }

  /** Sends these bytes as if they had come. */
  inject(bytes: Buffer): void {
    this.#arrived([bytes]);
  }

  /** Nothing passes any more, and nobody is told. */
  swallow(): void {
    this.#state = 'swallowing';
    this.#drop();
    this.ends.from.resume();
  }

  /** Nothing passes any more, and the receiver is told that this is all. */
  end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#drop();
    this.ends.to.end();
    this.ends.from.resume();
  }

  /** Stops the timer. */
  stop(): void {
    this.#state = 'swallowing';
    this.#drop();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#held = [];
    this.#heldBytes = 0;
  }

  #arrived(chunks: readonly Buffer[]): void {
    if (this.#state !== 'flowing') return;
    const dueAt = performance.now() + this.ends.passage().delay;
    for (const bytes of chunks) {
      this.#held.push({ bytes, dueAt });
      this.#heldBytes += bytes.length;
    }
    if (this.#heldBytes > highWaterMark) this.ends.from.pause();
    this.#pump();
  }

  #pump(): void {
    if (this.#timer !== undefined) return;
    const { to, from } = this.ends;
    while (this.#state === 'flowing' && !to.writableNeedDrain) {
      const first = this.#held[0];
      if (first === undefined) break;
      const wait = Math.max(first.dueAt, this.#freeAt) - performance.now();
      if (wait > 0) {
        this.#later(wait);
        return;
      }
      this.#write(first);
      // A piece of its own on the wire, and not one chunk with the next.
      if (this.ends.passage().piece < first.bytes.length) {
        this.#later(0);
        break;
      }
    }
    if (this.#state !== 'flowing') return;
    if (this.#heldBytes <= highWaterMark && from.isPaused()) from.resume();
    if (this.#sourceEnded && this.#held.length === 0) this.end();
  }

  #later(wait: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pump();
    }, wait);
  }

  #write(first: Held): void {
    const { piece, rate } = this.ends.passage();
    // At most what 10 ms let through, so that the rate is one all the time.
    const allowed = this.ends.allowance(Math.min(first.bytes.length, piece, Math.max(1, Math.round(rate / 100))));
    const bytes = first.bytes.subarray(0, allowed);
    const rest = first.bytes.subarray(allowed);
    if (rest.length === 0) this.#held.shift();
    else this.#held[0] = { bytes: rest, dueAt: first.dueAt };
    this.#heldBytes -= allowed;
    this.ends.to.write(bytes);
    this.#freeAt = performance.now() + (allowed * 1000) / rate;
    this.ends.passed(allowed);
  }
}
