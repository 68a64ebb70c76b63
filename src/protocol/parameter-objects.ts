import type { JsonInput } from './json.js';
import { isToken, type Parameter, type TokenInput, writeMembers, writeTokens } from './parameters.js';
import { keySchemas, type SessionSchema } from './schema.js';
import { type Check, exactly, is, isObject, isString, issue, oneOf, optional } from './validation.js';

const nonEmpty = is<string>('a non-empty string', (value) => isString(value) && value !== '');
const string = is<string>('a string', isString);

/** A dataset's name, alone or as `{ name }`. */
export type DatasetInput = string | { readonly name: string };

const datasetName = is<DatasetInput>('the name of a dataset, or { name }', isString);

/** The name is a string, or a member of an object with this check. */
const named =
  <Value>(object: Check<Value>, otherwise: Check<unknown>): Check<string | Value> =>
  (value) => {
    if (isString(value)) return nonEmpty(value);
    return isObject(value) ? object(value) : otherwise(value);
  };

/** The dataset to save keys to, or to load. */
export const dataset: Parameter<[name: DatasetInput]> = {
  name: 'name',
  check: named(exactly({ name: nonEmpty }), datasetName),
  write: (input) => writeMembers(typeof input === 'string' ? { name: input } : { name: input.name }),
};

/** The dataset to save sessions to, and the sessions (absent: all). */
export type SessionsToSave = string | { readonly name: string; readonly tkns?: readonly TokenInput[] | undefined };

const someTokens = is<readonly TokenInput[]>(
  'an array of at least one token',
  (value) => Array.isArray(value) && value.length > 0 && value.every(isToken),
);

/** The dataset to save sessions to, and the sessions. */
export const sessionsToSave: Parameter<[name: SessionsToSave]> = {
  name: 'name',
  check: named(
    exactly({ name: nonEmpty, tkns: optional(someTokens) }),
    is('the name of a dataset, or { name, tkns? }', isString),
  ),
  write(input) {
    if (typeof input === 'string') return writeMembers({ name: input });
    const { name, tkns } = input;
    return tkns === undefined ? writeMembers({ name }) : `${writeMembers({ name })},${writeTokens(tkns)}`;
  },
};

/** How a new session behaves. */
export interface NewSession<Schema extends SessionSchema = SessionSchema> {
  /** Seconds until the session expires: an integer from 0 to 9,000,000,000. Default 0: it never expires. */
  readonly durationSeconds?: number | undefined;
  /**
   * `true`: the session is deleted when it expires. `false`, the default: only its keys are, and a new duration begins.
   */
  readonly deleteSessionOnExpire?: boolean | undefined;
  /** Each set or add restarts the duration. Default `false`. */
  readonly extendOnSetAdd?: boolean | undefined;
  /** Each get restarts the duration. Default `false`. */
  readonly extendOnGet?: boolean | undefined;
  /**
   * The server keeps what the session held when it expired, for those who watch it. Default `false`. An extension of
   * rx-nemesisdb's own server; a NemesisDB ignores it.
   */
  readonly keepValues?: boolean | undefined;
  /** The types of the session's keys. Values are checked on the way in and out. The schema stays in this program. */
  readonly schema?: Schema | undefined;
  /** How many milliseconds before the deadline `expiring$` emits. Default: the client's `expiringBefore`. */
  readonly expiringBefore?: number | undefined;
}

/** A longer duration overflows in the server: the session expires at once or at a random time. */
const longestDuration = 9_000_000_000;

const flag = optional(is<boolean>('true or false', (value) => typeof value === 'boolean'));

/** Milliseconds before a deadline. */
export const millisecondsFrom0 = is<number>(
  'a number of milliseconds, 0 or more',
  (value) => typeof value === 'number' && value >= 0,
);

/** What a handle of a session may be given besides: it stays in this program. */
export const handleOptions = {
  schema: optional(
    is<SessionSchema>(
      'an object schema whose members are visible (z.object), or a plain object with one schema for each key',
      (value) => keySchemas(value) !== undefined,
    ),
  ),
  expiringBefore: optional(millisecondsFrom0),
};

const newSessionMembers = exactly({
  durationSeconds: optional(
    is<number>(
      'an integer number of seconds from 0 to 9,000,000,000',
      (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= longestDuration,
    ),
  ),
  deleteSessionOnExpire: flag,
  extendOnSetAdd: flag,
  extendOnGet: flag,
  keepValues: flag,
  ...handleOptions,
});

const flagsOfExpiry = ['deleteSessionOnExpire', 'extendOnSetAdd', 'extendOnGet', 'keepValues'] as const;

/** How a new session behaves. */
export const newSession: Parameter<[params?: NewSession]> = {
  name: 'params',
  check(value) {
    if (value === undefined) return undefined;
    const found = newSessionMembers(value);
    if (found !== undefined) return found;
    const params = value as NewSession; // checked just now
    const set = flagsOfExpiry.filter((name) => params[name] === true);
    if (set.length === 0 || (params.durationSeconds ?? 0) > 0) return undefined;
    const { message } = issue(`must be more than 0 with ${set.join(', ')}: a session of 0 seconds never expires`);
    return { path: ['durationSeconds'], message };
  },
  // Reads the members by name: they may be inherited, and a spread would lose those.
  keep(params = {}) {
    const { durationSeconds, deleteSessionOnExpire, extendOnSetAdd, extendOnGet, keepValues } = params;
    const { schema, expiringBefore } = params;
    const expiry = { durationSeconds, deleteSessionOnExpire, extendOnSetAdd, extendOnGet, keepValues };
    return { ...expiry, schema, expiringBefore };
  },
  write(params = {}) {
    const { durationSeconds = 0 } = params;
    if (durationSeconds === 0) return '';
    const expiry = {
      duration: durationSeconds,
      deleteSession: params.deleteSessionOnExpire ?? false,
      extendOnSetAdd: params.extendOnSetAdd ?? false,
      extendOnGet: params.extendOnGet ?? false,
      ...(params.keepValues === true ? { keepValues: true } : {}),
    };
    return writeMembers({ expiry });
  },
};

const jsonValue = is<JsonInput>('a JSON value', (value) => value !== undefined);

/** What to find in the values of the top-level keys. */
export interface FindQuery {
  /** A JSONPath, such as `$.user[?(@.age > 20)].name`. The server evaluates it against the value of each key. */
  readonly path: string;
  /** The answer: the keys, the paths inside their values, or the keys with their whole values. */
  readonly rsp: 'keys' | 'paths' | 'kv';
  /** Searches these keys only. Absent: all. */
  readonly keys?: readonly string[] | undefined;
}

/** What to find. */
export const findQuery: Parameter<[query: FindQuery]> = {
  name: 'query',
  check: exactly({
    path: nonEmpty,
    rsp: oneOf('keys', 'paths', 'kv'),
    keys: optional(
      is<readonly string[]>('an array of strings', (value) => Array.isArray(value) && value.every(isString)),
    ),
  }),
  write: ({ path, rsp, keys }) => writeMembers({ path, rsp, keys }),
  keep: ({ path, rsp, keys }) => ({ path, rsp, keys: keys === undefined ? undefined : [...keys] }),
};

/** The places to update, and their new value. */
export interface UpdateInput {
  /** The top-level key. */
  readonly key: string;
  /** A JSONPath inside the key's value; `$` is the value itself. */
  readonly path: string;
  /** The new value of all places that match. */
  readonly value: JsonInput;
}

/** The places to update, and their new value. */
export const update: Parameter<[update: UpdateInput]> = {
  name: 'update',
  check: exactly({ key: string, path: nonEmpty, value: jsonValue }),
  write: ({ key, path, value }) => writeMembers({ key, path, value }),
};

/** What to append to an array. */
export interface ArrayAppendInput {
  /** The top-level key. */
  readonly key: string;
  /** The items to append, in order. */
  readonly items: readonly JsonInput[];
  /** The member of the key's value that holds the array. Absent: the value is the array. */
  readonly name?: string | undefined;
}

/** What to append to an array. */
export const arrayAppend: Parameter<[append: ArrayAppendInput]> = {
  name: 'append',
  check: exactly({ key: string, items: is<readonly JsonInput[]>('an array', Array.isArray), name: optional(string) }),
  write: ({ key, items, name }) => writeMembers({ key, items, name }),
};
