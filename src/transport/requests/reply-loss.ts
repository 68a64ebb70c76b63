import { ClosedError, ConnectionError, type NdbError, ProtocolError, ReplyLostError } from '../../errors.js';
import { utf8Length } from '../../protocol/utf8.js';
import type { ConnectionFailure } from '../connection/connection-state.js';
import { type PayloadLimit, shippedMaxPayload } from './payload-limit.js';
import { outcomeOf, type Request } from './request.js';

/** A request whose reply was lost this often is not lost by chance. */
const maxWritings = 3;

/** One that may be too long for the server is not worth a third, which costs all others theirs. */
const maxWritingsTooLong = 2;

/** Why replies were lost, and for which requests another attempt makes sense. */
export interface ReplyLoss {
  /** As one clause. */
  readonly reason: string;
  readonly outcome: 'unknown' | 'executed';
  readonly cause?: unknown;
  /** Whether a reply to one of them is why the connection was given up. */
  readonly blamesReply: boolean;
  worthRepeating(request: Request): boolean;
}

const repeats = (request: Request, most: number) => request.repeatable && request.writings < most;

/** A fence came, and replies before it were missing. */
export const droppedReply: ReplyLoss = {
  reason: 'the server dropped a reply, as it does when it is read too slowly',
  outcome: 'executed',
  blamesReply: false,
  worthRepeating: (request) => repeats(request, maxWritings),
};

/** The client was closed before the replies came. */
export const closedMeanwhile = (): ReplyLoss => ({
  reason: 'the client was closed',
  outcome: 'unknown',
  cause: new ClosedError(),
  blamesReply: false,
  worthRepeating: () => false,
});

/** The connection broke, and the server of the next one takes only shorter requests. */
export const smallerLimit = (maxPayload: number): ReplyLoss => ({
  reason: `the connection broke, and the server that answers now accepts requests of ${maxPayload} bytes only`,
  outcome: 'unknown',
  blamesReply: false,
  worthRepeating: () => false,
});

const isTooLong = (cause: ConnectionFailure) => cause instanceof ConnectionError && cause.closeCode === 1009;

/**
 * The connection ended under these requests. Measured: a server drops it, without a close code, at a request over its own
 * limit, which can't be asked for.
 */
export function brokenConnection(
  cause: ConnectionFailure,
  requests: readonly Request[],
  limit: PayloadLimit,
  /** The one to whose reply it ended, where that is certain. */
  culprit: Request | undefined,
): ReplyLoss {
  const isAbrupt = cause instanceof ConnectionError && cause.closeCode === 1006;
  const mayBeTooLong = ({ text }: Request) => isAbrupt && !limit.announced && utf8Length(text) > shippedMaxPayload;
  const longest = requests.filter(mayBeTooLong).reduce((bytes, { text }) => Math.max(bytes, utf8Length(text)), 0);
  const blamesReply = cause instanceof ProtocolError || isTooLong(cause);
  return {
    reason:
      longest > 0
        ? `the server cut the connection after a request of ${longest} bytes, so its maxPayload is likely smaller (${shippedMaxPayload} as shipped)`
        : isTooLong(cause)
          ? 'a message was longer than one side accepts, likely a reply longer than maxReply: raise it, or ask for less'
          : 'the connection broke',
    outcome: 'unknown',
    cause,
    blamesReply,
    worthRepeating(request) {
      // However often: it was another's reply, or it goes apart next, and then it is known.
      if (blamesReply && request !== culprit) return request.repeatable;
      // Its own reply is too long, and will be again.
      if (isTooLong(cause)) return false;
      return repeats(request, mayBeTooLong(request) ? maxWritingsTooLong : maxWritings);
    },
  };
}

/** The error of a request whose reply was lost for good. */
export function replyLost({ command, writings }: Request, { outcome, reason, cause }: ReplyLoss): ReplyLostError {
  const often = writings > 1 ? `, each of the ${writings} times that it was sent` : '';
  return new ReplyLostError(command, outcome, reason + often, cause === undefined ? {} : { cause });
}

/** The error of a request that will not be written any more: that of a lost reply, if it was written before. */
export function errorOf(request: Request, loss: ReplyLoss, neverLeft: () => NdbError): NdbError {
  return outcomeOf(request.phase) === 'not-sent' ? neverLeft() : replyLost(request, loss);
}
