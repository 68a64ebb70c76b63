import type { ReplyLoss } from './reply-loss.js';
import { outcomeOf, type Request } from './request.js';
import type { RequestQueue } from './request-queue.js';

/** What becomes of requests whose replies are lost, oldest first. */
export interface Repetition {
  readonly again: readonly Request[];
  readonly failed: readonly { readonly request: Request; readonly loss: ReplyLoss }[];
}

/** The same loss, of one that is not sent again for what was written after it. */
const overtaken = (loss: ReplyLoss): ReplyLoss => ({
  ...loss,
  reason: `${loss.reason}, and to send it again might undo a later one`,
});

/**
 * Which of these are written again. One that changes something only is if all that was written after it and changes the same
 * is written again as well. Otherwise it would undo a later one, of which the program may have heard already that it is done.
 *
 * @param lost Requests that were written, oldest first; also those that nobody waits for any more.
 * @param later What was written after them, and is in flight.
 */
export function repetition(lost: readonly Request[], later: readonly Request[], loss: ReplyLoss): Repetition {
  const again: Request[] = [];
  const failed: { request: Request; loss: ReplyLoss }[] = [];
  const changedLater = new Set(later.map(({ changes }) => changes));
  for (const request of lost.toReversed()) {
    const { changes, phase } = request;
    const isOvertaken = changes !== undefined && changedLater.has(changes);
    const isWorthwhile = phase.at === 'written' && loss.worthRepeating(request);
    if (isWorthwhile && !isOvertaken) {
      again.push(request);
      continue;
    }
    changedLater.add(changes);
    if (phase.at === 'written') failed.push({ request, loss: isWorthwhile ? overtaken(loss) : loss });
  }
  return { again: again.reverse(), failed: failed.reverse() };
}

/** Of those that were to be sent again, as a later one will not be after all. */
export const lossOfLeftBehind: ReplyLoss = {
  reason: 'it was to be sent again, and might then have undone a later one, which was given up and may be executed',
  outcome: 'unknown',
  blamesReply: false,
  worthRepeating: () => false,
};

/** Those in the queue that were written before, oldest first. They stand before all that were not. */
export function* waitingAgain(queue: RequestQueue<Request>): Generator<Request> {
  for (const request of queue.ordinary()) {
    if (request.phase.at !== 'queued' || request.phase.firstWrittenAt === undefined) return;
    yield request;
  }
}

/** What waits to be sent again and may not be, as this one, which waits behind it and changes the same, leaves unsent. */
export function leftBehindBy(request: Request, queue: RequestQueue<Request>): Request[] {
  const earlier: Request[] = [];
  if (request.changes === undefined || outcomeOf(request.phase) === 'not-sent') return earlier;
  for (const other of waitingAgain(queue)) {
    if (other === request) break;
    if (other.changes === request.changes) earlier.push(other);
  }
  return earlier;
}
