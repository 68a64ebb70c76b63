import type { ReplyLoss } from './reply-loss.js';
import type { Request } from './request.js';

/** What becomes of requests whose replies are lost, oldest first. */
export interface Repetition {
  readonly again: readonly Request[];
  readonly failed: readonly { readonly request: Request; readonly loss: ReplyLoss }[];
}

const overtaken = (loss: ReplyLoss): ReplyLoss => ({
  ...loss,
  reason: `${loss.reason}; sent again, it would undo a later one, which changes the same keys`,
});

/**
 * Which of these are written again. One that changes keys is as long as all that was written after it and changes the same ones
 * is written again as well: or it would undo a later one, of which the program may have heard already that it is done.
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
    if (phase.at === 'written' && loss.worthRepeating(request) && !isOvertaken) {
      again.unshift(request);
      continue;
    }
    changedLater.add(changes);
    if (phase.at === 'written') {
      failed.unshift({ request, loss: loss.worthRepeating(request) ? overtaken(loss) : loss });
    }
  }
  return { again, failed };
}
