import type { Frame } from '../../protocol/frame.js';
import type { Batch, Correlator, Settlement, WireRequest } from './correlator.js';

/** How many requests make a full batch: few enough that the server works on them while others are still made. */
const fullBatch = 32;

/** How many bytes an id adds to a request at most: `,"id":"` and the quote after it, and up to 11 digits in base 36. */
export const idBytes = 19;

/** A request with its id: `{"SH_GET":{…},"id":"1f"}`. */
const withId = (text: string, wireId: string): string => `${text.slice(0, -1)},"id":"${wireId}"}`;

/**
 * Matches replies by the id that the server repeats. The server drops no reply, and some may overtake others: each is
 * delivered as it comes.
 */
export class Ids implements Correlator {
  /** The requests in flight: from the id on the wire to that of the request. */
  readonly #pending = new Map<string, number>();
  readonly fullBatch = fullBatch;

  constructor(private readonly maxInFlight: number) {}

  get inFlight(): number {
    return this.#pending.size;
  }

  pending(): number[] {
    return [...this.#pending.values()];
  }

  room(): number {
    return Math.max(0, this.maxInFlight - this.#pending.size);
  }

  write(requests: readonly WireRequest[]): Batch {
    const frames: string[] = [];
    for (const { id, text } of requests) {
      const wireId = id.toString(36);
      this.#pending.set(wireId, id);
      frames.push(withId(text, wireId));
    }
    return { frames, fenced: false };
  }

  receive(frame: Frame): Settlement {
    if (frame.id === undefined) return { type: 'untrusted', reason: 'a reply came without the id of its request' };
    const id = this.#pending.get(frame.id);
    if (id === undefined) return { type: 'untrusted', reason: 'a reply came to a request that was not sent' };
    this.#pending.delete(frame.id);
    return { type: 'delivered', ids: [id], frames: [frame], fenced: false };
  }

  probe(): undefined {}
}
