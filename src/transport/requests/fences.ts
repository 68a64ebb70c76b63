import type { Frame } from '../../protocol/frame.js';
import {
  type Batch,
  type Correlator,
  type PeerTraits,
  replyName,
  type Settlement,
  type WireRequest,
} from './correlator.js';

/**
 * Most requests that share one fence. Small enough that two batches of the default `maxInFlight` are under way at once, so
 * that neither side waits for the other; large enough that fences cost little (one in 32 was measured at 7 %).
 */
const maxBatch = 32;

/**
 * Most batches under way, if `maxInFlight` does not need more: more requests wait for a fence to return and then share one,
 * instead of one fence each.
 */
const maxBatches = 4;

/**
 * So many requests are split in two batches if nothing is under way. With one batch alone, client and server would take turns
 * for as long as the program keeps as many in flight.
 */
const splitFrom = 16;

/**
 * About how many characters the replies of one batch have at most, as far as can be foreseen. Nothing of a batch is delivered
 * before its fence, so with long replies and many to a batch both sides would take turns. Besides, a NemesisDB drops replies
 * once 128 KiB of them wait: better few of one batch than all.
 */
const batchOfReplies = 64 * 1024;

/** Over about so many batches the length of replies is averaged. */
const averagedBatches = 4;

/**
 * Commands that may take a server long. A reply before them would wait for the fence behind them, so they never share a batch
 * with what was written before.
 */
const slowCommands: ReadonlySet<string> = new Set(
  'KV_FIND KV_UPDATE KV_KEYS KV_CLEAR KV_CLEAR_SET KV_SAVE KV_LOAD SH_SAVE SH_LOAD SH_END_ALL'.split(' '),
);

/** The status of an unknown command. */
const commandNotExist = 10;

/** The name of a fence: digits after `SH_`, as no command of NemesisDB is named. It must be used once on a connection. */
export const fenceName = (count: number): string => `SH_${count}`;

/** The request that is a fence. */
export const fenceRequest = (name: string): string => `{"${name}":{}}`;

/** Requests that wait for the same fence. */
interface Fenced {
  readonly ids: number[];
  /** The names that their replies come under. */
  readonly names: string[];
  /** The name of the fence's reply; none while the batch is one request alone. */
  fence: string | undefined;
}

const pending = { type: 'pending' } as const;
const untrusted = (reason: string) => ({ type: 'untrusted', reason }) as const;
const wrongName = untrusted('a reply came under the name of another command');
const tooMany = untrusted('more replies came than requests were sent');

/**
 * Turns the order of replies into request ids, and proves it.
 *
 * The wire has no request ids. A server answers a connection in order, one reply a request, but drops replies without a
 * word once 128 KiB of them wait for a slow reader; matching by order alone would then hand one caller's data to another.
 * So requests go out in batches, each closed by a **fence**: a request under a name of our own, which the server answers
 * under that name. When its reply arrives, everything before it has been answered or dropped: the batch is delivered if
 * there is one reply for each request, each under the name its request calls for; otherwise none of it is trusted.
 * A request alone on the wire needs no fence: whatever comes is its reply. A peer that echoes no fence gets no other.
 */
export class Fences implements Correlator {
  readonly #batches: Fenced[] = [];
  #received: Frame[] = [];
  #inFlight = 0;
  /** Characters of the replies that wait for their fence. */
  #characters = 0;
  #averageReply = 0;

  constructor(
    private readonly peer: PeerTraits,
    private readonly maxInFlight: number,
    /** How many fences were used on this connection before. */
    private fencesUsed = 0,
  ) {}

  get inFlight(): number {
    return this.#inFlight;
  }

  get fullBatch(): number {
    if (this.peer.pipelining === 'serial') return 1;
    return Math.min(maxBatch, Math.ceil(batchOfReplies / Math.max(1, this.#averageReply)));
  }

  pending(): number[] {
    return this.#batches.flatMap(({ ids }) => ids);
  }

  room(waiting: number): number {
    if (this.peer.pipelining === 'serial') return this.#batches.length === 0 ? 1 : 0;
    const full = this.fullBatch;
    if (this.#batches.length >= Math.max(maxBatches, Math.ceil(this.maxInFlight / full))) return 0;
    const half = this.#batches.length === 0 && waiting >= splitFrom ? Math.ceil(waiting / 2) : maxBatch;
    return Math.max(0, Math.min(this.maxInFlight - this.#inFlight, half, full));
  }

  write(requests: readonly WireRequest[], more: boolean): Batch {
    const [first] = requests;
    // One that others follow at once is not alone: without a fence of its own it would share theirs, and wait for them.
    const alone = this.#batches.length === 0 && requests.length === 1 && !(more && this.peer.pipelining === 'fenced');
    this.#inFlight += requests.length;
    if (alone && first !== undefined) {
      this.#batches.push({ ids: [first.id], names: [replyName(first.command)], fence: undefined });
      return { frames: [first.text], fenced: false };
    }
    const frames: string[] = [];
    let batch = this.#openBatch();
    for (const { id, command, text } of requests) {
      if (slowCommands.has(command) && batch.ids.length > 0) {
        frames.push(this.#close(batch));
        batch = this.#openBatch();
      }
      batch.ids.push(id);
      batch.names.push(replyName(command));
      frames.push(text);
    }
    frames.push(this.#close(batch));
    return { frames, fenced: true };
  }

  probe(): string | undefined {
    if (this.peer.pipelining === 'serial' || this.#inFlight === 0) return undefined;
    return this.#close(this.#openBatch());
  }

  receive(frame: Frame): Settlement {
    const first = this.#batches[0];
    if (first === undefined) return untrusted('a reply came that nothing had asked for');
    if (first.fence === undefined) return this.#answerAlone(first, frame);
    const index = this.#batches.findIndex(({ fence }) => fence === frame.name);
    if (index >= 0) return this.#settleUpTo(index);
    this.#received.push(frame);
    this.#characters += frame.length;
    // Every request gives one reply at most, so more of them prove a peer of another kind.
    return this.#received.length > this.#inFlight ? tooMany : pending;
  }

  /**
   * The batch that the next request joins. A lone request whose reply has not come shares the fence of what follows, which
   * makes its reply ambiguous.
   */
  #openBatch(): Fenced {
    const last = this.#batches.at(-1);
    if (last !== undefined && last.fence === undefined) return last;
    const batch: Fenced = { ids: [], names: [], fence: undefined };
    this.#batches.push(batch);
    return batch;
  }

  #close(batch: Fenced): string {
    const name = fenceName(++this.fencesUsed);
    batch.fence = replyName(name);
    return fenceRequest(name);
  }

  #answerAlone({ ids, names }: Fenced, frame: Frame): Settlement {
    if (!this.#answers(frame, names[0])) return wrongName;
    this.#batches.shift();
    this.#inFlight -= 1;
    this.#average(frame.length);
    return { type: 'delivered', ids, frames: [frame], fenced: false };
  }

  /** The fence of this batch came. Everything that was written up to it is settled; earlier fences were dropped. */
  #settleUpTo(index: number): Settlement {
    const settled = this.#batches.slice(0, index + 1);
    const [first] = settled;
    // Nearly always it is one batch, whose lists will do.
    const ids = index === 0 && first !== undefined ? first.ids : settled.flatMap((batch) => batch.ids);
    const names = index === 0 && first !== undefined ? first.names : settled.flatMap((batch) => batch.names);
    const frames = this.#received;
    if (frames.length > ids.length) return tooMany;
    // Whatever was dropped, what came is in order: if none is missing, each stands in its own place.
    const complete = frames.length === ids.length;
    if (complete && !frames.every((frame, place) => this.#answers(frame, names[place]))) return wrongName;
    this.#batches.splice(0, index + 1);
    this.#inFlight -= ids.length;
    if (frames.length > 0) this.#average(this.#characters / frames.length);
    this.#received = [];
    this.#characters = 0;
    return complete ? { type: 'delivered', ids, frames, fenced: true } : { type: 'lost', ids };
  }

  #average(length: number): void {
    this.#averageReply += (length - this.#averageReply) / averagedBatches;
  }

  #answers({ name, body }: Frame, expected: string | undefined): boolean {
    return (
      name === expected ||
      // Measured: a server answers some failures as ERR, such as KV_UPDATE with a malformed path.
      name === 'ERR' ||
      // Measured: 0.9 and later answer an unknown command under the name of the first such since it started.
      (name === this.peer.unknownName && body.st === commandNotExist)
    );
  }
}
