import type { Clock } from '../../clock.js';
import { ConnectionError, ProtocolError } from '../../errors.js';
import type { ConnectionFailure } from '../connection/connection-state.js';
import { SilenceWatch } from '../connection/silence-watch.js';
import { parseFrame } from '../socket/frames.js';
import { type Departure, fenceFrame, fullBatch, type Room, takeBatches } from './batches.js';
import { Correlator, type Frame, type Habits, type Settlement } from './correlator.js';
import type { Request } from './request.js';
import type { RequestQueue } from './request-queue.js';

/** What requests need of the connection they are written to. */
export interface Link extends Habits {
  /** Longest request in bytes, where the server told. */
  readonly announcedMaxPayload: number | undefined;
  nextFence(): string;
  write(frames: readonly string[]): void;
  /** Gives the connection up: what comes over it can't be trusted, or nothing comes any more. */
  fail(error: ConnectionFailure): void;
}

/** Something came that no NemesisDB sends. */
export interface Unreadable {
  readonly type: 'unreadable';
  readonly what: string;
  /** The one request that it answers, where that is certain. */
  readonly answers: Request | undefined;
}

/** Over about so many batches the length of replies is averaged. */
const rememberedBatches = 4;

/** The requests and replies of one connection, from the moment it is open until it is lost or closed. */
export class Traffic {
  readonly #correlator: Correlator<Request>;
  readonly #silence: SilenceWatch;
  #frames = 0;
  /** Characters of replies that were not delivered yet. */
  #characters = 0;
  #replyLength = 0;
  #fullBatch = fullBatch(0);

  constructor(
    private readonly link: Link,
    private readonly clock: Clock,
    private readonly maxInFlight: number,
  ) {
    this.#correlator = new Correlator(link, () => link.nextFence());
    this.#silence = new SilenceWatch(clock, this);
  }

  /** Counts the frames that came. */
  get frames(): number {
    return this.#frames;
  }

  /** What was written and has neither been answered nor proven lost, oldest first; also what nobody waits for any more. */
  get inFlight(): Request[] {
    return this.#correlator.waiting();
  }

  /** The one request to which what comes next is the reply, where that is certain. */
  get culprit(): Request | undefined {
    return this.#correlator.next;
  }

  /** When the last of the requests in flight is due. */
  get lastDue(): number | undefined {
    const { inFlight } = this;
    return inFlight.length === 0 ? undefined : Math.max(...inFlight.map(({ dueAt }) => dueAt));
  }

  /** The longest time in ms that somebody still waits for a reply: a peer that works on it is not dead. */
  get patience(): number {
    const now = this.clock.now();
    const left = this.inFlight.map(({ phase, dueAt }) => (phase.at === 'written' ? dueAt - now : 0));
    return Math.max(0, ...left);
  }

  /**
   * Whether it is worth writing at once when so many wait: they are a full batch, and there is room. One alone is not: whether others
   * follow it shows at the end of the turn.
   */
  isWorthwhile(waiting: number): boolean {
    return waiting > 1 && waiting >= this.#fullBatch && this.#correlator.inFlight < this.#mostInFlight;
  }

  get #mostInFlight(): number {
    return this.link.pipelining === 'serial' ? 1 : this.maxInFlight;
  }

  /** Writes what is queued and has room. */
  depart(
    queue: RequestQueue<Request>,
    { maxPayload, now, apart }: Pick<Room, 'maxPayload' | 'now' | 'apart'>,
  ): Departure {
    const departure = takeBatches(queue, this.#correlator, {
      maxPayload,
      now,
      apart,
      mostInFlight: this.#mostInFlight,
      full: this.#fullBatch,
    });
    if (departure.frames.length > 0) {
      this.#silence.start();
      this.link.write(departure.frames);
    }
    return departure;
  }

  /** Takes a frame in, and says what it settles. */
  arrive(text: string): Settlement<Request> | Unreadable {
    this.#frames += 1;
    let frame: Frame;
    try {
      frame = parseFrame(text);
    } catch (error) {
      return this.unreadable(error instanceof ProtocolError ? error.message : 'A reply can not be read.');
    }
    this.#characters += text.length;
    const settlement = this.#correlator.received(frame);
    if (settlement.type === 'delivered') this.#delivered(settlement.waiters.length);
    if (settlement.type !== 'pending') this.#characters = 0;
    return settlement;
  }

  #delivered(replies: number): void {
    if (replies > 0) {
      const latest = this.#characters / replies;
      this.#replyLength += (latest - this.#replyLength) / rememberedBatches;
      this.#fullBatch = fullBatch(this.#replyLength);
    }
    const fence = this.#correlator.count();
    if (fence !== undefined) this.link.write([fenceFrame(fence)]);
  }

  /** A frame came that is no reply. Where it is certain which reply was next, it is that. */
  unreadable(what: string): Unreadable {
    return { type: 'unreadable', what, answers: this.culprit };
  }

  /** Gives the connection up. */
  fail(error: ConnectionFailure): void {
    this.link.fail(error);
  }

  /** Asks with a fence whether replies were dropped. */
  probe(): void {
    const fence = this.#correlator.probe();
    if (fence !== undefined) this.link.write([fenceFrame(fence)]);
  }

  /** Nothing comes any more. */
  giveUp(): void {
    this.fail(new ConnectionError('The server has stopped to answer: the reply to no request in flight came in time.'));
  }

  /** The connection is over; no timer is left. */
  end(): void {
    this.#silence.stop();
  }
}
