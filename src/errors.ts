import type { StatusName } from './protocol/status.js';

/**
 * What became of a request that ended in an error.
 *
 * - `not-sent`: it never left; nothing happened on the server.
 * - `unknown`: it was written, and no reply tells whether the server executed it.
 * - `executed`: the server has answered it, or has provably executed it. With a `ResponseError` it refused; otherwise it did what was
 *   asked, and the reply was lost or was not as expected.
 */
export type Outcome = 'not-sent' | 'unknown' | 'executed';

/**
 * The root of every error this library emits. Switch on `code`, not on the message; fields carry the facts.
 * Messages never contain values, keys' contents or session tokens.
 */
export abstract class NdbError extends Error {
  /** A literal that tells the class of error, for `switch`. */
  abstract readonly code: string;

  /** What became of the request. */
  abstract readonly outcome: Outcome;

  /**
   * There where the keys of one command exceeded `maxPayload` and went in several requests: how many, and how many of them
   * were answered and so executed for certain.
   */
  declare parts?: { readonly total: number; readonly answered: number };

  /** The class's name, written out: minifiers rename constructors, and logs are read by people. */
  abstract override readonly name: string;
}

/** Emitted when the server refuses a command: its reply carries a status other than success. */
export class ResponseError extends NdbError {
  override readonly name = 'ResponseError';
  readonly code = 'NDB_RESPONSE';
  /** The server has answered, and refused. `unknown` where it refused one of the requests into which the command was cut. */
  readonly outcome: Outcome = 'executed';

  constructor(
    /** The NemesisDB command, such as `SH_GET`. */
    readonly command: string,
    /** The status number of the reply (`st`). */
    readonly status: number,
    /** The status by name, such as `SessionNotExist`. */
    readonly statusName: StatusName,
    /** The server's own text (`m`); often empty. */
    readonly serverMessage: string,
    /** What the caller can do about it. */
    advice = '',
  ) {
    super(
      `${command} was refused by the server: ${statusName} (${status})` +
        `${serverMessage === '' ? '' : `, "${serverMessage}"`}.${advice === '' ? '' : ` ${advice}`}`,
    );
  }
}

/** Emitted when an argument or option can't be right. Nothing was sent. */
export class ValueError extends NdbError {
  override readonly name = 'ValueError';
  readonly code = 'NDB_VALUE';
  /** Nothing left. */
  readonly outcome: Outcome = 'not-sent';

  constructor(
    message: string,
    /** The parameter or option at fault, such as `durationSeconds`. */
    readonly parameter?: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/**
 * Emitted when a value does not match the caller's own schema, on its way in (`set`, `add`: nothing was sent) or out
 * (`get`: the server answered). Names the key and the path, never the value.
 */
export class SchemaError extends NdbError {
  override readonly name = 'SchemaError';
  readonly code = 'NDB_SCHEMA';
  /** `not-sent` on the way in, `executed` on the way out. */
  readonly outcome: Outcome;

  constructor(
    /** The NemesisDB command, such as `SH_GET`. */
    readonly command: string,
    /** `in`: a value about to be sent, `out`: one that came back. */
    readonly direction: 'in' | 'out',
    /** The key whose value did not match. */
    readonly key: string,
    /** Where inside the value, from its root. Empty: the value itself. */
    readonly path: readonly (string | number)[],
  ) {
    const where = path.length === 0 ? '' : ` at ${path.map((part) => JSON.stringify(part)).join('.')}`;
    super(
      `${command}: the value of key ${JSON.stringify(key)} does not match its schema${where}. ` +
        (direction === 'in' ? 'Nothing was sent.' : 'The server answered; another writer may use another schema.'),
    );
    this.outcome = direction === 'in' ? 'not-sent' : 'executed';
  }
}

/** Emitted before anything is sent, when a request is longer than the server accepts and can't be split. */
export class PayloadTooLargeError extends NdbError {
  override readonly name = 'PayloadTooLargeError';
  readonly code = 'NDB_PAYLOAD_TOO_LARGE';
  /** Nothing left. */
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
  /** Nothing left. */
  readonly outcome: Outcome = 'not-sent';

  constructor(
    /** The NemesisDB command, such as `SH_GET`. */
    readonly command: string,
    /** How many requests wait. */
    readonly queued: number,
    /** The option whose bound is reached. */
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
    /** Whether the request had left. */
    readonly outcome: Outcome,
    /** Why it had not, as one clause. */
    readonly reason = 'what was in flight left it no place (maxInFlight)',
  ) {
    super(
      outcome === 'not-sent'
        ? `${command} was not sent within ${timeout} ms: ${reason}. Nothing happened on the server.`
        : `${command} was not answered within ${timeout} ms. The server may have executed it.`,
    );
  }
}

/** Emitted when a connection can't be made or kept, and waiting for the next one is over or senseless. */
export class ConnectionError extends NdbError {
  override readonly name = 'ConnectionError';
  readonly code = 'NDB_CONNECTION';
  /** True where trying again is senseless: a bad URL, a refused upgrade, a peer that is no NemesisDB. */
  readonly permanent: boolean;
  /** The WebSocket close code, where one came. */
  readonly closeCode?: number;
  /** What became of the request, where the error is one of a request. */
  readonly outcome: Outcome;

  constructor(
    message: string,
    details: { permanent?: boolean; closeCode?: number | undefined; outcome?: Outcome; cause?: unknown } = {},
  ) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
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
    /** `executed`: proven by a later reply. `unknown`: the connection broke first. */
    readonly outcome: 'unknown' | 'executed',
    /** Why, as one clause. */
    reason: string,
    options?: { cause?: unknown },
  ) {
    super(
      `The reply to ${command} was lost: ${reason}. ` +
        (outcome === 'executed'
          ? 'The server has executed it: read the state before you send it again.'
          : 'The server may or may not have executed it: read the state before you send it again.'),
      options,
    );
  }
}

/** Emitted when the peer says something that no NemesisDB says. The connection is not trusted any further. */
export class ProtocolError extends NdbError {
  override readonly name = 'ProtocolError';
  readonly code = 'NDB_PROTOCOL';
  /** What became of the request: `executed` where this is its own reply, `not-sent` where the peer was given up before. */
  readonly outcome: Outcome;

  constructor(
    message: string,
    /** The command whose reply it was, where that is known. */
    readonly command?: string,
    details: { outcome?: Outcome; cause?: unknown } = {},
  ) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.outcome = details.outcome ?? (command === undefined ? 'not-sent' : 'executed');
  }
}

/** Emitted by everything asked of a client that is closed or closing. */
export class ClosedError extends NdbError {
  override readonly name = 'ClosedError';
  readonly code = 'NDB_CLOSED';

  constructor(
    message = 'The client is closed. Make a new NdbClient to connect again.',
    /** What became of the request, where the error is one of a request. */
    readonly outcome: Outcome = 'not-sent',
  ) {
    super(message);
  }
}
