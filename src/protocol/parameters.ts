import * as z from 'zod/mini';
import { type JsonInput, type Sendable, writeJson } from './json.js';
import { isSchema, keySchemas, type SessionSchema, type StandardSchema } from './schema.js';
import { must } from './validation.js';

/** A session's token as it is given: `bigint`, or its decimal digits (from a cookie, from JSON). 1 to 2^64 - 1. */
export type TokenInput = bigint | string;

/** Keys and their values, as they are set. Members that are `undefined` are left out. */
export type KeysInput = { readonly [key: string]: JsonInput | undefined };

/** `Keys`, where all of them can be sent. An array is none. */
export type SendableKeys<Keys> = Keys extends readonly unknown[] ? never : Keys & Sendable<Keys>;

/** Which keys: one, several, or several as a plain list. */
export type KeyList = { readonly key: string } | { readonly keys: readonly string[] } | readonly string[];

/** Which keys to get: one gives its value, several give an object. */
export type GetQuery =
  | { readonly key: string; readonly schema?: StandardSchema }
  | { readonly keys: readonly string[]; readonly schema?: SessionSchema };

/** How a request that is too long is cut: at the members of one of its own members. */
export interface Pieces<Value> {
  /** The member of the request that is cut, such as `keys`. */
  readonly member: string;
  readonly brackets: '{}' | '[]';
  /** The texts of its own members. */
  write(value: Value): readonly string[];
  /** The argument that asks for those from `from` to before `to` alone. */
  part(value: Value, from: number, to: number): Value;
}

/**
 * What a command is about, besides the session that it is bound to: one argument, which becomes one or several members of
 * the request. `Args` is the argument as a method lists it, with its name and whether it may be left out.
 */
export interface Parameter<Args extends readonly [unknown?]> {
  /** As NemesisDB's own clients name it. */
  readonly name: string;
  readonly schema: z.ZodMiniType<Args[0]>;
  /**
   * Whether the schema would let it pass as it is. For what most commands take: asking the schema made a tenth of a command's garbage,
   * and what it adds to this are words for what is wrong.
   */
  accepts?(value: unknown): value is Args[0];
  /** The request's members as text, without braces; empty where there is nothing to say. */
  write(value: Args[0]): string;
  readonly pieces?: Pieces<Args[0]>;
  /** What is kept of it until the reply comes, where it is looked at then: the caller may change theirs meanwhile. */
  copy?(value: Args[0]): Args[0];
}

/** Whether this is a text. */
export const isText = (value: unknown) => typeof value === 'string';

/** The members of an object as text, without its braces. */
export const writeMembers = (value: { readonly [name: string]: JsonInput | undefined }) =>
  writeJson(value).slice(1, -1);

const largestToken = 2n ** 64n - 1n;

const decimal = /^[1-9]\d{0,19}$/;

/** Whether this is a token, as it may be given. */
export function isToken(value: unknown): value is TokenInput {
  if (typeof value === 'bigint') return value > 0n && value <= largestToken;
  if (typeof value !== 'string' || !decimal.test(value)) return false;
  return value.length < 20 || BigInt(value) <= largestToken;
}

const tokenSchema = must<TokenInput>(
  "a session's token: a bigint, or its decimal digits as a string, of 1 to 2^64 - 1 (a number can't hold every token)",
  isToken,
);

/** The session that a command is bound to. */
export const token: Parameter<[tkn: TokenInput]> = {
  name: 'tkn',
  schema: tokenSchema,
  accepts: isToken,
  write: (tkn) => `"tkn":${tkn}`,
};

/** The tokens of a list, whichever of its forms it has. */
export const tokensOf = (tkns: TokenInput | readonly TokenInput[]) => (typeof tkns === 'object' ? tkns : [tkns]);

/** One token, or several. */
export const tokens: Parameter<[tkns: TokenInput | readonly TokenInput[]]> = {
  name: 'tkns',
  schema: must<TokenInput | readonly TokenInput[]>(
    "a session's token or an array of them: bigints, or decimal digits as strings, of 1 to 2^64 - 1",
    (value) => (Array.isArray(value) ? value.every(isToken) : isToken(value)),
  ),
  write: (tkns) => `"tkns":[${tokensOf(tkns).join(',')}]`,
  copy: (tkns) => [...tokensOf(tkns)],
  pieces: {
    member: 'tkns',
    brackets: '[]',
    write: (tkns) => tokensOf(tkns).map(String),
    part: (tkns, from, to) => tokensOf(tkns).slice(from, to),
  },
};

/** Whether this is an object, and no array. */
export const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

const entriesOf = (keys: KeysInput) => Object.entries(keys).filter(([, value]) => value !== undefined);

/** Keys with their values. What JSON can't hold among them is told by `writeJson`. */
export const keysWithValues: Parameter<[keys: KeysInput]> = {
  name: 'keys',
  schema: must<KeysInput>('an object of keys and their values', isObject),
  accepts: (value): value is KeysInput => isObject(value),
  write: (keys) => `"keys":${writeJson(keys)}`,
  pieces: {
    member: 'keys',
    brackets: '{}',
    write: (keys) => entriesOf(keys).map(([key, value]) => writeMembers({ [key]: value })),
    part: (keys, from, to) => Object.fromEntries(entriesOf(keys).slice(from, to)),
  },
};

function isKeyList(value: unknown): value is KeyList {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.every(isText);
  const { key, keys } = value as { readonly key?: unknown; readonly keys?: unknown }; // any object may be asked for them
  if (keys === undefined) return typeof key === 'string';
  return key === undefined && Array.isArray(keys) && keys.every(isText);
}

function isGetQuery(value: unknown): value is GetQuery {
  if (!isKeyList(value) || Array.isArray(value)) return false;
  const { schema } = value as { readonly schema?: unknown }; // as above
  if (schema === undefined) return true;
  if ('key' in value && value.key !== undefined) return isSchema(schema);
  const schemas = keySchemas(schema);
  return schemas !== undefined && keysOf(value).every((key) => schemas.has(key));
}

/** The keys of a list, whichever of its forms it has. */
export function keysOf(list: KeyList | GetQuery): readonly string[] {
  if (Array.isArray(list)) return list;
  const { key, keys } = list as { readonly key?: string; readonly keys?: readonly string[] }; // isArray keeps readonly arrays in
  return keys ?? (key === undefined ? [] : [key]);
}

/** What a query may have. */
interface GetMembers {
  readonly key?: string;
  readonly keys?: readonly string[];
  readonly schema?: unknown;
}

const pieceOfEachKey = {
  member: 'keys',
  brackets: '[]',
  write: (list: KeyList | GetQuery) => keysOf(list).map(writeJson),
} as const;

const writeKeys = (list: KeyList | GetQuery) => `"keys":${writeJson(keysOf(list))}`;

function complaint(query: unknown): string {
  if (isKeyList(query) && 'schema' in query) {
    const schemas = keySchemas(query.schema);
    const unknown = schemas && 'keys' in query && keysOf(query).find((key) => !schemas.has(key));
    if (typeof unknown === 'string') return `asks for ${JSON.stringify(unknown)}, which the schema does not have`;
    return 'takes a schema that implements Standard Schema; for keys, one with a schema for each of them (z.object, or a plain object of schemas)';
  }
  return isObject(query) && typeof query === 'object' && query !== null && 'key' in query && 'keys' in query
    ? 'takes either key or keys, not both'
    : 'must say which: { key: string } or { keys: string[] }';
}

/** Which keys to get, and which schemas their values must match. */
export const getQuery: Parameter<[query: GetQuery]> = {
  name: 'query',
  schema: z.custom<GetQuery>(isGetQuery, { error: (issue) => complaint(issue.input) }),
  accepts: isGetQuery,
  write: writeKeys,
  // Read, not spread: what was checked may be inherited.
  copy(query) {
    const { key, keys, schema } = query as GetMembers; // whichever of its forms it has
    const copy = keys === undefined ? { key } : { keys: [...keys] };
    return (schema === undefined ? copy : { ...copy, schema }) as GetQuery; // as it was
  },
  pieces: {
    ...pieceOfEachKey,
    // Only a query for `keys` has several pieces, and its schema is one for all of them.
    part: (query, from, to) => ({ ...query, keys: keysOf(query).slice(from, to) }) as GetQuery,
  },
};

/** Which keys. */
export const keyList: Parameter<[keys: KeyList]> = {
  name: 'keys',
  schema: z.custom<KeyList>(isKeyList, { error: (issue) => complaint(issue.input) }),
  write: writeKeys,
  copy: (list) => [...keysOf(list)],
  pieces: { ...pieceOfEachKey, part: (list, from, to) => keysOf(list).slice(from, to) },
};

/** Which keys, at least one: the server refuses to remove none. */
export const someKeys: Parameter<[keys: KeyList]> = {
  ...keyList,
  schema: z.custom<KeyList>((value) => isKeyList(value) && keysOf(value).length > 0, {
    error: (issue) => (isKeyList(issue.input) ? 'must name at least one key' : complaint(issue.input)),
  }),
};
