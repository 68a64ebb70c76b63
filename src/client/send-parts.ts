import { catchError, from, map, mergeMap, Observable, reduce } from 'rxjs';
import {
  ClosedError,
  ConnectionError,
  NdbError,
  type Outcome,
  type Parts,
  ProtocolError,
  ReplyLostError,
  ResponseError,
  TimeoutError,
} from '../errors.js';
import type { CallContext } from './call.js';
import type { CompiledCommand } from './compile.js';
import { PendingCall } from './pending-call.js';
import type { Part } from './split.js';

/** Most requests of one command under way at once: enough to fill the wire, and few are left behind by a failure. */
const partsAtOnce = 16;

/**
 * Sends a command that was split, and joins the results in order. The first failure ends it. Other requests may have been
 * executed by then: `parts` of the error says how many certainly were.
 */
export function sendParts(context: CallContext, command: CompiledCommand, parts: readonly Part[]): Observable<unknown> {
  return new Observable((subscriber) => {
    const { clock } = context.settings;
    const deadline = clock.now() + command.timeout;
    const pending = new Set<PendingCall>();
    let answered = 0;

    const send = ({ text, argument }: Part, index: number) =>
      new Observable<unknown>((receiver) => {
        const call = new PendingCall(context, command, argument, receiver);
        pending.add(call);
        return call.send(text, Math.max(1, deadline - clock.now()), index > 0);
      }).pipe(
        map((result) => {
          answered += 1;
          return { index, result };
        }),
      );

    /** Gives up what is under way, and returns what became of all of it together. */
    const giveUp = (): Outcome => {
      const calls = [...pending];
      for (const call of calls) call.unsubscribe();
      return answered === 0 && calls.every(({ outcome }) => outcome === 'not-sent') ? 'not-sent' : 'unknown';
    };

    return from(parts)
      .pipe(
        mergeMap(send, partsAtOnce),
        reduce((results: unknown[], { index, result }) => {
          results[index] = result;
          return results;
        }, []),
        map((results) => command.row.join?.(results)),
        catchError((error: unknown) => {
          throw ofWholeCommand(error, command, giveUp(), { total: parts.length, answered });
        }),
      )
      .subscribe(subscriber);
  });
}

/** The error of the whole command, made of that of one request. */
function ofWholeCommand(error: unknown, { row, timeout }: CompiledCommand, outcome: Outcome, parts: Parts): unknown {
  const { command } = row;
  if (!(error instanceof NdbError)) return error;
  const details = { cause: error.cause, parts };
  // The request had what was left of the time; the caller's own figure says more.
  if (error instanceof TimeoutError) return new TimeoutError(command, timeout, outcome, error.reason, details);
  // One request was executed for certain; that says nothing of the others.
  if (error instanceof ReplyLostError) {
    return new ReplyLostError(command, 'unknown', 'that to one of its requests', { cause: error, parts });
  }
  if (error instanceof ResponseError) {
    const { status, statusName, serverMessage, advice } = error;
    return new ResponseError(command, status, statusName, serverMessage, advice, { ...details, outcome });
  }
  if (error instanceof ConnectionError) return new ConnectionError(error.message, { ...error, ...details, outcome });
  if (error instanceof ProtocolError) return new ProtocolError(error.message, error.command, { ...details, outcome });
  if (error instanceof ClosedError) return new ClosedError(error.message, outcome, details);
  return error; // about the caller's own keys or queue: nothing of it depends on the other requests
}
