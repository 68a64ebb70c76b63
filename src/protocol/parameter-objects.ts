import * as z from 'zod/mini';
import type { JsonInput } from './json.js';
import { isText, isToken, type Parameter, type TokenInput, tokens, writeMembers } from './parameters.js';
import { keySchemas, type SessionSchema } from './schema.js';
import { members, must } from './validation.js';

const filled = must<string>('a text that is not empty', (value) => isText(value) && value !== '');

/** A dataset's name, alone or as `{ name }`. */
export type DatasetInput = string | { readonly name: string };

/** Which dataset of saved keys, or of saved sessions to load. */
export const dataset: Parameter<[name: DatasetInput]> = {
  name: 'name',
  schema: z.union([filled, members({ name: filled })], { error: "must be the dataset's name, or { name }" }),
  write: (input) => writeMembers(typeof input === 'string' ? { name: input } : input),
};

/** Which dataset to save sessions to, and which sessions (absent: all). */
export type SessionsToSave = string | { readonly name: string; readonly tkns?: readonly TokenInput[] | undefined };

/** Which dataset to save sessions to, and which sessions. */
export const sessionsToSave: Parameter<[name: SessionsToSave]> = {
  name: 'name',
  schema: z.union(
    [
      filled,
      members({
        name: filled,
        tkns: z.optional(
          must<readonly TokenInput[]>(
            'an array of tokens, at least one',
            (value) => Array.isArray(value) && value.length > 0 && value.every(isToken),
          ),
        ),
      }),
    ],
    { error: "must be the dataset's name, or { name, tkns? } with at least one token" },
  ),
  write(input) {
    if (typeof input === 'string') return writeMembers({ name: input });
    const { name, tkns } = input;
    return tkns === undefined ? writeMembers({ name }) : `${writeMembers({ name })},${tokens.write(tkns)}`;
  },
};

/** How a new session behaves. */
export interface NewSession<Schema extends SessionSchema = SessionSchema> {
  /** Seconds until it expires: an integer, 0 (it never does; the default) to 9,000,000,000. */
  readonly durationSeconds?: number | undefined;
  /** `true`: it is deleted when it expires. `false` (the default): its keys are, and it begins anew. */
  readonly deleteSessionOnExpire?: boolean | undefined;
  /** Each set or add begins its duration anew. Default `false`. */
  readonly extendOnSetAdd?: boolean | undefined;
  /** Each get begins its duration anew. Default `false`. */
  readonly extendOnGet?: boolean | undefined;
  /** What its keys hold: values are checked on the way in and out, and typed. Stays in this program. */
  readonly schema?: Schema | undefined;
  /** How many ms before its deadline `expiring$` tells. Default: the client's `expiringBefore`. */
  readonly expiringBefore?: number | undefined;
}

/** More overflows in the server, and the session expires at once or at a random time. */
const longestDuration = 9_000_000_000;

const flag = z.optional(must<boolean>('true or false', (value) => typeof value === 'boolean'));

/** What a handle of a session may be told besides: it stays in this program. */
export const ofSession = {
  schema: must<SessionSchema>(
    'an object schema whose members can be seen (z.object), or a plain object with a schema for each key',
    (value) => keySchemas(value) !== undefined,
  ),
  expiringBefore: must<number>(
    'a number of milliseconds, 0 or more',
    (value) => typeof value === 'number' && value >= 0,
  ),
};

/** How a new session behaves. */
export const newSession: Parameter<[params?: NewSession]> = {
  name: 'params',
  schema: z.optional(
    members({
      durationSeconds: z.optional(
        must<number>(
          `an integer of 0 to ${longestDuration}, in seconds`,
          (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= longestDuration,
        ),
      ),
      deleteSessionOnExpire: flag,
      extendOnSetAdd: flag,
      extendOnGet: flag,
      schema: z.optional(ofSession.schema),
      expiringBefore: z.optional(ofSession.expiringBefore),
    }).check(
      z.refine(
        (input) =>
          (input.durationSeconds ?? 0) > 0 ||
          !(input.deleteSessionOnExpire || input.extendOnSetAdd || input.extendOnGet),
        {
          error:
            'must be more than 0 with deleteSessionOnExpire, extendOnSetAdd or extendOnGet: a session of 0 seconds never expires',
          path: ['durationSeconds'],
        },
      ),
    ),
  ),
  write(input) {
    const { durationSeconds = 0, deleteSessionOnExpire, extendOnSetAdd, extendOnGet } = input ?? {};
    if (durationSeconds === 0) return '';
    const expiry = {
      duration: durationSeconds,
      deleteSession: deleteSessionOnExpire ?? false,
      extendOnSetAdd: extendOnSetAdd ?? false,
      extendOnGet: extendOnGet ?? false,
    };
    return writeMembers({ expiry });
  },
};

const sendable = must<JsonInput>('a value', (value) => value !== undefined);

/** What to look for in the values of all top-level keys. */
export interface FindQuery {
  /** A JSONPath, such as `$.user[?(@.age > 20)].name`. It runs against each key's value. */
  readonly path: string;
  /** What to answer with: the keys, the paths inside their values, or the keys with their whole values. */
  readonly rsp: 'keys' | 'paths' | 'kv';
  /** Only these keys; absent: all. */
  readonly keys?: readonly string[] | undefined;
}

/** What to look for. */
export const findQuery: Parameter<[query: FindQuery]> = {
  name: 'query',
  schema: members({
    path: filled,
    rsp: must<FindQuery['rsp']>(
      "'keys', 'paths' or 'kv'",
      (value) => value === 'keys' || value === 'paths' || value === 'kv',
    ),
    keys: z.optional(
      must<readonly string[]>('an array of keys', (value) => Array.isArray(value) && value.every(isText)),
    ),
  }),
  write: ({ path, rsp, keys }) => writeMembers({ path, rsp, keys }),
  copy: ({ path, rsp, keys }) => (keys === undefined ? { path, rsp } : { path, rsp, keys: [...keys] }),
};

/** Which places of a key's value get a new value. */
export interface UpdateInput {
  /** The top-level key. */
  readonly key: string;
  /** A JSONPath inside the key's value; `$` is the value itself. */
  readonly path: string;
  /** What those places hold from then on. */
  readonly value: JsonInput;
}

/** Which places get a new value. */
export const update: Parameter<[update: UpdateInput]> = {
  name: 'update',
  schema: members({ key: must<string>('a text', isText), path: filled, value: sendable }),
  write: ({ key, path, value }) => writeMembers({ key, path, value }),
};

/** What to append to an array. */
export interface ArrayAppendInput {
  /** The top-level key. */
  readonly key: string;
  /** What is put at the array's end, in this order. */
  readonly items: readonly JsonInput[];
  /** The member of the key's value that holds the array; absent: the value is the array. */
  readonly name?: string | undefined;
}

/** What to append to an array. */
export const arrayAppend: Parameter<[append: ArrayAppendInput]> = {
  name: 'append',
  schema: members({
    key: must<string>('a text', isText),
    items: must<readonly JsonInput[]>('an array', Array.isArray),
    name: z.optional(must<string>('a text', isText)),
  }),
  write: ({ key, items, name }) => writeMembers({ key, items, name }),
};
