import { UnexpectedReply } from './command-row.js';
import type { JsonObject, JsonValue } from './json.js';
import { type CheckedShape, is, isObject, isString, members, optional } from './validation.js';

/** A whole number in a reply: a `bigint` if a double can't hold it. */
type Whole = number | bigint;

const isWhole = (value: unknown): value is Whole => Number.isSafeInteger(value) || typeof value === 'bigint';

const whole = is<Whole>('a whole number', isWhole);
const count = is<number>('a count', Number.isSafeInteger);
const positive = is<number>('a number more than 0', (value) => typeof value === 'number' && value > 0);
const length = is<number>('a whole number more than 0', (value) => Number.isSafeInteger(value) && Number(value) > 0);
const string = is<string>('a string', isString);
const flag = is<boolean>('true or false', (value) => typeof value === 'boolean');
const strings = is<string[]>('an array of strings', (value) => Array.isArray(value) && value.every(isString));
const values = is<JsonObject>('an object of keys and values', isObject);

/** The members of replies of success. Other members are ignored: servers may add some. */
export const reply = {
  // The last three are extensions of rx-nemesisdb's own server.
  serverInfo: {
    serverVersion: string,
    persistEnabled: flag,
    maxPayload: optional(length),
    features: optional(strings),
    sweepInterval: optional(positive),
  },
  token: { tkn: whole },
  counted: { cnt: count },
  values: { keys: values },
  keys: { keys: strings },
  contains: { contains: strings },
  existing: { exist: is<Whole[]>('an array of tokens', (value) => Array.isArray(value) && value.every(isWhole)) },
  sessionInfo: {
    tkn: whole,
    shared: flag,
    keyCnt: count,
    expires: flag,
    expiry: optional(
      members({ duration: whole, remaining: whole, deleteSession: flag, extendOnSetAdd: flag, extendOnGet: flag }),
    ),
  },
  totals: { totalSessions: count, totalKeys: count },
  saved: { name: string, duration: whole },
  loadedSessions: { name: string, sessions: count, keys: count },
  loadedKeys: { name: string, keys: count, sessions: count, duration: whole },
  found: {
    keys: optional(
      is<string[] | JsonObject>('an array of strings or an object', (value) => isObject(value) || !strings(value)),
    ),
    paths: optional(strings),
  },
} as const;

/** How a session expires. Times are in seconds. */
export interface SessionExpiry {
  /** The time from its creation, its last extension or the last loss of its keys to its deadline. */
  readonly duration: number;
  /** Whole seconds left, rounded toward zero; negative once it is overdue. */
  readonly remaining: number;
  /** Whether expiry deletes the session, or only its keys. */
  readonly deleteSession: boolean;
  /** Whether a set or add restarts the duration. */
  readonly extendOnSetAdd: boolean;
  /** Whether a get restarts the duration. */
  readonly extendOnGet: boolean;
}

/** A session as `sh_info` describes it. */
export type SessionInfo =
  | { readonly tkn: bigint; readonly shared: boolean; readonly keyCnt: number; readonly expires: false }
  | {
      readonly tkn: bigint;
      readonly shared: boolean;
      readonly keyCnt: number;
      readonly expires: true;
      readonly expiry: SessionExpiry;
    };

/** What a server says of itself (`SV_INFO`). */
export interface ServerInfo {
  /** Such as `0.7.2`. */
  readonly serverVersion: string;
  /** Whether it can save and load datasets. */
  readonly persistEnabled: boolean;
  /** The longest request in bytes, if the server announces it (rx-nemesisdb's own does). */
  readonly maxPayload?: number;
  /** What the server can do that a NemesisDB can't, such as `ids` and `watch`. Absent for a NemesisDB. */
  readonly features?: readonly string[];
  /** How often the server sweeps, in ms, if it announces it (rx-nemesisdb's own does). */
  readonly sweepInterval?: number;
}

/** What a server says of itself. Frozen. */
export function readServerInfo(info: CheckedShape<typeof reply.serverInfo>): ServerInfo {
  const { serverVersion, persistEnabled, maxPayload, features, sweepInterval } = info;
  return Object.freeze({
    serverVersion,
    persistEnabled,
    ...(maxPayload === undefined ? {} : { maxPayload }),
    ...(features === undefined ? {} : { features: Object.freeze(features) }),
    ...(sweepInterval === undefined ? {} : { sweepInterval }),
  });
}

/** A session's information, in its two forms. */
export function readSessionInfo({ tkn, shared, keyCnt, expiry }: CheckedShape<typeof reply.sessionInfo>): SessionInfo {
  const common = { tkn: BigInt(tkn), shared, keyCnt };
  if (expiry === undefined) return { ...common, expires: false };
  const { deleteSession, extendOnSetAdd, extendOnGet } = expiry;
  // Seconds past 2^53 come only from another client's duration, which the server can't keep to anyway.
  const seconds = { duration: Number(expiry.duration), remaining: Number(expiry.remaining) };
  return { ...common, expires: true, expiry: { ...seconds, deleteSession, extendOnSetAdd, extendOnGet } };
}

/** The value of a key; `undefined` if it is absent. */
export function valueAt(keys: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(keys, key) ? keys[key] : undefined;
}

/** Puts the keys of all objects into one. */
export function mergeKeys(objects: readonly JsonObject[]): JsonObject {
  return Object.fromEntries(objects.flatMap(Object.entries<JsonValue>)); // assigning `__proto__` would set the prototype
}

/** The result of a find, by what was asked for. */
export function readFound(
  { keys, paths }: CheckedShape<typeof reply.found>,
  rsp: 'keys' | 'paths' | 'kv',
): string[] | JsonObject {
  const found = rsp === 'paths' ? paths : keys;
  if (found === undefined || Array.isArray(found) === (rsp === 'kv')) throw new UnexpectedReply(`${rsp} is missing`);
  return found;
}
