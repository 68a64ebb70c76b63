import { command, query } from './command-row.js';
import type { JsonObject } from './json.js';
import { arrayAppend, dataset, findQuery, newSession, sessionsToSave, update } from './parameter-objects.js';
import { type GetQuery, getQuery, keyList, keysWithValues, someKeys, tokens } from './parameters.js';
import { mergeKeys, readFound, readServerInfo, readSessionInfo, reply, valueAt } from './replies.js';
import { checkKeys, checkValue, keySchemas } from './schema.js';

const concatenate = <Item>(results: readonly Item[][]) => results.flat();
const nothing = () => {};

/** The result of a get: a value for `key`, an object for `keys`; checked by the caller's schema if there is one. */
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

/** The nine commands that sessions and the top level share. Those of sessions are bound to a token. */
function keyCommands<const Bound extends boolean>(family: 'SH' | 'KV', bound: Bound) {
  return {
    set: command({
      command: `${family}_SET`,
      bound,
      parameter: keysWithValues,
      retry: 'never',
      extends: 'set',
      join: nothing,
    }),
    add: command({
      command: `${family}_ADD`,
      bound,
      parameter: keysWithValues,
      retry: 'never',
      extends: 'set',
      join: nothing,
    }),
    get: query({
      command: `${family}_GET`,
      bound,
      parameter: getQuery,
      retry: 'read',
      extends: 'get',
      reply: reply.values,
      result: ({ keys }, wanted) => readValues(`${family}_GET`, keys, wanted),
      // One key is never split, so these results are objects.
      join: (results) => mergeKeys(results as readonly JsonObject[]),
    }),
    rmv: command({ command: `${family}_RMV`, bound, parameter: someKeys, retry: 'never', join: nothing }),
    contains: query({
      command: `${family}_CONTAINS`,
      bound,
      parameter: keyList,
      retry: 'read',
      reply: reply.contains,
      result: ({ contains }) => contains,
      join: concatenate,
    }),
    count: query({ command: `${family}_COUNT`, bound, retry: 'read', reply: reply.counted, result: ({ cnt }) => cnt }),
    keys: query({ command: `${family}_KEYS`, bound, retry: 'read', reply: reply.keys, result: ({ keys }) => keys }),
    clear: query({ command: `${family}_CLEAR`, bound, retry: 'never', reply: reply.counted, result: ({ cnt }) => cnt }),
    clear_set: query({
      command: `${family}_CLEAR_SET`,
      bound,
      parameter: keysWithValues,
      retry: 'never',
      reply: reply.counted,
      result: ({ cnt }) => cnt,
    }),
  };
}

const sh = keyCommands('SH', true);
const kv = keyCommands('KV', false);

/**
 * Every command, by the name of its method. Every method returns a cold Observable that emits one result and completes.
 * Besides the errors named here, each may end in a `ValueError` (wrong arguments), a `TimeoutError`, a `ReplyLostError`,
 * a `ConnectionError`, a `QueueFullError` or a `ClosedError`.
 */
export const commands = {
  /**
   * Emits the server's version and whether it persists, which saves and loads need. NemesisDB: `SV_INFO`.
   */
  sv_info: query({
    command: 'SV_INFO',
    bound: false,
    retry: 'read',
    reply: reply.serverInfo,
    result: readServerInfo,
  }),

  /** Creates a session. The client's method of this name makes a `Session` of the token. NemesisDB: `SH_NEW`. */
  sh_create_session: query({
    command: 'SH_NEW',
    bound: false,
    parameter: newSession,
    retry: 'never',
    reply: reply.token,
    result: ({ tkn }) => BigInt(tkn),
  }),

  /**
   * Sets keys of a session and emits `undefined`. Existing keys are overwritten. NemesisDB: `SH_SET`.
   *
   * Extends the session if it was created with `extendOnSetAdd`; so does `{}`, which sets nothing. Keys that exceed
   * `maxPayload` go in several requests. Such a set is not atomic: `parts` of an error says how far it came.
   *
   * Errors: `ResponseError` with status 100 if the session does not exist (any more); `PayloadTooLargeError` if one key
   * with its value does not fit a request.
   *
   * @example
   * client.sh_set(tkn, { cart: ['apple'], visits: 1 }).subscribe();
   */
  sh_set: sh.set,

  /**
   * Adds keys to a session and emits `undefined`. Existing keys keep their values. NemesisDB: `SH_ADD`.
   *
   * Extends the session if it was created with `extendOnSetAdd`. Keys that exceed `maxPayload` go in several requests,
   * and the add is then not atomic.
   *
   * Errors: `ResponseError` with status 100 if the session does not exist; `PayloadTooLargeError` if one key with its
   * value does not fit a request.
   */
  sh_add: sh.add,

  /**
   * Emits the value of one key (`undefined` if it is absent), or an object of several keys (absent ones are left out).
   * NemesisDB: `SH_GET`.
   *
   * Extends the session if it was created with `extendOnGet`. A schema checks and types what comes back.
   *
   * Errors: `ResponseError` with status 100 if the session does not exist; `SchemaError` if a value does not match.
   *
   * @example
   * client.sh_get(tkn, { key: 'cart', schema: z.array(z.string()) }) // Observable<string[] | undefined>
   * client.sh_get(tkn, { keys: ['cart', 'user'] })                   // Observable<{ cart?: …, user?: … }>
   */
  sh_get: sh.get,

  /**
   * Removes keys from a session, at least one, and emits `undefined`. Absent keys are no error. NemesisDB: `SH_RMV`.
   *
   * Does not extend the session. Errors: `ResponseError` with status 100 if the session does not exist.
   */
  sh_rmv: sh.rmv,

  /**
   * Emits the number of keys of a session. NemesisDB: `SH_COUNT`.
   *
   * Does not extend the session. Errors: `ResponseError` with status 100 if the session does not exist.
   */
  sh_count: sh.count,

  /**
   * Emits those of the given keys that a session has, in the given order. NemesisDB: `SH_CONTAINS`.
   *
   * Does not extend the session. Errors: `ResponseError` with status 100 if the session does not exist.
   */
  sh_contains: sh.contains,

  /**
   * Emits the names of all keys of a session, in no particular order. NemesisDB: `SH_KEYS`.
   *
   * Does not extend the session. Errors: `ResponseError` with status 100 if the session does not exist.
   */
  sh_keys: sh.keys,

  /**
   * Removes all keys of a session and emits how many there were. NemesisDB: `SH_CLEAR`.
   *
   * Does not extend the session. Errors: `ResponseError` with status 100 if the session does not exist.
   */
  sh_clear: sh.clear,

  /**
   * Removes all keys of a session, sets these, and emits how many were removed. NemesisDB: `SH_CLEAR_SET`.
   *
   * Atomic, and so never split. Does not extend the session, even with `extendOnSetAdd`.
   *
   * Errors: `ResponseError` with status 100 if the session does not exist; `PayloadTooLargeError` if the keys do not fit
   * one request.
   */
  sh_clear_set: sh.clear_set,

  /**
   * Ends a session at once, whatever its settings, and emits `undefined`. Its keys are gone. NemesisDB: `SH_END`.
   *
   * Errors: `ResponseError` with status 100 if the session does not exist.
   */
  sh_end: command({ command: 'SH_END', bound: true, retry: 'never' }),

  /** Ends all sessions of the server, other clients' too, and emits how many there were. NemesisDB: `SH_END_ALL`. */
  sh_end_all: query({
    command: 'SH_END_ALL',
    bound: false,
    retry: 'never',
    reply: reply.counted,
    result: ({ cnt }) => cnt,
  }),

  /** Emits those of the given sessions that exist, in the given order. Extends none. NemesisDB: `SH_EXISTS`. */
  sh_session_exists: query({
    command: 'SH_EXISTS',
    bound: false,
    parameter: tokens,
    retry: 'read',
    reply: reply.existing,
    result: ({ exist }) => exist.map(BigInt),
    join: concatenate,
  }),

  /**
   * Emits how many keys a session has, and how it expires (in seconds). NemesisDB: `SH_INFO`.
   *
   * Does not extend the session. Errors: `ResponseError` with status 100 if the session does not exist.
   */
  sh_info: query({
    command: 'SH_INFO',
    bound: true,
    retry: 'read',
    reply: reply.sessionInfo,
    result: readSessionInfo,
  }),

  /** Emits how many sessions the server has, and how many keys they have together. NemesisDB: `SH_INFO_ALL`. */
  sh_info_all: query({
    command: 'SH_INFO_ALL',
    bound: false,
    retry: 'read',
    reply: reply.totals,
    result: ({ totalSessions, totalKeys }) => ({ totalSessions, totalKeys }),
  }),

  /**
   * Saves all sessions, or those of `tkns`, as a dataset. Emits its name and how long it took, in ms, once it is complete.
   * NemesisDB: `SH_SAVE`.
   *
   * Saving again under a name keeps the older dataset on disk. A NemesisDB uses the name as a path as it is: `../x`
   * writes outside its data folder.
   *
   * Errors: `ResponseError` if the server does not persist (14) or can't write (122, 123).
   */
  sh_save: query({
    command: 'SH_SAVE',
    bound: false,
    parameter: sessionsToSave,
    success: 121,
    retry: 'never',
    reply: reply.saved,
    result: ({ name, duration }) => ({ name, duration: Number(duration) }),
  }),

  /**
   * Loads the newest sessions that were saved under a name. Emits how many sessions and keys it loaded.
   * NemesisDB: `SH_LOAD`.
   *
   * Loaded sessions restart their duration. Sessions that exist stay as they are.
   *
   * Errors: `ResponseError` if the server does not persist (14) or has no complete dataset of sessions (142).
   */
  sh_load: query({
    command: 'SH_LOAD',
    bound: false,
    parameter: dataset,
    success: 141,
    retry: 'never',
    reply: reply.loadedSessions,
    result: ({ name, sessions, keys }) => ({ name, sessions, keys }),
  }),

  /**
   * Sets top-level keys and emits `undefined`. Existing keys are overwritten. NemesisDB: `KV_SET`.
   *
   * Keys that exceed `maxPayload` go in several requests. Such a set is not atomic: `parts` of an error says how far it
   * came. Errors: `PayloadTooLargeError` if one key with its value does not fit a request.
   *
   * @example
   * client.kv_set({ 'user:1': { name: 'Ada' }, counter: 2n ** 60n }).subscribe();
   */
  kv_set: kv.set,

  /**
   * Adds top-level keys and emits `undefined`. Existing keys keep their values. NemesisDB: `KV_ADD`.
   *
   * Keys that exceed `maxPayload` go in several requests, and the add is then not atomic. Errors: `PayloadTooLargeError`
   * if one key with its value does not fit a request.
   */
  kv_add: kv.add,

  /**
   * Emits the value of one top-level key (`undefined` if it is absent), or an object of several keys (absent ones are left
   * out). NemesisDB: `KV_GET`. A schema checks and types what comes back. Errors: `SchemaError` if a value does not match.
   *
   * @example
   * client.kv_get({ key: 'user:1' })                // Observable<JsonValue | undefined>
   * client.kv_get({ keys: ['user:1', 'counter'] })  // Observable<JsonObject>
   */
  kv_get: kv.get,

  /** Removes top-level keys, at least one, and emits `undefined`. Absent keys are no error. NemesisDB: `KV_RMV`. */
  kv_rmv: kv.rmv,

  /** Emits the number of top-level keys. NemesisDB: `KV_COUNT`. */
  kv_count: kv.count,

  /** Emits those of the given keys that exist at the top level, in the given order. NemesisDB: `KV_CONTAINS`. */
  kv_contains: kv.contains,

  /** Emits the names of all top-level keys, in no particular order. NemesisDB: `KV_KEYS`. */
  kv_keys: kv.keys,

  /** Removes all top-level keys and emits how many there were. NemesisDB: `KV_CLEAR`. */
  kv_clear: kv.clear,

  /**
   * Removes all top-level keys, sets these, and emits how many were removed. NemesisDB: `KV_CLEAR_SET`.
   *
   * Atomic, and so never split. Errors: `PayloadTooLargeError` if the keys do not fit one request.
   */
  kv_clear_set: kv.clear_set,

  /**
   * Finds values by a JSONPath that is evaluated against the value of each top-level key. `rsp` selects what is emitted:
   * `'keys'`, `'paths'` (inside the values), or `'kv'` (the keys with their whole values). NemesisDB: `KV_FIND`.
   *
   * Paths are in the dialect of jsoncons, not RFC 9535; see "Paths" in `docs/PROTOCOL.md`. A NemesisDB **aborts and loses
   * all sessions** if a path compares a stored integer of more than 64 bits with a string or boolean.
   *
   * Errors: `ResponseError` with status 4 if the server can't read the path.
   *
   * @example
   * client.kv_find({ path: '$[?(@.age > 20)]', rsp: 'keys' }) // Observable<string[]>
   */
  kv_find: query({
    command: 'KV_FIND',
    bound: false,
    parameter: findQuery,
    retry: 'read',
    reply: reply.found,
    result: (found, { rsp }): string[] | JsonObject => readFound(found, rsp),
  }),

  /**
   * Sets all places of a key's value that match a JSONPath to a new value, and emits how many there were.
   * NemesisDB: `KV_UPDATE`.
   *
   * Paths are in the dialect of jsoncons, not RFC 9535; see "Paths" in `docs/PROTOCOL.md`. Errors: `ResponseError` if the key does not exist (22) or the path can't be read (4).
   */
  kv_update: query({
    command: 'KV_UPDATE',
    bound: false,
    parameter: update,
    retry: 'never',
    reply: reply.counted,
    result: ({ cnt }) => cnt,
  }),

  /**
   * Appends items to the array that a key holds, or to the array in the member `name` of its value. Emits `undefined`.
   * NemesisDB: `KV_ARR_APPEND`.
   *
   * Errors: `ResponseError` if the key does not exist (22) or holds no array there (41).
   */
  kv_arr_append: command({ command: 'KV_ARR_APPEND', bound: false, parameter: arrayAppend, retry: 'never' }),

  /**
   * Saves the top-level keys as a dataset. Emits its name and how long it took, in ms, once it is complete.
   * NemesisDB: `KV_SAVE`.
   *
   * A NemesisDB does not escape the names of keys: one with `"`, `\` or a control character **makes the whole dataset
   * unloadable**. It uses the dataset's name as a path as it is: `../x` writes outside its data folder. rx-nemesisdb's
   * own server does neither.
   *
   * Errors: `ResponseError` if the server does not persist (14) or can't write (122, 123).
   */
  kv_save: query({
    command: 'KV_SAVE',
    bound: false,
    parameter: dataset,
    success: 121,
    retry: 'never',
    reply: reply.saved,
    result: ({ name, duration }) => ({ name, duration: Number(duration) }),
  }),

  /**
   * Loads the newest keys that were saved under a name. Emits how many it loaded and how long it took, in ms.
   * NemesisDB: `KV_LOAD`.
   *
   * Loaded keys overwrite existing ones; other keys stay.
   *
   * Errors: `ResponseError` if the server does not persist (14), has no complete dataset of keys (142), or the dataset is
   * empty (140).
   */
  kv_load: query({
    command: 'KV_LOAD',
    bound: false,
    parameter: dataset,
    success: 141,
    retry: 'never',
    reply: reply.loadedKeys,
    result: ({ name, keys, sessions, duration }) => ({ name, keys, sessions, duration: Number(duration) }),
  }),
};
