import { exceeds } from '../../protocol/utf8.js';
import type { Correlator } from './correlator.js';
import type { Phase, Request } from './request.js';
import type { WrittenBatch } from './request-log.js';
import type { RequestQueue } from './request-queue.js';

/**
 * Most requests that share one fence. Small enough that two batches of the default `maxInFlight` are under way at once, so
 * that neither side waits for the other; large enough that fences cost little (one in 32 was measured at 7 %).
 */
const maxBatch = 32;

/**
 * Most batches under way, where more are not needed for `maxInFlight`: more requests wait for a fence to return and then share
 * one, instead of one fence each.
 */
const maxBatches = 4;

/**
 * Fewest requests that are parted in two when nothing is under way: with one batch alone, client and server would take turns
 * for as long as the program keeps as many in flight.
 */
const parted = 16;

/**
 * About how many characters the replies of one batch shall have at most, as far as can be foreseen. Nothing of a batch is
 * delivered before its fence, and the server makes no more of what is yet to be asked for: with long replies, many to a
 * batch, both sides would take turns (measured at two thirds of the throughput for 1 MiB). And the server drops replies once
 * 128 KiB of them wait: better few of one batch than all.
 */
const batchOfReplies = 64 * 1024;

/** How many requests make a full batch, where replies are of this length. */
export const fullBatch = (replyLength: number): number =>
  Math.min(maxBatch, Math.ceil(batchOfReplies / Math.max(1, replyLength)));

/** What bounds the requests that may be written now. */
export interface Room {
  /** How many requests make a full batch. */
  readonly full: number;
  /** Whether each has a fence of its own, so that it is known whose reply it is that can't be read. */
  readonly apart: boolean;
  /** Most requests in flight. */
  readonly mostInFlight: number;
  /** Most bytes of one request. */
  readonly maxPayload: number;
  readonly now: number;
}

/** What is to be written now. */
export interface Departure {
  readonly frames: readonly string[];
  readonly batches: readonly WrittenBatch[];
  /** Those that the server would not take: it announced a smaller limit after they were queued. */
  readonly refused: readonly Request[];
}

/**
 * Takes the requests out of the queue that there is room for, in batches, and enters them with the correlator. From here
 * until the frames are written no other code may run: the correlator goes by the order on the wire.
 */
export function takeBatches(queue: RequestQueue<Request>, correlator: Correlator<Request>, room: Room): Departure {
  const frames: string[] = [];
  const batches: WrittenBatch[] = [];
  const refused: Request[] = [];
  const full = room.apart ? 1 : room.full;
  const mostBatches = Math.max(maxBatches, Math.ceil(room.mostInFlight / full));
  const first: Phase = { at: 'written', firstWrittenAt: room.now, writtenAt: room.now };
  while (queue.size > 0) {
    const half = correlator.batches === 0 && queue.size >= parted ? Math.ceil(queue.size / 2) : maxBatch;
    const free = Math.min(room.mostInFlight - correlator.inFlight, half, full);
    if (free <= 0 || correlator.batches >= mostBatches) break;
    const taken = queue.take(free);
    const requests: Request[] = [];
    // Not `for…of`: all requests pass here, and each step of an iterator leaves an object behind.
    for (let index = 0; index < taken.length; index++) {
      const request = taken[index] as Request; // below its length
      if (exceeds(request.text, room.maxPayload)) {
        refused.push(request);
        continue;
      }
      request.phase = request.phase.at === 'queued' ? written(request.phase, first) : first;
      request.writings += 1;
      frames.push(request.text);
      requests.push(request);
    }
    if (requests.length === 0) continue;
    // One that others follow at once is not alone: without a fence of its own it would have to share theirs, and wait for them.
    const fence = correlator.written(requests, room.apart || queue.size > 0);
    if (fence !== undefined) frames.push(fenceFrame(fence));
    batches.push({ requests, fenced: fence !== undefined });
  }
  return { frames, batches, refused };
}

function written(
  { firstWrittenAt }: Extract<Phase, { at: 'queued' }>,
  first: Extract<Phase, { at: 'written' }>,
): Phase {
  return firstWrittenAt === undefined ? first : { ...first, firstWrittenAt };
}

/** The request that is a fence. */
export const fenceFrame = (name: string): string => `{"${name}":{}}`;
