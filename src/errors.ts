import type { StatusName } from './protocol/status.js';

/**
 * What became of a request that ended in an error.
 *
 * - `not-sent`: it was never written, so nothing happened on the server.
 * - `unknown`: it was written, and the server may or may not have executed it.
 * - `executed`: the server answered it, or is proven to have executed it. With a `ResponseError` the server refused it.
 *   Otherwise it did what was asked, and the reply was lost or was not as expected.
 */
export type Outcome = 'not-sent' | 'unknown' | 'executed';

/** How far a command came that was split into several requests, because its keys exceed `maxPayload`. */
export interface Parts {
  /** How many requests the command needs. */
  readonly total: number;
  /** How many of them succeeded. */
  readonly answered: number;
}

/** What any error may carry besides its own facts. */
export interface ErrorDetails {
  readonly cause?: unknown;
  readonly parts?: Parts | undefined;
}

/**
 * The root of every error this library emits. Switch on `code`, not on the message; fields carry the facts.
 * Messages never contain values, keys' contents or session tokens.
 */
export abstract class NdbError extends Error {
  /** A literal that identifies the class of error, for `switch`. */
  abstract readonly code: string;

  /** What became of the request. */
  abstract readonly outcome: Outcome;

  /** How far the command came, if it was split into several requests. */
  declare readonly parts?: Parts;

  /** The class's name, written out: minifiers rename constructors, and logs are read by people. */
  abstract override readonly name: string;

  constructor(message: string, { cause, parts }: ErrorDetails = {}) {
    super(parts === undefined ? message : `${message} ${describe(parts)}`, cause === undefined ? undefined : { cause });
    if (parts !== undefined) this.parts = parts;
  }

  /** The error as `JSON.stringify` and structured logs show it: message and name included, the stack left out. */
  toJSON(): object {
    const { name, message, cause } = this;
    return { ...this, name, message, ...(cause instanceof Error ? { cause: causeToJson(cause) } : {}) };
  }
}

const describe = ({ total, answered }: Parts) =>
  `Its keys went in ${total} requests (maxPayload), of which ${answered} succeeded.`;

/** Messages of the system are shown. Those of other code, such as a schema's, may quote values. */
function causeToJson(cause: Error): unknown {
  if (cause instanceof NdbError) return cause.toJSON();
  const { name, message } = cause;
  return 'code' in cause && typeof cause.code === 'string' ? { name, code: cause.code, message } : { name };
}

/** Emitted when the server refuses a command: its reply carries a status other than success. */
export class ResponseError extends NdbError {
  override readonly name = 'ResponseError';
  readonly code = 'NDB_RESPONSE';
  /** `executed`: the server answered. `unknown` if it refused one of several requests that the command was split into. */
  readonly outcome: Outcome;

  constructor(
    /** The NemesisDB command, such as `SH_GET`. */
    readonly command: string,
    /** The status number of the reply (`st`). */
    readonly status: number,
    /** The status by name, such as `SessionNotExist`. */
    readonly statusName: StatusName,
    /** The server's own words (`m`); often empty. */
    readonly serverMessage: string,
    /** What the caller can do about it; may be empty. */
    readonly advice = '',
    details: ErrorDetails & { readonly outcome?: Outcome } = {},
  ) {
    super(
      `The server refused ${command}: ${statusName} (${status})` +
        `${serverMessage === '' ? '' : `, "${serverMessage}"`}.${advice === '' ? '' : ` ${advice}`}`,
      details,
    );
    this.outcome = details.outcome ?? 'executed';
  }
}

/** Emitted when an argument or option is wrong. Nothing was sent. */
export class ValueError extends NdbError {
  override readonly name = 'ValueError';
  readonly code = 'NDB_VALUE';
  readonly outcome: Outcome = 'not-sent';

  constructor(
    message: string,
    /** The wrong parameter or option, such as `durationSeconds`. */
    readonly parameter?: string,
    details?: ErrorDetails,
  ) {
    super(message, details);
  }
}

/**
 * Emitted when a value does not match the caller's own schema: on its way in (`set`, `add`), and then nothing was sent; or
 * on its way out (`get`), and then the server has answered. Names the key and the path, never the value.
 */
export class SchemaError extends NdbError {
  override readonly name = 'SchemaError';
  readonly code = 'NDB_SCHEMA';
  /** `not-sent` on the way in, `executed` on the way out. */
  readonly outcome: Outcome;

  constructor(
    /** The NemesisDB command, such as `SH_GET`. */
    readonly command: string,
    /** `in`: a value to send. `out`: a value that came back. */
    readonly direction: 'in' | 'out',
    /** The key whose value does not match. */
    readonly key: string,
    /** The place inside the value, from its root. Empty: the value itself. */
    readonly path: readonly (string | number)[],
  ) {
    const where = path.length === 0 ? '' : ` at ${path.map((part) => JSON.stringify(part)).join('.')}`;
    super(
      `${command}: the value of key ${JSON.stringify(key)} does not match its schema${where}. ` +
        (direction === 'in' ? 'Nothing was sent.' : 'It may have been written with another schema.'),
    );
    this.outcome = direction === 'in' ? 'not-sent' : 'executed';
  }
}

/** Emitted when a request is longer than the server accepts and can't be split. Nothing was sent. */
export class PayloadTooLargeError extends NdbError {
  override readonly name = 'PayloadTooLargeError';
  readonly code = 'NDB_PAYLOAD_TOO_LARGE';
  readonly outcome: Outcome = 'not-sent';

  constructor(
    /** The NemesisDB command, such as `SH_GET`. */
    readonly command: string,
    /** The length of the request in UTF-8 bytes. */
    readonly bytes: number,
    /** The limit in bytes: the client's `maxPayload`, or what the server announced. */
    readonly maxPayload: number,
  ) {
    super(
      `${command} needs a request of ${bytes} bytes; the server accepts ${maxPayload}. ` +
        "Send less at once, or raise maxPayload here and in the server's configuration.",
    );
  }
}

/** Emitted when the queue of unwritten requests is full (`maxQueued`, `maxQueuedBytes`). Nothing was sent. */
export class QueueFullError extends NdbError {
  override readonly name = 'QueueFullError';
  readonly code = 'NDB_QUEUE_FULL';
  readonly outcome: Outcome = 'not-sent';

  constructor(
    /** The NemesisDB command, such as `SH_GET`. */
    readonly command: string,
    /** How many requests wait. */
    readonly queued: number,
    /** The option that bounds the queue. */
    readonly bound: 'maxQueued' | 'maxQueuedBytes' = 'maxQueued',
  ) {
    super(
      `${command} was not sent: ${queued} requests wait already${bound === 'maxQueued' ? '' : ', with too many bytes'}. ` +
        `Subscribe to fewer at once (mergeMap takes a concurrency), or raise ${bound}.`,
    );
  }
}

/** Emitted when no reply came within the request's timeout, which runs from subscription. */
export class TimeoutError extends NdbError {
  override readonly name = 'TimeoutError';
  readonly code = 'NDB_TIMEOUT';

  constructor(
    /** The NemesisDB command, such as `SH_GET`. */
    readonly command: string,
    /** The timeout in milliseconds. */
    readonly timeout: number,
    /** `not-sent` if the request was never written, otherwise `unknown`. */
    readonly outcome: Outcome,
    /** Why it was not written, as one clause. */
    readonly reason = 'too many requests were in flight (maxInFlight)',
    details?: ErrorDetails,
  ) {
    super(
      outcome === 'not-sent'
        ? `${command} was not sent within ${timeout} ms: ${reason}. Nothing happened on the server.`
        : `${command} was not answered within ${timeout} ms. The server may have executed it.`,
      details,
    );
  }
}

/** Emitted when a connection can't be made or kept, and the client does not wait for another one. */
export class ConnectionError extends NdbError {
  override readonly name = 'ConnectionError';
  readonly code = 'NDB_CONNECTION';
  /** Whether it is pointless to try again: a wrong URL, a refused upgrade, a peer that is no NemesisDB. */
  readonly permanent: boolean;
  /** The WebSocket close code, if there is one. */
  readonly closeCode?: number;
  /** What became of the request, if the error is a request's. */
  readonly outcome: Outcome;

  constructor(
    message: string,
    details: ErrorDetails & {
      readonly permanent?: boolean;
      readonly closeCode?: number | undefined;
      readonly outcome?: Outcome;
    } = {},
  ) {
    super(message, details);
    this.permanent = details.permanent ?? false;
    if (details.closeCode !== undefined) this.closeCode = details.closeCode;
    this.outcome = details.outcome ?? 'not-sent';
  }
}

/** Emitted when a request was written and its reply is lost for good. `outcome` says what is known of the request. */
export class ReplyLostError extends NdbError {
  override readonly name = 'ReplyLostError';
  readonly code = 'NDB_REPLY_LOST';

  constructor(
    /** The NemesisDB command, such as `SH_GET`. */
    readonly command: string,
    /** `executed`: a later reply proves it. `unknown`: the connection broke first. */
    readonly outcome: 'unknown' | 'executed',
    /** Why, as one clause. */
    reason: string,
    details?: ErrorDetails,
  ) {
    super(
      `The reply to ${command} was lost: ${reason}. ` +
        (outcome === 'executed'
          ? 'The server has executed it: read the state before you send it again.'
          : 'The server may or may not have executed it: read the state before you send it again.'),
      details,
    );
  }
}

/** Emitted when the peer sends something that no NemesisDB sends. The client drops the connection. */
export class ProtocolError extends NdbError {
  override readonly name = 'ProtocolError';
  readonly code = 'NDB_PROTOCOL';
  /** `executed` if this is the request's own reply, `not-sent` if the connection was dropped before. */
  readonly outcome: Outcome;

  constructor(
    message: string,
    /** The command whose reply it was, if that is known. */
    readonly command?: string,
    details: ErrorDetails & { readonly outcome?: Outcome } = {},
  ) {
    super(message, details);
    this.outcome = details.outcome ?? (command === undefined ? 'not-sent' : 'executed');
  }
}

/** Emitted by everything that is asked of a closed or closing client. */
export class ClosedError extends NdbError {
  override readonly name = 'ClosedError';
  readonly code = 'NDB_CLOSED';

  constructor(
    message = 'The client is closed. Make a new NdbClient to connect again.',
    /** What became of the request, if the error is a request's. */
    readonly outcome: Outcome = 'not-sent',
    details?: ErrorDetails,
  ) {
    super(message, details);
  }
}
