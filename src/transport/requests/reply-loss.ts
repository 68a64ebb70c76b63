import { ClosedError, ConnectionError, type NdbError, ReplyLostError } from '../../errors.js';
import { exceeds, utf8Length } from '../../protocol/utf8.js';
import type { ConnectionFailure } from '../connection/connection-state.js';
import { type PayloadLimit, shippedMaxPayload } from './payload-limit.js';
import { outcomeOf, type PendingRequest } from './request.js';

/** A request whose reply was lost this often is not lost by chance. */
const maxWritings = 3;

/** One that may itself be why the connection broke is not worth a third, which costs all others theirs. */
const maxWritingsOfSuspect = 2;

/** Why replies were lost. */
export interface ReplyLoss {
  /** As one clause. */
  readonly reason: string;
  readonly outcome: 'unknown' | 'executed';
  readonly cause?: unknown;
  /** Requests longer than this, in bytes, may be why the connection broke. */
  readonly suspectsOver?: number;
}

/** A fence came, and replies before it were missing. */
export const droppedReply: ReplyLoss = {
  reason: 'the server dropped a reply, as it does when it is read too slowly',
  outcome: 'executed',
};

/** The client was closed before the replies came. */
export const closedMeanwhile = (): ReplyLoss => ({
  reason: 'the client was closed',
  outcome: 'unknown',
  cause: new ClosedError(),
});

/** The connection broke, and the server of the next one takes only shorter requests. */
export const smallerLimit = (maxPayload: number): ReplyLoss => ({
  reason: `the connection broke, and the server that answers now accepts requests of ${maxPayload} bytes only`,
  outcome: 'unknown',
});

/**
 * The connection ended under these requests. Measured: a server drops it, without a close code, at a request over its own
 * limit, which can't be asked for.
 */
export function brokenConnection(
  cause: ConnectionFailure,
  requests: readonly PendingRequest[],
  limit: PayloadLimit,
): ReplyLoss {
  const closeCode = cause instanceof ConnectionError ? cause.closeCode : undefined;
  const longest = requests.reduce((bytes, { text }) => Math.max(bytes, utf8Length(text)), 0);
  if (closeCode === 1006 && !limit.announced && longest > shippedMaxPayload) {
    return {
      reason: `the server cut the connection after a request of ${longest} bytes, so its maxPayload is likely smaller (${shippedMaxPayload} as shipped)`,
      outcome: 'unknown',
      cause,
      suspectsOver: shippedMaxPayload,
    };
  }
  const { message } = cause;
  const tooLong = closeCode === 1009 ? message.charAt(0).toLowerCase() + message.slice(1, -1) : undefined;
  return { reason: tooLong ?? 'the connection broke', outcome: 'unknown', cause };
}

/** Whether a request whose reply was lost is worth writing once more. */
export function isWorthRepeating(request: PendingRequest, { suspectsOver }: ReplyLoss): boolean {
  const isSuspect = suspectsOver !== undefined && exceeds(request.text, suspectsOver);
  return request.repeatable && request.writings < (isSuspect ? maxWritingsOfSuspect : maxWritings);
}

/** The error of a request whose reply was lost for good. */
export function replyLost(
  { command, writings }: PendingRequest,
  { outcome, reason, cause }: ReplyLoss,
): ReplyLostError {
  const often = writings > 1 ? `, each of the ${writings} times that it was sent` : '';
  return new ReplyLostError(command, outcome, reason + often, cause === undefined ? {} : { cause });
}

/** The error of a request that will not be written any more: that of a lost reply, if it was written before. */
export function errorOf(request: PendingRequest, loss: ReplyLoss, neverSent: () => NdbError): NdbError {
  return outcomeOf(request) === 'not-sent' ? neverSent() : replyLost(request, loss);
}
