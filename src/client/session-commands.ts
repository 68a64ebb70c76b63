import { defer, type Observable } from 'rxjs';
import { commands } from '../protocol/commands.js';
import type { JsonObject } from '../protocol/json.js';
import type { GetQuery, KeyList, KeysInput } from '../protocol/parameters.js';
import type { SessionInfo } from '../protocol/replies.js';
import {
  checkKeys,
  keySchemas,
  type SchemaOutput,
  type SessionSchema,
  type StandardSchema,
  schemaOf,
} from '../protocol/schema.js';
import { type CallContext, call } from './call.js';
import type { CallOptions } from './options.js';

/** Gets of a session: by key a value, by keys an object, typed by the session's schema or by that of the call. */
export interface SessionGet<Values> {
  <Schema extends StandardSchema>(
    query: { readonly key: string; readonly schema: Schema },
    options?: CallOptions,
  ): Observable<SchemaOutput<Schema> | undefined>;
  <Key extends keyof Values & string>(
    query: { readonly key: Key },
    options?: CallOptions,
  ): Observable<Values[Key] | undefined>;
  <Key extends keyof Values & string>(
    query: { readonly keys: readonly Key[] },
    options?: CallOptions,
  ): Observable<{ [Name in Key]?: Values[Name] }>;
}

/** The commands of one session. `Values`: what its keys hold, as they come back. `Input`: as they are set. */
export interface SessionCommands<Values = JsonObject, Input = KeysInput> {
  set(keys: Partial<Input>, options?: CallOptions): Observable<void>;
  add(keys: Partial<Input>, options?: CallOptions): Observable<void>;
  readonly get: SessionGet<Values>;
  rmv(keys: KeyList, options?: CallOptions): Observable<void>;
  contains(keys: KeyList, options?: CallOptions): Observable<string[]>;
  count(options?: CallOptions): Observable<number>;
  keys(options?: CallOptions): Observable<string[]>;
  clear(options?: CallOptions): Observable<number>;
  clear_set(keys: Partial<Input>, options?: CallOptions): Observable<number>;
  end(options?: CallOptions): Observable<void>;
  info(options?: CallOptions): Observable<SessionInfo>;
}

/** What a schema has to say about an argument before anything is sent. Throws what is wrong. */
type Check = (argument: never) => unknown;

/**
 * The commands of the session with this token, with a schema or without one. What is set is checked as it is given and
 * stored as it is given; what a schema makes of it (`transform`, `default`) is what comes back from a get.
 */
export function sessionCommands(context: CallContext, tkn: bigint, schema?: SessionSchema): SessionCommands {
  const schemas = schema === undefined ? undefined : keySchemas(schema);
  const bound = (name: keyof typeof commands, check?: Check) => {
    const invoke = (args: readonly unknown[]) => call(context, name, commands[name], [tkn, ...args]);
    return check === undefined
      ? (...args: unknown[]) => invoke(args)
      : (argument: unknown, ...rest: unknown[]) => defer(() => invoke([check(argument as never), ...rest])); // its row checks it
  };
  const values = (command: string): Check | undefined =>
    schemas &&
    ((keys: KeysInput) => {
      if (typeof keys === 'object' && keys !== null) checkKeys(schemas, keys, { command, direction: 'in' });
      return keys;
    });
  const query: Check | undefined = schemas && ((asked: GetQuery) => withSchema(asked, schemas, schema));
  // Each row of the table knows its arguments and its result; that they are those of the interface, the types test says.
  return {
    set: bound('sh_set', values('SH_SET')),
    add: bound('sh_add', values('SH_ADD')),
    get: bound('sh_get', query),
    rmv: bound('sh_rmv'),
    contains: bound('sh_contains'),
    count: bound('sh_count'),
    keys: bound('sh_keys'),
    clear: bound('sh_clear'),
    clear_set: bound('sh_clear_set', values('SH_CLEAR_SET')),
    end: bound('sh_end'),
    info: bound('sh_info'),
  } as SessionCommands;
}

/** A get with the session's schema, where it does not bring its own. */
function withSchema(asked: GetQuery, schemas: ReadonlyMap<string, StandardSchema>, schema?: SessionSchema): GetQuery {
  if (typeof asked !== 'object' || asked === null || asked.schema !== undefined) return asked;
  if ('key' in asked) return typeof asked.key === 'string' ? { ...asked, schema: schemaOf(schemas, asked.key) } : asked;
  if (!Array.isArray(asked.keys) || schema === undefined) return asked;
  for (const key of asked.keys) schemaOf(schemas, key);
  return { ...asked, schema };
}
