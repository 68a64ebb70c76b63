import * as z from 'zod/mini';
import { UnexpectedReply } from './command-row.js';
import type { JsonObject, JsonValue } from './json.js';
import { isObject } from './parameters.js';
import { must } from './validation.js';

/** A whole number as it stands in a reply: a `bigint` where a double can't hold it. */
type Whole = number | bigint;

/** Whether this is one. */
export const isWhole = (value: unknown): value is Whole => Number.isSafeInteger(value) || typeof value === 'bigint';

const whole = must<Whole>('a whole number', isWhole);
const count = must<number>('a count', Number.isSafeInteger);
const text = z.string();
const flag = z.boolean();
const texts = must<string[]>(
  'an array of texts',
  (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
);
const values = must<JsonObject>('an object of keys and values', isObject);

// zod's objects copy what they let through: members of a reply, never the values behind them.
export const reply = {
  serverInfo: z.object({ serverVersion: text, persistEnabled: flag, maxPayload: z.optional(count) }),
  token: z.object({ tkn: whole }),
  counted: z.object({ cnt: count }),
  values: z.object({ keys: values }),
  keys: z.object({ keys: texts }),
  contains: z.object({ contains: texts }),
  existing: z.object({
    exist: must<Whole[]>('an array of tokens', (value) => Array.isArray(value) && value.every(isWhole)),
  }),
  sessionInfo: z.object({
    tkn: whole,
    shared: flag,
    keyCnt: count,
    expires: flag,
    expiry: z.optional(
      z.object({ duration: whole, remaining: whole, deleteSession: flag, extendOnSetAdd: flag, extendOnGet: flag }),
    ),
  }),
  totals: z.object({ totalSessions: count, totalKeys: count }),
  saved: z.object({ name: text, duration: whole }),
  loadedSessions: z.object({ name: text, sessions: count, keys: count }),
  loadedKeys: z.object({ name: text, keys: count, sessions: count, duration: whole }),
  found: z.object({ keys: z.optional(z.union([texts, values])), paths: z.optional(texts) }),
};

/** How a session expires. Times in seconds. */
export interface SessionExpiry {
  /** How long it lives from its creation, its last extension or the last loss of its keys. */
  readonly duration: number;
  /** Whole seconds left, cut toward zero; negative once it is overdue. */
  readonly remaining: number;
  /** Whether the session goes when it expires, or only its keys. */
  readonly deleteSession: boolean;
  /** Whether a set or add begins its duration anew. */
  readonly extendOnSetAdd: boolean;
  /** Whether a get begins its duration anew. */
  readonly extendOnGet: boolean;
}

/** What `sh_info` tells of a session. */
export type SessionInfo =
  | { readonly tkn: bigint; readonly shared: boolean; readonly keyCnt: number; readonly expires: false }
  | {
      readonly tkn: bigint;
      readonly shared: boolean;
      readonly keyCnt: number;
      readonly expires: true;
      readonly expiry: SessionExpiry;
    };

/** A session's information, in its two forms. */
export function readSessionInfo({ tkn, shared, keyCnt, expiry }: z.infer<typeof reply.sessionInfo>): SessionInfo {
  const common = { tkn: BigInt(tkn), shared, keyCnt };
  if (expiry === undefined) return { ...common, expires: false };
  // Seconds: past 2^53 of them only where another client set a duration that the server can't keep to anyway.
  const seconds = { duration: Number(expiry.duration), remaining: Number(expiry.remaining) };
  return { ...common, expires: true, expiry: { ...expiry, ...seconds } };
}

/** The value of a key, `undefined` where it is absent. */
export function valueAt(keys: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(keys, key) ? keys[key] : undefined;
}

/** Puts the keys of the second object into the first. */
export function mergeKeys(into: JsonObject, from: JsonObject): JsonObject {
  for (const key of Object.keys(from)) {
    const value = valueAt(from, key);
    // Assigning would set the prototype.
    if (key === '__proto__')
      Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true });
    else if (value !== undefined) into[key] = value;
  }
  return into;
}

/** What a find gives, by what was asked for. */
export function readFound(
  { keys, paths }: z.infer<typeof reply.found>,
  rsp: 'keys' | 'paths' | 'kv',
): string[] | JsonObject {
  const found = rsp === 'paths' ? paths : keys;
  if (found === undefined || Array.isArray(found) === (rsp === 'kv')) throw new UnexpectedReply(`${rsp}: missing`);
  return found;
}
