import { type Clock, systemClock } from '../clock.js';
import { ValueError } from '../errors.js';
import { handleOptions, millisecondsFrom0 } from '../protocol/parameter-objects.js';
import type { SessionSchema } from '../protocol/schema.js';
import { type Check, demand, exactly, is, isObject, issue, oneOf, optional } from '../protocol/validation.js';
import type { ConnectHeaders, ConnectTls, TransportOptions, ValueOrFunction } from '../transport/transport.js';

/** One option: its check, which names the unit, and its default. */
interface Option<Value, Default> {
  readonly check: Check<Value>;
  readonly default: Default;
}

/** Options that belong together: an object of them, or `false` to do without. */
interface Group<Rows extends OptionRows> {
  readonly check: Check<unknown>;
  readonly rows: Rows;
}

interface OptionRows {
  readonly [name: string]: Option<unknown, unknown> | Group<OptionRows>;
}

/** Options as a program gives them: all may be left out, and `undefined` counts as left out. */
type Given<Rows> = {
  readonly [Name in keyof Rows]?:
    | (Rows[Name] extends Option<infer Value, unknown>
        ? Value
        : Rows[Name] extends Group<infer Inner>
          ? false | Given<Inner>
          : never)
    | undefined;
};

/** The same options, complete and valid. */
type Complete<Rows> = {
  readonly [Name in keyof Rows]: Rows[Name] extends Option<infer Value, infer Default>
    ? Value | Extract<Default, undefined>
    : Rows[Name] extends Group<infer Inner>
      ? false | Complete<Inner>
      : never;
};

const option = <Value, const Default extends Value | undefined>(check: Check<Value>, byDefault: Default) => ({
  check,
  default: byDefault,
});

/** A check that passes these options, and no others. */
const optionsOf = (rows: OptionRows) =>
  exactly(Object.fromEntries(Object.entries(rows).map(([name, { check }]) => [name, optional(check)])));

function group<const Rows extends OptionRows>(rows: Rows): Group<Rows> {
  const check = optionsOf(rows);
  const otherwise = issue(`must be false, or an object with ${Object.keys(rows).join(', ')}`);
  return { rows, check: (value) => (value === false ? undefined : isObject(value) ? check(value) : otherwise) };
}

/** Which requests the client sends again if their reply is lost: those that change nothing (`reads`), or none. */
export type Retry = 'reads' | 'none';

const isNumber = (value: unknown): value is number => typeof value === 'number';

const milliseconds = is<number>(
  'a number of milliseconds, more than 0 and finite',
  (value) => isNumber(value) && value > 0 && Number.isFinite(value),
);
const wholeNumber = (unit: string, least: number) =>
  is<number>(
    `a whole number of ${unit}, ${least} or more`,
    (value) => isNumber(value) && value >= least && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY),
  );
const retry: Check<Retry> = oneOf('reads', 'none');
const isBoolean = is<boolean>('true or false', (value) => typeof value === 'boolean');
const isFunction = (value: unknown) => typeof value === 'function';
const isObjectOrFunction = (value: unknown) => isFunction(value) || (typeof value === 'object' && value !== null);

const mebibyte = 2 ** 20;

const clientOptions = {
  /** How long a command may take, in milliseconds from subscription to reply. Default 5000. */
  timeout: option(milliseconds, 5000),
  /**
   * Which requests are sent again if their reply is lost: those that change nothing (`'reads'`), or none (`'none'`).
   * Default `'reads'`.
   */
  retry: option(retry, 'reads'),
  /**
   * The longest request, in bytes. Set it to the server's own `maxPayload`: a NemesisDB drops the connection over a longer
   * one. Default: what the server announces (rx-nemesisdb's own does), otherwise 1024, as NemesisDB is shipped.
   */
  maxPayload: option(wholeNumber('bytes', 64), undefined),
  /** The longest reply, in bytes. A longer one ends the connection. Default 64 MiB. */
  maxReply: option(wholeNumber('bytes', 1024), 64 * mebibyte),
  /** The most requests that are written and not yet answered. Default 128. */
  maxInFlight: option(wholeNumber('requests', 1), 128),
  /**
   * The most requests that wait to be written. Default 10,000. Probes of watched sessions and touches of `keepAlive` do not
   * count, and go before all others.
   */
  maxQueued: option(wholeNumber('requests', 1), 10_000),
  /** The most bytes of requests that wait to be written, counted in UTF-16. Default 16 MiB. */
  maxQueuedBytes: option(wholeNumber('bytes', 0), 16 * mebibyte),
  /** How the client reconnects. `false`: not at all. Default: from 100 ms, doubling to 30 s, without end. */
  reconnect: group({
    /** The upper bound of the first delay, in milliseconds. It doubles with each failure. Default 100. */
    initialDelay: option(milliseconds, 100),
    /** The longest delay, in milliseconds. Default 30,000. */
    maxDelay: option(milliseconds, 30_000),
    /**
     * How many attempts in a row may fail before the client gives up. An open connection ends the row. 0: a lost
     * connection is not replaced. The first attempt of `open` always takes place. Default: without end.
     */
    attempts: option(wholeNumber('attempts', 0), Number.POSITIVE_INFINITY),
    /** How long a connection must last, in milliseconds, before its loss starts with `initialDelay` again. Default 10,000. */
    resetAfter: option(millisecondsFrom0, 10_000),
  }),
  /**
   * How dead connections are found. `false`: not at all. Default: a ping after 15 s of silence, and 5 s to answer it.
   */
  heartbeat: group({
    /** After how many milliseconds of silence the client pings. Default 15,000. */
    interval: option(milliseconds, 15_000),
    /**
     * How many milliseconds the peer has to answer. It has longer while a request with a longer timeout is in flight: a
     * server that works on one answers nothing else. Default 5000.
     */
    timeout: option(milliseconds, 5000),
  }),
  /**
   * HTTP headers of the request to connect, such as `{ authorization: 'Bearer …' }`; or a function that gives them, a promise
   * or an Observable of them, asked at each attempt. Not possible in browsers. Default: none.
   */
  headers: option(
    is<ValueOrFunction<ConnectHeaders>>('an object of strings, or a function that gives one', isObjectOrFunction),
    undefined,
  ),
  /**
   * TLS options for `wss:` URLs, as those of Node's `tls.connect` (`ca`, `cert`, `key`, `servername` …); or a function that
   * gives them, asked at each attempt. Not possible in browsers. Default: Node's own.
   */
  tls: option(
    is<ValueOrFunction<ConnectTls>>('an object of TLS options, or a function that gives one', isObjectOrFunction),
    undefined,
  ),
  /**
   * A Node `http.Agent` to connect through, such as that of a proxy; or a function that gives one, asked at each attempt. Not
   * possible in browsers. Default: none.
   */
  agent: option(
    is<ValueOrFunction<object>>('an http.Agent, or a function that gives one', isObjectOrFunction),
    undefined,
  ),
  /** How long connecting may take, in milliseconds, from dialling to the first replies. Default 5000. */
  connectTimeout: option(milliseconds, 5000),
  /** How long `close` waits for requests in flight, in milliseconds. Default 5000. */
  closeTimeout: option(millisecondsFrom0, 5000),
  /**
   * How many milliseconds before a session's deadline `expiring$` emits. Default: a tenth of the session's duration. It
   * always emits, but later if the server has to be asked first.
   */
  expiringBefore: option(millisecondsFrom0, undefined),
  /**
   * How often the server sweeps expired sessions, in milliseconds. The client probes overdue sessions in step with it. No
   * event rests on it. Default 5000, as NemesisDB does.
   */
  sweepInterval: option(milliseconds, 5000),
  /**
   * How often each watched session is probed, in milliseconds, besides what its deadline needs. It shortens the time until
   * another client's touch or end is noticed, and costs one request each time for a session that can be extended, one for
   * some dozens of the others. Default: not at all.
   */
  probeEvery: option(milliseconds, undefined),
  /**
   * Whether the stack of an error shows where the command was called. An error arrives later and from elsewhere, so that
   * otherwise it shows no line of the program. Costs about 2 µs and some memory for each command. Default `false`.
   */
  asyncStackTraces: option(isBoolean, false as boolean),
  /** The source of time; for tests. Default: the machine. */
  clock: option(
    is<Clock>(
      'a clock: an object with now, wall, scheduler and schedule',
      (value) =>
        isObject(value) && [value.now, value.wall, value.schedule].every(isFunction) && isObject(value.scheduler),
    ),
    systemClock,
  ),
  /** The source of jitter, a number in [0, 1); for tests. Default `Math.random`. */
  random: option(is<() => number>('a function', isFunction), Math.random),
} satisfies OptionRows;

/** Options of a client. All have defaults. Times are in milliseconds, lengths in bytes. */
export interface NdbClientOptions extends Given<typeof clientOptions> {}

/** A client's options, complete and valid. */
export type Settings = Complete<typeof clientOptions> & TransportOptions;

const callOptions = { timeout: clientOptions.timeout, retry: clientOptions.retry };

/** Options of one command: the last, optional argument of each method. */
export interface CallOptions {
  /** How long the command may take, in milliseconds from subscription to reply. Default: the client's `timeout`. */
  readonly timeout?: number | undefined;
  /** Whether it is sent again if its reply is lost. Default: the client's `retry`. */
  readonly retry?: Retry | undefined;
}

/** Options of `client.session`. */
export interface AttachOptions<Schema extends SessionSchema = SessionSchema> extends CallOptions {
  /** The types of the session's keys. Values are checked on the way in and out. The schema stays in this program. */
  readonly schema?: Schema | undefined;
  /** How many milliseconds before the deadline `expiring$` emits. Default: the client's `expiringBefore`. */
  readonly expiringBefore?: number | undefined;
}

const clientCheck = optionsOf(clientOptions);
const callCheck = optionsOf(callOptions);
const attachCheck = exactly({ timeout: optional(milliseconds), retry: optional(retry), ...handleOptions });

/** Checks the options of one command. Throws a `ValueError`. */
export const checkCallOptions = (value: unknown, method: string): void => demand(callCheck, value, method, 'options');

/** The options of `client.session`, read once. Throws a `ValueError`. */
export const readAttachOptions = (given: AttachOptions): AttachOptions =>
  reading('session', () => {
    demand(attachCheck, given, 'session', 'options');
    const { timeout, retry, schema, expiringBefore } = given;
    return { timeout, retry, schema, expiringBefore };
  });

/** A client's options with their defaults. Throws a `ValueError` that names the wrong option and what would be right. */
export const settingsOf = (given: NdbClientOptions = {}): Settings =>
  reading('NdbClient', () => {
    demand(clientCheck, given, 'NdbClient', 'options', '');
    const settings = complete(clientOptions, given) as unknown as Settings; // the rows that it reads define this type
    return given.random === undefined ? settings : { ...settings, random: reliable(given.random) };
  });

/** Reads options. What a getter or a Proxy throws then becomes the cause of a `ValueError`. */
function reading<Result>(who: string, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof ValueError) throw cause;
    throw new ValueError(`${who}: options threw an error when they were read; see \`cause\`.`, 'options', { cause });
  }
}

/** Fills in the defaults. */
function complete(rows: OptionRows, given: object): { readonly [name: string]: unknown } {
  const values = given as { readonly [name: string]: unknown }; // any object may be asked for any member
  return Object.fromEntries(
    Object.entries(rows).map(([name, row]) => {
      const value = values[name];
      if ('default' in row) return [name, value ?? row.default];
      return [name, value === false ? false : complete(row.rows, isObject(value) ? value : {})];
    }),
  );
}

/** A caller's function that throws or returns nonsense must not keep the client from reconnecting. */
function reliable(random: () => number): () => number {
  return () => {
    try {
      const number = random();
      if (number >= 0 && number < 1) return number;
    } catch {
      // As good as nonsense.
    }
    return Math.random();
  };
}
