import { catchError, from, map, mergeMap, Observable, type Subscriber, toArray, type Unsubscribable } from 'rxjs';
import type { Clock } from '../clock.js';
import { NdbError, type Outcome, ReplyLostError, TimeoutError } from '../errors.js';
import type { AnyRow } from '../protocol/command-row.js';

/** Most parts under way at once: enough to fill the wire, and a failure leaves few behind that nobody waits for. */
const partsAtOnce = 16;

/** One request: its text, and the command's argument as far as this request carries it. */
export interface Part {
  readonly text: string;
  readonly argument: unknown;
}

/** A part that was sent. */
export interface SentPart extends Unsubscribable {
  /** What became of it, once it is unsubscribed from or has ended. */
  readonly outcome: Outcome;
}

/**
 * Sends one request, of which it takes at most so many ms to hear. `continues`: others of the same call were accepted before
 * it.
 */
type Send = (part: Part, timeout: number, continues: boolean, receiver: Subscriber<unknown>) => SentPart;

/**
 * A request in parts, with their results joined in their order. The first failure ends it; the other parts may have been
 * executed, and the error says how many certainly were.
 */
export function sendParts(
  send: Send,
  row: AnyRow,
  parts: readonly Part[],
  timeout: number,
  clock: Clock,
): Observable<unknown> {
  return new Observable((subscriber) => {
    const deadline = clock.now() + timeout;
    const underWay = new Set<SentPart>();
    let answered = 0;
    const sendPart = (part: Part, index: number) =>
      new Observable<unknown>((receiver) => {
        const sent = send(part, Math.max(1, deadline - clock.now()), index > 0, receiver);
        underWay.add(sent);
        return sent;
      }).pipe(
        map((result) => {
          answered += 1;
          return { index, result };
        }),
      );
    const outcome = (): Outcome => {
      if (answered > 0) return 'unknown';
      for (const part of underWay) {
        // Before it is asked: what waits in the queue is taken out of it, and then certainly never leaves.
        part.unsubscribe();
        if (part.outcome !== 'not-sent') return 'unknown';
      }
      return 'not-sent';
    };
    return from(parts)
      .pipe(
        mergeMap(sendPart, partsAtOnce),
        toArray(),
        map((results) => row.join?.(results.sort((a, b) => a.index - b.index).map(({ result }) => result))),
        catchError((error: unknown) => {
          throw inParts(error, row, { total: parts.length, answered }, outcome(), timeout);
        }),
      )
      .subscribe(subscriber);
  });
}

function inParts(
  error: unknown,
  row: AnyRow,
  parts: NonNullable<NdbError['parts']>,
  ofOthers: Outcome,
  timeout: number,
): unknown {
  if (!(error instanceof NdbError)) return error;
  const told = aboutAll(error, row, ofOthers, timeout);
  told.parts = parts;
  if (row.retry !== 'read') {
    const others = ofOthers === 'not-sent' ? 'no other left' : 'the others perhaps';
    told.message +=
      ` Its keys were sent in ${parts.total} requests, as they exceed maxPayload: ${parts.answered} were executed for ` +
      `certain, ${others}. Send it again, or read which keys are there.`;
  }
  return told;
}

/** The error is that of one part: what the caller is told is about the whole command. */
function aboutAll(error: NdbError, row: AnyRow, ofOthers: Outcome, timeout: number): NdbError {
  const outcome = error.outcome === 'not-sent' ? ofOthers : 'unknown';
  // A part has what is left of the time; the caller's own figure says more.
  if (error instanceof TimeoutError) return new TimeoutError(row.command, timeout, outcome, error.reason);
  // That one part was executed for certain says nothing of the others.
  if (error instanceof ReplyLostError) {
    return new ReplyLostError(row.command, 'unknown', 'that to one of its requests', { cause: error });
  }
  return Object.assign(error, { outcome });
}
