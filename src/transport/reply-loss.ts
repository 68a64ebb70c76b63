import { ConnectionError } from '../errors.js';
import { utf8Length } from '../protocol/utf8.js';
import type { ConnectionFailure } from './connection-state.js';
import { type PayloadLimit, shippedMaxPayload } from './payload-limit.js';
import type { Request } from './request.js';

/** A request whose reply was lost this often is not lost by chance. */
const maxWritings = 3;

/** One that may be what the connection is cut for is not worth a third, which costs all others theirs. */
const maxSuspectWritings = 2;

/** Why replies were lost, and for which requests another attempt makes sense. */
export interface ReplyLoss {
  /** As one clause. */
  readonly reason: string;
  readonly outcome: 'unknown' | 'executed';
  readonly cause?: unknown;
  worthRepeating(request: Request): boolean;
}

const repeats = (request: Request, most: number) => request.repeatable && request.writings < most;

/** A fence came, and replies before it were missing. */
export const droppedReply: ReplyLoss = {
  reason: 'the server dropped a reply, as it does when it is read too slowly',
  outcome: 'executed',
  worthRepeating: (request) => repeats(request, maxWritings),
};

const isTooLong = (cause: ConnectionFailure) => cause instanceof ConnectionError && cause.closeCode === 1009;

/**
 * The connection ended under these requests. Measured: a server drops it, without a close code, at a request over its own
 * limit, which can't be asked for.
 */
export function brokenConnection(
  cause: ConnectionFailure,
  requests: readonly Request[],
  limit: PayloadLimit,
): ReplyLoss {
  const isAbrupt = cause instanceof ConnectionError && cause.closeCode === 1006;
  const isSuspect = ({ text }: Request) => isAbrupt && !limit.announced && utf8Length(text) > shippedMaxPayload;
  const suspects = requests.filter(isSuspect);
  const longest = suspects.reduce((bytes, { text }) => Math.max(bytes, utf8Length(text)), 0);
  return {
    reason:
      longest > 0
        ? `the server cut the connection after a request of ${longest} bytes, so its maxPayload is likely smaller (${shippedMaxPayload} as shipped)`
        : isTooLong(cause)
          ? 'a message was longer than one side accepts, likely a reply longer than maxReply: raise it, or ask for less'
          : 'the connection broke',
    outcome: 'unknown',
    cause,
    worthRepeating: (request) => repeats(request, suspects.includes(request) ? maxSuspectWritings : maxWritings),
  };
}
