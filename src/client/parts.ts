import { catchError, from, map, mergeMap, Observable, type Subscriber, type TeardownLogic, toArray } from 'rxjs';
import type { Clock } from '../clock.js';
import { NdbError, TimeoutError } from '../errors.js';
import type { AnyRow } from '../protocol/command-row.js';

/** Most parts under way at once: enough to fill the wire, and a failure leaves few behind that nobody waits for. */
const partsAtOnce = 16;

/** One request: its text, and the command's argument as far as this request carries it. */
export interface Part {
  readonly text: string;
  readonly argument: unknown;
}

/** Sends one request, of which it takes at most so many ms to hear. */
type Send = (part: Part, timeout: number, receiver: Subscriber<unknown>) => TeardownLogic;

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
  const deadline = clock.now() + timeout;
  let answered = 0;
  return from(parts).pipe(
    mergeMap(
      (part, index) =>
        new Observable<unknown>((subscriber) => send(part, Math.max(1, deadline - clock.now()), subscriber)).pipe(
          map((result) => {
            answered += 1;
            return { index, result };
          }),
        ),
      partsAtOnce,
    ),
    toArray(),
    map((results) => row.join?.(results.sort((a, b) => a.index - b.index).map(({ result }) => result))),
    catchError((error: unknown) => {
      throw inParts(error, row, { total: parts.length, answered }, timeout);
    }),
  );
}

function inParts(error: unknown, row: AnyRow, parts: NonNullable<NdbError['parts']>, timeout: number): unknown {
  if (!(error instanceof NdbError)) return error;
  // A part has what is left of the time; the caller's own figure says more.
  const told = error instanceof TimeoutError ? new TimeoutError(row.command, timeout, error.outcome) : error;
  told.parts = parts;
  if (row.retry !== 'read') {
    told.message +=
      ` Its keys were sent in ${parts.total} requests, as they exceed maxPayload: ${parts.answered} were executed for ` +
      'certain, the others perhaps. Send it again, or read which keys are there.';
  }
  return told;
}
