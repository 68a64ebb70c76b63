import type { Observable } from 'rxjs';
import type { CommandRow } from '../protocol/command-row.js';
import { commands } from '../protocol/commands.js';
import type { JsonInput, JsonObject, JsonValue, Sendable } from '../protocol/json.js';
import type { ArrayAppendInput, FindQuery, UpdateInput } from '../protocol/parameter-objects.js';
import type { KeysInput, SendableKeys, TokenInput } from '../protocol/parameters.js';
import type { SchemaOutput, SessionOutput, SessionSchema, StandardSchema } from '../protocol/schema.js';
import { type CallContext, call } from './call.js';
import type { CallOptions } from './options.js';

type Commands = typeof commands;

/** The first argument of commands that are bound to a session. */
type BoundTo<Bound extends boolean> = Bound extends true ? [tkn: TokenInput] : [];

/** The method of a command, derived from its row. */
type Method<Row> =
  Row extends CommandRow<infer Bound, infer Args, infer Result>
    ? (...args: [...BoundTo<Bound>, ...Args, options?: CallOptions]) => Observable<Result>
    : never;

/**
 * Gets: the result depends on how the keys are named, and on the schema. The plain `key` comes last, as TypeScript
 * compares a mistyped query with the last overload.
 */
export interface Get<Bound extends [tkn: TokenInput] | []> {
  /**
   * Emits an object of these keys, with the values that the schema makes of them. Absent keys are left out. `SH_GET` for a
   * session, `KV_GET` at the top level. Errors: `SchemaError` if a value does not match; `ResponseError` with status 100
   * if the session does not exist.
   */
  <const Schema extends SessionSchema>(
    ...args: [...Bound, query: { readonly keys: readonly string[]; readonly schema: Schema }, options?: CallOptions]
  ): Observable<Partial<SessionOutput<Schema>>>;
  /**
   * Emits an object of these keys and their values. Absent keys are left out. `SH_GET` for a session, `KV_GET` at the top
   * level. Extends a session that was created with `extendOnGet`. Errors: `ResponseError` with status 100 if the session
   * does not exist.
   */
  (...args: [...Bound, query: { readonly keys: readonly string[] }, options?: CallOptions]): Observable<JsonObject>;
  /**
   * Emits what the schema makes of the value of a key, or `undefined` if the key is absent. `SH_GET` for a session,
   * `KV_GET` at the top level. Errors: `SchemaError` if the value does not match; `ResponseError` with status 100 if the
   * session does not exist.
   */
  <Schema extends StandardSchema>(
    ...args: [...Bound, query: { readonly key: string; readonly schema: Schema }, options?: CallOptions]
  ): Observable<SchemaOutput<Schema> | undefined>;
  /**
   * Emits the value of a key, or `undefined` if it is absent. `SH_GET` for a session, `KV_GET` at the top level. Extends a
   * session that was created with `extendOnGet`. Errors: `ResponseError` with status 100 if the session does not exist.
   */
  (...args: [...Bound, query: { readonly key: string }, options?: CallOptions]): Observable<JsonValue | undefined>;
}

/** Finds: the result is what `rsp` asks for. */
type Find = <Wanted extends FindQuery['rsp']>(
  query: FindQuery & { readonly rsp: Wanted },
  options?: CallOptions,
) => Observable<Wanted extends 'kv' ? JsonObject : string[]>;

/** Writes keys. Their values may have an `interface` for a type. */
type Write<Bound extends [tkn: TokenInput] | [], Result> = <Keys extends object>(
  ...args: [...Bound, keys: KeysInput | SendableKeys<Keys>, options?: CallOptions]
) => Observable<Result>;

/** Writes a value, which may have an `interface` for a type. */
type Update = <Value>(
  update: Omit<UpdateInput, 'value'> & { readonly value: JsonInput | (Value & Sendable<Value>) },
  options?: CallOptions,
) => Observable<number>;

/** Writes items, which may have an `interface` for a type. */
type Append = <Items extends readonly unknown[]>(
  append: Omit<ArrayAppendInput, 'items'> & { readonly items: readonly JsonInput[] | (Items & Sendable<Items>) },
  options?: CallOptions,
) => Observable<void>;

/** Methods whose types depend on their arguments, which a row can't express. */
interface GenericMethods {
  sh_set: Write<[tkn: TokenInput], void>;
  sh_add: Write<[tkn: TokenInput], void>;
  sh_clear_set: Write<[tkn: TokenInput], number>;
  kv_set: Write<[], void>;
  kv_add: Write<[], void>;
  kv_clear_set: Write<[], number>;
  kv_update: Update;
  kv_arr_append: Append;
  sh_get: Get<[tkn: TokenInput]>;
  kv_get: Get<[]>;
  kv_find: Find;
}

/** The command whose method `ClientCore` has itself: it emits a `Session`. */
type OwnMethod = 'sh_create_session';

/**
 * A method for each command, under the name that NemesisDB's own clients give it. Each returns a cold Observable: nothing
 * is sent until it is subscribed to, each subscription sends once, and gets one value or one error. Nothing throws: wrong
 * arguments are a `ValueError` in the Observable. The last argument, always optional, is `{ timeout, retry }`.
 */
export type CommandMethods = {
  [Name in keyof Commands as Exclude<Name, OwnMethod>]: Name extends keyof GenericMethods
    ? GenericMethods[Name]
    : Method<Commands[Name]>;
};

/** The commands of sessions under the names that NemesisDB's examples also use, without `sh_`. */
export interface Aliases {
  /** The same as `sh_set`: sets keys of a session, and emits `undefined`. NemesisDB: `SH_SET`. */
  set: CommandMethods['sh_set'];
  /** The same as `sh_add`: adds keys to a session, existing ones keep their values; emits `undefined`. NemesisDB: `SH_ADD`. */
  add: CommandMethods['sh_add'];
  /** The same as `sh_get`: emits the value of one key, or an object of several. NemesisDB: `SH_GET`. */
  get: CommandMethods['sh_get'];
  /** The same as `sh_rmv`: removes keys from a session, and emits `undefined`. NemesisDB: `SH_RMV`. */
  rmv: CommandMethods['sh_rmv'];
  /** The same as `sh_count`: emits the number of keys of a session. NemesisDB: `SH_COUNT`. */
  count: CommandMethods['sh_count'];
  /** The same as `sh_contains`: emits those of the given keys that a session has. NemesisDB: `SH_CONTAINS`. */
  contains: CommandMethods['sh_contains'];
  /** The same as `sh_keys`: emits the names of all keys of a session. NemesisDB: `SH_KEYS`. */
  keys: CommandMethods['sh_keys'];
  /** The same as `sh_clear`: removes all keys of a session, and emits how many there were. NemesisDB: `SH_CLEAR`. */
  clear: CommandMethods['sh_clear'];
  /** The same as `sh_clear_set`: replaces all keys of a session, and emits how many were removed. NemesisDB: `SH_CLEAR_SET`. */
  clear_set: CommandMethods['sh_clear_set'];
  /** The same as `sh_end`: ends a session at once, and emits `undefined`. NemesisDB: `SH_END`. */
  end: CommandMethods['sh_end'];
  /** The same as `sh_end_all`: ends **all** sessions of the server, and emits how many there were. NemesisDB: `SH_END_ALL`. */
  end_all: CommandMethods['sh_end_all'];
  /** The same as `sh_session_exists`: emits those of the given sessions that exist. NemesisDB: `SH_EXISTS`. */
  session_exists: CommandMethods['sh_session_exists'];
  /** The same as `sh_info`: emits how many keys a session has, and how it expires (in seconds). NemesisDB: `SH_INFO`. */
  info: CommandMethods['sh_info'];
  /** The same as `sh_info_all`: emits how many sessions and keys the server has. NemesisDB: `SH_INFO_ALL`. */
  info_all: CommandMethods['sh_info_all'];
  /** The same as `sh_save`: saves sessions as a dataset, and emits its name and the time in ms. NemesisDB: `SH_SAVE`. */
  save: CommandMethods['sh_save'];
  /** The same as `sh_load`: loads saved sessions, and emits how many. NemesisDB: `SH_LOAD`. */
  load: CommandMethods['sh_load'];
}

/** Has a method for each command, made from the command's row. */
export abstract class Caller {
  protected abstract readonly context: CallContext;
}

const ownMethod: OwnMethod = 'sh_create_session';

for (const [name, row] of Object.entries(commands)) {
  if (name === ownMethod) continue;
  const method = {
    [name](this: Caller, ...args: unknown[]) {
      return call(this.context, name, row, args);
    },
  }[name];
  define(name, method);
  if (name.startsWith('sh_')) define(name.slice('sh_'.length), method);
}

function define(name: string, value: unknown): void {
  Object.defineProperty(Caller.prototype, name, { value, writable: true, configurable: true });
}
