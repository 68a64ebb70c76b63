import { instance, isPlainObject, type JsonInput, type Sendable, writeJson, writeMember } from './json.js';
import { isSchema, keySchemas, type SessionSchema, type StandardSchema } from './schema.js';
import { type Check, type Issue, is, isObject, isString, issue } from './validation.js';

/** A session's token: a `bigint`, or its decimal digits as a string (from a cookie, from JSON). 1 to 2^64 - 1. */
export type TokenInput = bigint | string;

/** Keys with the values to set. Members that are `undefined` are left out. */
export type KeysInput = { readonly [key: string]: JsonInput | undefined };

/** `Keys`, if all of them can be sent. Arrays are not objects of keys. */
export type SendableKeys<Keys> = Keys extends readonly unknown[] ? never : Keys & Sendable<Keys>;

/** Names one key, or several. */
export type KeyList = { readonly key: string } | { readonly keys: readonly string[] } | readonly string[];

/** Names the key to get, for its value, or several keys, for an object. */
export type GetQuery =
  | { readonly key: string; readonly schema?: StandardSchema }
  | { readonly keys: readonly string[]; readonly schema?: SessionSchema };

/** The argument of a command, besides the session's token. `Args` is that argument as methods list it. */
export type Parameter<Args extends readonly [unknown?]> = {
  /** The name in NemesisDB's own clients. */
  readonly name: string;
  readonly check: Check<Args[0]>;
  /** What is kept until the reply arrives, as the caller may change the argument meanwhile. Default: the argument. */
  keep?(value: Args[0]): Args[0];
} & (Members<Args[0]> | Items<Args[0]>);

/** How an argument is written that becomes some members of the request. */
interface Members<Value> {
  /** The members as JSON, without braces; empty if there are none. */
  write(value: Value): string;
}

/** How an argument is written that becomes one member with many items. A request that is too long is split at them. */
export interface Items<Value> {
  /** The member, such as `keys`. */
  readonly member: string;
  readonly brackets: '{}' | '[]';
  /** The items as JSON. */
  items(value: Value): readonly string[];
  /** The argument of a request that carries the items from `from` to before `to`. Default: the whole argument. */
  slice?(value: Value, from: number, to: number): Value;
}

/** The members of an object as JSON, without its braces. */
export const writeMembers = (value: { readonly [name: string]: JsonInput | undefined }) =>
  writeJson(value).slice(1, -1);

const largestToken = 2n ** 64n - 1n;

const tokenDigits = /^[1-9]\d{0,19}$/;

/** Whether this is a session's token in one of its forms. */
export function isToken(value: unknown): value is TokenInput {
  if (typeof value === 'bigint') return value > 0n && value <= largestToken;
  if (typeof value !== 'string' || !tokenDigits.test(value)) return false;
  return value.length < 20 || BigInt(value) <= largestToken;
}

/**
 * Reads a token from a string that anybody may have written, such as a cookie. Returns `undefined` if it is no token:
 * then there is no such session.
 *
 * @example
 * const tkn = parseToken(cookies.session);
 * const session$ = tkn === undefined ? client.sh_create_session() : client.session(tkn);
 */
export function parseToken(value: string | null | undefined): bigint | undefined {
  return isString(value) && isToken(value) ? BigInt(value) : undefined;
}

/** The token of the session that a command is about. */
export const token = {
  name: 'tkn',
  check(value: unknown) {
    if (isToken(value)) return undefined;
    return typeof value === 'number'
      ? issue("must be a bigint or a string of decimal digits, not a number: a number can't hold every token")
      : issue("must be a session's token: a bigint, or its decimal digits as a string, from 1 to 2^64 - 1");
  },
  write: (tkn: TokenInput) => `"tkn":${tkn}`,
};

/** The tokens of a list, or the single token. */
export const tokensOf = (tkns: TokenInput | readonly TokenInput[]) => (typeof tkns === 'object' ? tkns : [tkns]);

/** Tokens as a member of a request. */
export const writeTokens = (tkns: readonly TokenInput[]) => `"tkns":[${tkns.join(',')}]`;

/** One token, or several. */
export const tokens: Parameter<[tkns: TokenInput | readonly TokenInput[]]> = {
  name: 'tkns',
  check: is(
    "a session's token or an array of them: bigints, or decimal digits as strings, from 1 to 2^64 - 1",
    (value) => (Array.isArray(value) ? value.every(isToken) : isToken(value)),
  ),
  keep: (tkns) => [...tokensOf(tkns)],
  member: 'tkns',
  brackets: '[]',
  items: (tkns) => tokensOf(tkns).map(String),
  slice: (tkns, from, to) => tokensOf(tkns).slice(from, to),
};

/** Keys with their values. `writeJson` refuses the values that JSON has no form for. */
export const keysWithValues: Parameter<[keys: KeysInput]> = {
  name: 'keys',
  check(value) {
    if (!isObject(value)) return issue('must be an object of keys and their values');
    return isPlainObject(value)
      ? undefined
      : issue(`must be a plain object of keys and their values, not ${instance(value)}`);
  },
  // What sessions need to know: whether there was any key.
  keep(keys) {
    const key = Object.keys(keys).find((name) => keys[name] !== undefined);
    return key === undefined ? {} : { [key]: null };
  },
  member: 'keys',
  brackets: '{}',
  items(keys) {
    const items: string[] = [];
    for (const key of Object.keys(keys)) {
      const value = keys[key];
      if (value !== undefined) items.push(writeMember(key, value));
    }
    return items;
  },
};

function isKeyList(value: unknown): value is KeyList {
  if (Array.isArray(value)) return value.every(isString);
  if (!isObject(value)) return false;
  const { key, keys } = value;
  if (keys === undefined) return isString(key);
  return key === undefined && Array.isArray(keys) && keys.every(isString);
}

/** The keys of a list, in any of its forms. */
export function keysOf(list: KeyList | GetQuery): readonly string[] {
  if (Array.isArray(list)) return list;
  const { key, keys } = list as { readonly key?: string; readonly keys?: readonly string[] }; // isArray leaves readonly arrays in
  return keys ?? (key === undefined ? [] : [key]);
}

function issueInKeyList(value: unknown): Issue | undefined {
  if (isKeyList(value)) return undefined;
  return isObject(value) && value.key !== undefined && value.keys !== undefined
    ? issue('takes either key or keys, not both')
    : issue('must name the keys: { key: string } or { keys: string[] }');
}

function issueInGetQuery(value: unknown): Issue | undefined {
  const found = Array.isArray(value) ? issue('must be { key: string } or { keys: string[] }') : issueInKeyList(value);
  if (found !== undefined) return found;
  const { key, schema } = value as { readonly key?: string; readonly schema?: unknown }; // a key list, checked above
  if (schema === undefined) return undefined;
  if (key !== undefined) return isSchema(schema) ? undefined : issue('takes a schema that implements Standard Schema');
  const schemas = keySchemas(schema);
  if (schemas === undefined) {
    return issue('takes for keys a schema with one schema for each key: a z.object, or a plain object of schemas');
  }
  const missing = keysOf(value as KeyList).find((name) => !schemas.has(name)); // as above
  return missing === undefined ? undefined : issue(`asks for ${writeJson(missing)}, which the schema does not have`);
}

const keyNames = {
  member: 'keys',
  brackets: '[]',
  items: (list: KeyList | GetQuery) => keysOf(list).map(writeJson),
} as const;

/** The keys to get, and the schemas that their values must match. */
export const getQuery: Parameter<[query: GetQuery]> = {
  name: 'query',
  check: issueInGetQuery,
  // Reads the members by name: they may be inherited, and a spread would lose those.
  keep(query) {
    if ('key' in query && query.key !== undefined) {
      return query.schema === undefined ? { key: query.key } : { key: query.key, schema: query.schema };
    }
    const { keys, schema } = query as Exclude<GetQuery, { readonly key: string }>; // the other form
    return schema === undefined ? { keys: [...keys] } : { keys: [...keys], schema };
  },
  ...keyNames,
};

/** The names of some keys. */
export const keyList: Parameter<[keys: KeyList]> = {
  name: 'keys',
  check: issueInKeyList,
  ...keyNames,
};

/** The names of at least one key: the server refuses to remove none. */
export const someKeys: Parameter<[keys: KeyList]> = {
  ...keyList,
  check(value) {
    const found = issueInKeyList(value);
    if (found !== undefined) return found;
    return keysOf(value as KeyList).length === 0 ? issue('must name at least one key') : undefined; // checked above
  },
};
