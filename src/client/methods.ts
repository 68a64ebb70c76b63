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

/** What names the session in the methods of commands that are bound to one. */
type BoundTo<Bound extends boolean> = Bound extends true ? [tkn: TokenInput] : [];

/** The method of a command, as its row says it. */
type Method<Row> =
  Row extends CommandRow<infer Bound, infer Args, infer Result>
    ? (...args: [...BoundTo<Bound>, ...Args, options?: CallOptions]) => Observable<Result>
    : never;

/** Gets: what comes back depends on how the keys are named, and on the schema. */
interface Get<Bound extends [tkn: TokenInput] | []> {
  <Schema extends StandardSchema>(
    ...args: [...Bound, query: { readonly key: string; readonly schema: Schema }, options?: CallOptions]
  ): Observable<SchemaOutput<Schema> | undefined>;
  (...args: [...Bound, query: { readonly key: string }, options?: CallOptions]): Observable<JsonValue | undefined>;
  <const Schema extends SessionSchema>(
    ...args: [...Bound, query: { readonly keys: readonly string[]; readonly schema: Schema }, options?: CallOptions]
  ): Observable<Partial<SessionOutput<Schema>>>;
  (...args: [...Bound, query: { readonly keys: readonly string[] }, options?: CallOptions]): Observable<JsonObject>;
}

/** Finds: the answer is what `rsp` asks for. */
type Find = <Wanted extends FindQuery['rsp']>(
  query: FindQuery & { readonly rsp: Wanted },
  options?: CallOptions,
) => Observable<Wanted extends 'kv' ? JsonObject : string[]>;

/** Writes keys: what has an `interface` for its type, too. */
type Write<Bound extends [tkn: TokenInput] | [], Result> = <Keys extends object>(
  ...args: [...Bound, keys: KeysInput | SendableKeys<Keys>, options?: CallOptions]
) => Observable<Result>;

/** Writes values, as above. */
type Update = <Value>(
  update: Omit<UpdateInput, 'value'> & { readonly value: JsonInput | (Value & Sendable<Value>) },
  options?: CallOptions,
) => Observable<number>;
type Append = <Items extends readonly unknown[]>(
  append: Omit<ArrayAppendInput, 'items'> & { readonly items: readonly JsonInput[] | (Items & Sendable<Items>) },
  options?: CallOptions,
) => Observable<void>;

/** Methods that depend on the types of their arguments: their rows can't say so. */
interface Dependent {
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

/** Commands with a method of their own: what comes back becomes a session. */
type OwnMethod = 'sh_create_session';

/**
 * A method for each command, under the name that NemesisDB's own clients give it. Each gives a cold Observable: nothing is
 * sent until it is subscribed to, each subscription sends once, and emits one value or one error. Nothing throws: wrong
 * arguments are a `ValueError` in the Observable too. The last argument, always optional, is `{ timeout, retry }`.
 */
export type CommandMethods = {
  [Name in keyof Commands as Exclude<Name, OwnMethod>]: Name extends keyof Dependent
    ? Dependent[Name]
    : Method<Commands[Name]>;
};

/** A session command without its prefix: `set` for `sh_set`. */
type Unprefixed<Name> = Name extends `sh_${infer Rest}` ? Rest : never;

/** The session commands under the names that NemesisDB's examples use as well: `client.set(tkn, …)` is `client.sh_set(tkn, …)`. */
export type Aliases = {
  [Name in keyof CommandMethods as Unprefixed<Name>]: CommandMethods[Name];
};

/** Whatever calls commands: each method is made from the row of its command. */
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
