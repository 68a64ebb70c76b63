import * as z from 'zod/mini';
import { type Clock, systemClock } from '../clock.js';
import { ValueError } from '../errors.js';
import { ofSession } from '../protocol/parameter-objects.js';
import type { SessionSchema } from '../protocol/schema.js';
import { firstComplaint, members, membersOrFalse, must } from '../protocol/validation.js';
import type { HeartbeatOptions, ReconnectOptions, TransportOptions } from '../transport/transport.js';

/**
 * Which requests the client sends again if their reply is lost.
 *
 * - `reads` (the default): those that change nothing.
 * - `none`: no request is ever sent twice.
 */
export type Retry = 'reads' | 'none';

/** Options of one command: the last, optional argument of each method. */
export interface CallOptions {
  /** Milliseconds from subscription to reply. Default: the client's `timeout`. */
  readonly timeout?: number | undefined;
  /** Default: the client's `retry`. */
  readonly retry?: Retry | undefined;
}

/** Some of the members; `undefined` counts as not given. */
type Given<Values> = { readonly [Name in keyof Values]?: Values[Name] | undefined };

/** Options of a client. All have defaults. Times are in milliseconds, lengths in bytes. */
export interface NdbClientOptions {
  /** How long a command may take, from subscription to reply. Default 5000. */
  readonly timeout?: number | undefined;
  /** Which requests are sent again once their reply is lost. Default `'reads'`. */
  readonly retry?: Retry | undefined;
  /**
   * Longest request. Set it to the server's own `maxPayload`: a NemesisDB drops the connection over a longer one. Default:
   * what the server announces (the embedded one does), otherwise 1024, as NemesisDB is shipped.
   */
  readonly maxPayload?: number | undefined;
  /** Longest reply; a longer one ends the connection. Default 64 MiB. */
  readonly maxReply?: number | undefined;
  /** Most requests written and not yet answered. Default 128. */
  readonly maxInFlight?: number | undefined;
  /**
   * Most requests that wait to be written. Default 10,000. What is asked about sessions that are followed, 64 questions at a time at most,
   * and what keeps them alive, one touch each, goes before them all, and past this.
   */
  readonly maxQueued?: number | undefined;
  /** Most bytes of requests that wait to be written, as UTF-16 counts them; the same go past it. Default 16 MiB. */
  readonly maxQueuedBytes?: number | undefined;
  /** How to reconnect; `false`: not at all. Default: from 100 ms, doubling to 30 s, without end. */
  readonly reconnect?: false | Given<ReconnectOptions> | undefined;
  /**
   * How dead connections are found; `false`: not at all. Default: asked after 15 s of silence, given up 5 s later: within 23 s of
   * the last sign of life, later only while a call with a longer timeout still waits.
   */
  readonly heartbeat?: false | Given<HeartbeatOptions> | undefined;
  /** How long connecting may take, from dialling to the first replies. Default 5000. */
  readonly connectTimeout?: number | undefined;
  /** How long `close` waits for what is in flight. Default 5000. */
  readonly closeTimeout?: number | undefined;
  /**
   * How long before its deadline a session's `expiring$` tells. Default: a tenth of the session's duration. It always tells, but later
   * where asking the server takes more than that: with an `inMs` of 0 at the least.
   */
  readonly expiringBefore?: number | undefined;
  /**
   * How often the server looks for expired sessions, so that it is asked about one just after. Default 5000, as NemesisDB does. No event
   * rests on it, but one figure does: `missedCycles.atLeast` counts too many where the server looks more rarely than this and
   * ten seconds more.
   */
  readonly sweepInterval?: number | undefined;
  /** Where time comes from; for tests. Default: the machine. */
  readonly clock?: Clock | undefined;
  /** A number in [0, 1), for jitter; for tests. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** A client's options, complete and valid. */
export interface Settings extends TransportOptions {
  readonly timeout: number;
  readonly retry: Retry;
  readonly expiringBefore: number | undefined;
  readonly sweepInterval: number;
}

const defaultReconnect: ReconnectOptions = {
  initialDelay: 100,
  maxDelay: 30_000,
  attempts: Number.POSITIVE_INFINITY,
  resetAfter: 10_000,
};

const defaultHeartbeat: HeartbeatOptions = { interval: 15_000, timeout: 5000 };

const isClock = (value: unknown) => {
  if (typeof value !== 'object' || value === null) return false;
  const { now, wall, schedule } = value as Partial<Record<keyof Clock, unknown>>; // any object may be asked for them
  return [now, wall, schedule].every((method) => typeof method === 'function');
};
const isNumber = (value: unknown): value is number => typeof value === 'number';

const milliseconds = must<number>(
  'a number of milliseconds, more than 0 and finite',
  (value) => isNumber(value) && value > 0 && Number.isFinite(value),
);
const millisecondsFrom0 = must<number>('a number of milliseconds, 0 or more', (value) => isNumber(value) && value >= 0);
const count = (least: number, unit: string) =>
  must<number>(
    `a whole number of ${unit}, ${least} or more`,
    (value) => isNumber(value) && value >= least && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY),
  );
const retry = must<Retry>("'reads' or 'none'", (value) => value === 'reads' || value === 'none');

const optionalMembers = (shape: Readonly<Record<string, z.core.$ZodType>>) =>
  members(Object.fromEntries(Object.entries(shape).map(([name, schema]) => [name, z.optional(schema)])));

const callOptions = optionalMembers({ timeout: milliseconds, retry });

const clientOptions = optionalMembers({
  timeout: milliseconds,
  retry,
  maxPayload: count(64, 'bytes'),
  maxReply: count(1024, 'bytes'),
  maxInFlight: count(1, 'requests'),
  maxQueued: count(1, 'requests'),
  maxQueuedBytes: count(0, 'bytes'),
  reconnect: membersOrFalse(
    optionalMembers({
      initialDelay: milliseconds,
      maxDelay: milliseconds,
      attempts: count(0, 'attempts'),
      resetAfter: millisecondsFrom0,
    }),
  ),
  heartbeat: membersOrFalse(optionalMembers({ interval: milliseconds, timeout: milliseconds })),
  connectTimeout: milliseconds,
  closeTimeout: millisecondsFrom0,
  expiringBefore: millisecondsFrom0,
  sweepInterval: milliseconds,
  clock: must<Clock>('a clock: an object with now, wall and schedule', isClock),
  random: must<() => number>('a function', (value) => typeof value === 'function'),
});

function validate(schema: z.ZodMiniType, value: unknown, whose: string, sent = ' Nothing was sent.'): void {
  const checked = schema.safeParse(value);
  if (checked.success) return;
  const { path, message } = firstComplaint(checked.error.issues);
  const name = path.join('.');
  throw new ValueError(
    `${whose}: ${name === '' ? 'options' : name} ${message}.${sent}`,
    name === '' ? 'options' : name,
  );
}

/** The given members over the defaults; `undefined` counts as not given. */
function withDefaults<Values extends object>(defaults: Values, given: Given<Values>): Values {
  const all = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof Values)[]) {
    // the type of Object.keys forgets whose they are
    const value = given[name];
    if (value !== undefined) all[name] = value;
  }
  return all;
}

/** Options of `client.session`. */
export interface AttachOptions<Schema extends SessionSchema = SessionSchema> extends CallOptions {
  /** What its keys hold: values are checked on the way in and out, and typed. Stays in this program. */
  readonly schema?: Schema | undefined;
  /** How many ms before its deadline `expiring$` tells. Default: the client's `expiringBefore`. */
  readonly expiringBefore?: number | undefined;
}

const attachOptions = optionalMembers({ timeout: milliseconds, retry, ...ofSession });

/** Checks the options of `client.session`. Throws a `ValueError`. */
export function checkAttachOptions(value: unknown): void {
  if (value !== undefined) validate(attachOptions, value, 'session');
}

/** Checks the options of one command. Throws a `ValueError`. */
export function checkCallOptions(value: unknown, method: string): void {
  if (value !== undefined) validate(callOptions, value, method);
}

/** A caller's function that throws or gives nonsense must not keep the client from coming back, or a session from living on. */
function reliable(random: () => number): () => number {
  return () => {
    try {
      const chance = random();
      if (chance >= 0 && chance < 1) return chance;
    } catch {
      // As good as nonsense.
    }
    return Math.random();
  };
}

/** A client's options with their defaults. Throws a `ValueError` that names the option and says what would be right. */
export function settingsOf(given: NdbClientOptions = {}): Settings {
  validate(clientOptions, given, 'NdbClient', '');
  const { reconnect = {}, heartbeat = {} } = given;
  return {
    timeout: given.timeout ?? 5000,
    retry: given.retry ?? 'reads',
    maxPayload: given.maxPayload,
    maxReply: given.maxReply ?? 64 * 2 ** 20,
    maxInFlight: given.maxInFlight ?? 128,
    maxQueued: given.maxQueued ?? 10_000,
    maxQueuedBytes: given.maxQueuedBytes ?? 16 * 2 ** 20,
    reconnect: reconnect === false ? false : withDefaults(defaultReconnect, reconnect),
    heartbeat: heartbeat === false ? false : withDefaults(defaultHeartbeat, heartbeat),
    connectTimeout: given.connectTimeout ?? 5000,
    closeTimeout: given.closeTimeout ?? 5000,
    expiringBefore: given.expiringBefore,
    sweepInterval: given.sweepInterval ?? 5000,
    clock: given.clock ?? systemClock,
    random: given.random === undefined ? Math.random : reliable(given.random),
  };
}
