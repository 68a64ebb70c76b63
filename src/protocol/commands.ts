import { command, query } from './command-row.js';
import type { JsonObject } from './json.js';
import { arrayAppend, dataset, findQuery, newSession, sessionsToSave, update } from './parameter-objects.js';
import { type GetQuery, getQuery, keyList, keysOf, keysWithValues, someKeys, tokens, tokensOf } from './parameters.js';
import { repeatsKeys, repeatsName, repeatsToken, repeatsTokens } from './repeats.js';
import { mergeKeys, readFound, readSessionInfo, reply, valueAt } from './replies.js';
import { checkKeys, checkValue, keySchemas } from './schema.js';

const concatenate = <Item>(parts: readonly Item[][]) => parts.flat();
const nothing = () => {};

/** What a get gives: one value for `key`, an object for `keys`; through the caller's schemas where there are any. */
function readValues(name: string, keys: JsonObject, wanted: GetQuery): unknown {
  const at = { command: name, direction: 'out' } as const;
  if ('key' in wanted && wanted.key !== undefined) {
    const value = valueAt(keys, wanted.key);
    if (wanted.schema === undefined || value === undefined) return value;
    return checkValue(wanted.schema, value, { ...at, key: wanted.key });
  }
  const schemas = wanted.schema === undefined ? undefined : keySchemas(wanted.schema);
  return schemas === undefined ? keys : checkKeys(schemas, keys, at);
}

/** The nine commands that sessions and the top level share; those of sessions are bound to a token. */
function keyCommands<const Bound extends boolean>(family: 'SH' | 'KV', bound: Bound) {
  return {
    set: command({
      command: `${family}_SET`,
      bound,
      parameter: keysWithValues,
      retry: 'safe',
      changesKeys: true,
      extends: 'set',
      join: nothing,
    }),
    add: command({
      command: `${family}_ADD`,
      bound,
      parameter: keysWithValues,
      retry: 'safe',
      changesKeys: true,
      extends: 'set',
      join: nothing,
    }),
    get: query({
      command: `${family}_GET`,
      bound,
      parameter: getQuery,
      retry: 'read',
      repeats: ({ keys }, wanted) => repeatsKeys(keys, keysOf(wanted)),
      extends: 'get',
      reply: reply.values,
      result: ({ keys }, wanted) => readValues(`${family}_GET`, keys, wanted),
      // Only gets of `keys` are cut, and those give objects.
      join: (parts) => (parts as readonly JsonObject[]).reduce(mergeKeys),
    }),
    rmv: command({
      command: `${family}_RMV`,
      bound,
      parameter: someKeys,
      retry: 'safe',
      changesKeys: true,
      join: nothing,
    }),
    contains: query({
      command: `${family}_CONTAINS`,
      bound,
      parameter: keyList,
      retry: 'read',
      repeats: ({ contains }, wanted) => repeatsKeys(contains, keysOf(wanted)),
      reply: reply.contains,
      result: ({ contains }) => contains,
      join: concatenate,
    }),
    count: query({ command: `${family}_COUNT`, bound, retry: 'read', reply: reply.counted, result: ({ cnt }) => cnt }),
    keys: query({ command: `${family}_KEYS`, bound, retry: 'read', reply: reply.keys, result: ({ keys }) => keys }),
    clear: query({
      command: `${family}_CLEAR`,
      bound,
      retry: 'never',
      changesKeys: true,
      reply: reply.counted,
      result: ({ cnt }) => cnt,
    }),
    clear_set: query({
      command: `${family}_CLEAR_SET`,
      bound,
      parameter: keysWithValues,
      retry: 'never',
      changesKeys: true,
      reply: reply.counted,
      result: ({ cnt }) => cnt,
    }),
  };
}

const sh = keyCommands('SH', true);
const kv = keyCommands('KV', false);

/** Every command, by the name of its method. */
export const commands = {
  /** What the server says of itself: its version, and whether it can save and load. `SV_INFO`. */
  sv_info: query({
    command: 'SV_INFO',
    bound: false,
    retry: 'read',
    reply: reply.serverInfo,
    result: (info) => info,
  }),

  /** Creates a session and gives its token, of which the client's method makes a `Session`. `SH_NEW`. */
  sh_create_session: query({
    command: 'SH_NEW',
    bound: false,
    parameter: newSession,
    retry: 'never',
    reply: reply.token,
    result: ({ tkn }) => BigInt(tkn),
  }),

  /**
   * Sets keys of a session; existing ones are overwritten. `SH_SET`. Extends the session where it was created with
   * `extendOnSetAdd`; `{}` sets nothing and extends all the same. Keys over `maxPayload` go in several requests, and such a set is not
   * atomic: `parts` of the error tells how far it came. Status 100 (`ResponseError`): there is no such session any more.
   */
  sh_set: sh.set,

  /** Adds keys to a session; existing ones keep their values. `SH_ADD`. Otherwise as `sh_set`. */
  sh_add: sh.add,

  /**
   * Gets the value of one key (`undefined` where it is absent), or an object of several (absent ones are left out). `SH_GET`. Extends the
   * session where it was created with `extendOnGet`. With a schema, what comes back is checked and typed; a mismatch is a
   * `SchemaError`.
   *
   * @example
   * client.sh_get(tkn, { key: 'cart', schema: z.array(z.string()) }) // Observable<string[] | undefined>
   * client.sh_get(tkn, { keys: ['cart', 'user'] })                   // Observable<{ cart?: …, user?: … }>
   */
  sh_get: sh.get,

  /** Removes keys from a session; absent ones are no error. At least one. `SH_RMV`. Does not extend the session. */
  sh_rmv: sh.rmv,

  /** Counts the keys of a session. `SH_COUNT`. Does not extend it. */
  sh_count: sh.count,

  /** Tells which of these keys a session has, in the order asked. `SH_CONTAINS`. Does not extend it. */
  sh_contains: sh.contains,

  /** Lists the keys of a session, in no particular order. `SH_KEYS`. Does not extend it. */
  sh_keys: sh.keys,

  /** Removes all keys of a session and tells how many there were. `SH_CLEAR`. Does not extend it. */
  sh_clear: sh.clear,

  /**
   * Removes all keys of a session, sets these, and tells how many were removed; at once, so it is never cut in parts.
   * `SH_CLEAR_SET`. Does not extend it, even with `extendOnSetAdd`.
   */
  sh_clear_set: sh.clear_set,

  /** Ends a session and its keys at once, whatever its settings. `SH_END`. */
  sh_end: command({
    command: 'SH_END',
    bound: true,
    retry: 'never',
    changesKeys: true,
    repeats: (body, _, tkn) => repeatsToken(body.tkn, tkn),
  }),

  /** Ends all sessions of the server, everybody's, and tells how many there were. `SH_END_ALL`. */
  sh_end_all: query({
    command: 'SH_END_ALL',
    bound: false,
    retry: 'never',
    reply: reply.counted,
    result: ({ cnt }) => cnt,
  }),

  /** Tells which of these sessions exist, in the order asked. `SH_EXISTS`. Extends none. */
  sh_session_exists: query({
    command: 'SH_EXISTS',
    bound: false,
    parameter: tokens,
    retry: 'read',
    repeats: ({ exist }, tkns) => repeatsTokens(exist, tokensOf(tkns)),
    reply: reply.existing,
    result: ({ exist }) => exist.map(BigInt),
    join: concatenate,
  }),

  /** How many keys a session has, whether it expires and when. `SH_INFO`. Does not extend it. */
  sh_info: query({
    command: 'SH_INFO',
    bound: true,
    retry: 'read',
    repeats: (body, _, tkn) => repeatsToken(body.tkn, tkn),
    reply: reply.sessionInfo,
    result: readSessionInfo,
  }),

  /** How many sessions the server has, and keys in them. `SH_INFO_ALL`. */
  sh_info_all: query({
    command: 'SH_INFO_ALL',
    bound: false,
    retry: 'read',
    reply: reply.totals,
    result: (totals) => totals,
  }),

  /** Saves sessions, all or those of `tkns`, as a dataset. `SH_SAVE`. Emits once it is complete. `duration` is in ms. */
  sh_save: query({
    command: 'SH_SAVE',
    bound: false,
    parameter: sessionsToSave,
    success: 121,
    retry: 'never',
    repeats: (body, wanted) => repeatsName(body.name, wanted),
    reply: reply.saved,
    result: ({ name, duration }) => ({ name, duration: Number(duration) }),
  }),

  /** Loads a dataset's newest sessions; those alive stay as they are, the others begin their duration. `SH_LOAD`. */
  sh_load: query({
    command: 'SH_LOAD',
    bound: false,
    parameter: dataset,
    success: 141,
    retry: 'never',
    repeats: (body, wanted) => repeatsName(body.name, wanted),
    reply: reply.loadedSessions,
    result: (loaded) => loaded,
  }),

  /** Sets top-level keys; existing ones are overwritten. `KV_SET`. Keys over `maxPayload` go in several requests: not atomic. */
  kv_set: kv.set,

  /** Adds top-level keys; existing ones keep their values. `KV_ADD`. Otherwise as `kv_set`. */
  kv_add: kv.add,

  /** Gets the value of one top-level key (`undefined` where it is absent), or an object of several. `KV_GET`. As `sh_get`. */
  kv_get: kv.get,

  /** Removes top-level keys; absent ones are no error. At least one. `KV_RMV`. */
  kv_rmv: kv.rmv,

  /** Counts the top-level keys. `KV_COUNT`. */
  kv_count: kv.count,

  /** Tells which of these top-level keys exist, in the order asked. `KV_CONTAINS`. */
  kv_contains: kv.contains,

  /** Lists the top-level keys, in no particular order. `KV_KEYS`. */
  kv_keys: kv.keys,

  /** Removes all top-level keys and tells how many there were. `KV_CLEAR`. */
  kv_clear: kv.clear,

  /** Removes all top-level keys, sets these, and tells how many were removed; at once, so it is never cut in parts. `KV_CLEAR_SET`. */
  kv_clear_set: kv.clear_set,

  /**
   * Finds values by a JSONPath that runs against each top-level key's value. `KV_FIND`. `rsp` chooses the answer: `'keys'`, `'paths'`
   * (inside the values), or `'kv'` (keys with their whole values). Paths are in the dialect of jsoncons, not RFC 9535; what only
   * one of NemesisDB and the embedded server takes stands in `docs/PROTOCOL.md`, "Paths".
   *
   * @example
   * client.kv_find({ path: '$[?(@.age > 20)]', rsp: 'keys' }) // Observable<string[]>
   */
  kv_find: query({
    command: 'KV_FIND',
    bound: false,
    parameter: findQuery,
    retry: 'read',
    // Of paths nothing tells whose they are; no keys are all of them.
    repeats: (body, { keys = [] }) => keys.length === 0 || repeatsKeys(body.keys, keys),
    reply: reply.found,
    result: (found, { rsp }): string[] | JsonObject => readFound(found, rsp),
  }),

  /**
   * Gives the places of a key's value that match a JSONPath a new value, and emits how many there were. `KV_UPDATE`. For the
   * dialect of paths see `kv_find`.
   */
  kv_update: query({
    command: 'KV_UPDATE',
    bound: false,
    parameter: update,
    retry: 'never',
    changesKeys: true,
    reply: reply.counted,
    result: ({ cnt }) => cnt,
  }),

  /** Appends items to the array that a key holds, or to the one in its value's member `name`. `KV_ARR_APPEND`. */
  kv_arr_append: command({
    command: 'KV_ARR_APPEND',
    bound: false,
    parameter: arrayAppend,
    retry: 'never',
    changesKeys: true,
  }),

  /** Saves the top-level keys as a dataset. `KV_SAVE`. Emits once it is complete. `duration` is in ms. */
  kv_save: query({
    command: 'KV_SAVE',
    bound: false,
    parameter: dataset,
    success: 121,
    retry: 'never',
    repeats: (body, wanted) => repeatsName(body.name, wanted),
    reply: reply.saved,
    result: ({ name, duration }) => ({ name, duration: Number(duration) }),
  }),

  /** Loads a dataset's newest keys: they overwrite, others stay. `KV_LOAD`. `duration` is in ms. */
  kv_load: query({
    command: 'KV_LOAD',
    bound: false,
    parameter: dataset,
    success: 141,
    retry: 'never',
    changesKeys: true,
    repeats: (body, wanted) => repeatsName(body.name, wanted),
    reply: reply.loadedKeys,
    result: ({ duration, ...loaded }) => ({ ...loaded, duration: Number(duration) }),
  }),
};
