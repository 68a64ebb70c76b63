import type { Clock } from '../../clock.js';
import { ConnectionError, ProtocolError } from '../../errors.js';
import { parseFrame } from '../../protocol/frame.js';
import type { JsonObject } from '../../protocol/json.js';
import { exceeds } from '../../protocol/utf8.js';
import type { Link } from '../connection/handshake.js';
import type { Correlator, Settlement } from './correlator.js';
import { Fences } from './fences.js';
import { Ids } from './ids.js';
import type { PendingRequest } from './request.js';
import type { RequestQueue } from './request-queue.js';
import { StallWatch } from './stall-watch.js';
import { isOverdue } from './timeouts.js';

/** What became of the requests that were taken out of the queue. */
export interface Written {
  /** The ids of those that were written together, and whether a fence closes them. */
  readonly batches: { readonly ids: readonly number[]; readonly fenced: boolean }[];
  /** Those that are too long: the server announced a smaller limit after they were queued. */
  readonly tooLong: PendingRequest[];
  /** Those whose time was over before they were written. */
  readonly overdue: PendingRequest[];
}

/** What a frame from the server is: part of the replies, or pushed. `undefined`: the connection was dropped over it. */
export type Received = Settlement | { readonly type: 'pushed'; readonly body: JsonObject } | undefined;

/** The name of a frame that a server pushes. */
const event = 'SH_EVENT';

/** Requests and replies on one connection, from the moment it is open until it is lost or closed. */
export class Pipeline {
  readonly #correlator: Correlator;
  readonly #stall: StallWatch;
  #framesRead = 0;
  #lastDue = 0;

  constructor(
    private readonly link: Link,
    clock: Clock,
    maxInFlight: number,
  ) {
    const { peer, fencesUsed } = link;
    this.#correlator = peer.pipelining === 'ids' ? new Ids(maxInFlight) : new Fences(peer, maxInFlight, fencesUsed);
    this.#stall = new StallWatch(clock, this);
  }

  /** Counts the frames that arrived. */
  get framesRead(): number {
    return this.#framesRead;
  }

  /** The ids of what is in flight, oldest first, including what nobody waits for any more. */
  get inFlight(): number[] {
    return this.#correlator.pending();
  }

  /** By when all that is in flight is due; `undefined` if nothing is. */
  get lastDue(): number | undefined {
    return this.#correlator.inFlight === 0 ? undefined : this.#lastDue;
  }

  /**
   * Whether writing at once is better than at the end of the turn: if so many wait, they are a full batch. One alone is not,
   * as the end of the turn shows whether others follow.
   */
  isWorthWriting(waiting: number): boolean {
    return waiting > 1 && waiting >= this.#correlator.fullBatch && this.#correlator.room(waiting) > 0;
  }

  /** Writes what waits and has room. No other code runs in between: the order on the wire is what fences go by. */
  write(queue: RequestQueue<PendingRequest>, maxPayload: number, now: number): Written {
    const correlator = this.#correlator;
    const written: Written = { batches: [], tooLong: [], overdue: [] };
    const frames: string[] = [];
    for (let room = correlator.room(queue.size); room > 0 && queue.size > 0; room = correlator.room(queue.size)) {
      const requests = this.#take(queue, room, maxPayload, now, written);
      if (requests.length === 0) continue;
      const batch = correlator.write(requests, queue.size > 0);
      for (const frame of batch.frames) frames.push(frame);
      written.batches.push({ ids: requests.map(({ id }) => id), fenced: batch.fenced });
    }
    if (frames.length > 0) {
      this.#stall.start();
      this.link.socket.nextAll(frames);
    }
    return written;
  }

  #take(
    queue: RequestQueue<PendingRequest>,
    room: number,
    maxPayload: number,
    now: number,
    { tooLong, overdue }: Written,
  ): PendingRequest[] {
    const requests: PendingRequest[] = [];
    if (this.#correlator.inFlight === 0) this.#lastDue = 0;
    while (requests.length < room) {
      const request = queue.take();
      if (request === undefined) break;
      if (isOverdue(request, now)) overdue.push(request);
      else if (exceeds(request.text, maxPayload)) tooLong.push(request);
      else {
        request.writtenAt ??= now;
        request.writings += 1;
        this.#lastDue = Math.max(this.#lastDue, request.dueAt);
        requests.push(request);
      }
    }
    return requests;
  }

  /** A frame arrived. The connection is dropped over one that can't be trusted. */
  receive(text: string): Received {
    this.#framesRead += 1;
    try {
      const frame = parseFrame(text);
      if (frame.name === event && this.link.peer.pipelining === 'ids') return { type: 'pushed', body: frame.body };
      const settlement = this.#correlator.receive(frame);
      if (settlement.type !== 'untrusted') return settlement;
      throw new ProtocolError(`The connection was given up: ${settlement.reason}.`);
    } catch (error) {
      this.link.socket.error(error);
      return undefined;
    }
  }

  /** Asks with a fence whether replies were dropped. */
  probe(): void {
    const fence = this.#correlator.probe();
    if (fence !== undefined) this.link.socket.next(fence);
  }

  /** Drops the connection, as nothing arrives any more. */
  giveUp(): void {
    const message = 'The server has stopped answering: no request in flight was answered in time.';
    this.link.socket.error(new ConnectionError(message));
  }

  /** The connection is over. No timer is left. */
  end(): void {
    this.#stall.stop();
  }
}
