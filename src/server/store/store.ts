import type { JsonText } from '../json/value-text.js';
import type { SessionToken } from './tokens.js';

/** What a store gives: at once where it can (memory: no promise per command), or later. */
export type Later<T> = T | Promise<T>;

/** Goes on with a value, at once where it is there. */
export function andThen<T, R>(value: Later<T>, next: (value: T) => Later<R>): Later<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Where keys live: in a session, or (`undefined`) at the top level. */
export type Place = SessionToken | undefined;

/** A key and its value. */
export type Entry = readonly [key: string, value: JsonText];

/** How a session expires. */
export interface Expiry {
  /** Seconds, not 0. A `bigint` where a double can't hold it. */
  readonly duration: number | bigint;
  /** Whether the session ends with its keys. Otherwise these alone go, and its duration begins anew. */
  readonly deleteSession: boolean;
  /** Whether `SH_SET` and `SH_ADD` move its deadline. */
  readonly extendOnSetAdd: boolean;
  /** Whether `SH_GET` moves its deadline. */
  readonly extendOnGet: boolean;
}

/** A session as `SH_INFO` tells it. */
export interface SessionInfo {
  /** How many keys it has. */
  readonly keyCount: number;
  /** How, and in how many milliseconds from now, negative past its deadline. Absent: it never expires. */
  readonly expires?: { readonly expiry: Expiry; readonly remaining: number };
}

/** A session as a dataset holds it. */
export interface SavedSession {
  /** Its token. */
  readonly token: SessionToken;
  /** `undefined` where it never expires. */
  readonly expiry: Expiry | undefined;
  /** Its keys, with their values. */
  readonly entries: Iterable<Entry>;
}

/** What became of a write: done, no such session, or refused as the store is full (nothing was written). */
export type Written = 'written' | 'no session' | 'full';

/**
 * All that the server's commands ask of the place where keys and sessions are kept. Each method is one round trip, and
 * atomic: a store over a network does what a command needs in one step (look the session up, extend it, write). Where a
 * `place` is a session that does not exist, a method says so: `undefined`, or `'no session'`.
 */
export interface Store {
  /** Writes keys; with `keepExisting` only those that are not there. Extends a session that is extended by it. */
  set(place: Place, entries: readonly Entry[], keepExisting: boolean): Later<Written>;
  /** The values of keys, in their order. Extends a session that is extended by it. */
  get(place: Place, keys: readonly string[]): Later<readonly (JsonText | undefined)[] | undefined>;
  /** Removes keys; absent ones are no error. */
  remove(place: Place, keys: readonly string[]): Later<true | undefined>;
  /** Which of the keys exist, in their order. */
  contains(place: Place, keys: readonly string[]): Later<readonly string[] | undefined>;
  /** How many keys there are. */
  count(place: Place): Later<number | undefined>;
  /** The keys, in any order. */
  keys(place: Place): Later<readonly string[] | undefined>;
  /** Removes all keys and writes those given. Gives the number removed. */
  clear(place: Place, entries: readonly Entry[]): Later<number | 'full' | undefined>;

  /**
   * Writes top-level keys, as many as a dataset has: all of them, or none where they do not fit. May take its time, and
   * show some of them before others.
   */
  setAll(entries: readonly Entry[]): Later<'written' | 'full'>;
  /** Top-level entries: those of the keys given that exist, one for each mention, or all. */
  entries(keys: readonly string[] | undefined): Later<Iterable<Entry>>;
  /**
   * Changes a top-level key's value as one step. False: no such key. What `change` throws comes out of here. A store that is
   * bounded tells it by how many bytes the value may grow; it gives `undefined`, and nothing changes, where that can't do.
   */
  alter(key: string, change: (value: JsonText, room?: number) => JsonText | undefined): Later<boolean | 'full'>;

  /** Starts a session, with keys where it is loaded. `exists`: the token is alive, and nothing was changed. */
  start(
    token: SessionToken,
    expiry: Expiry | undefined,
    entries: readonly Entry[],
  ): Later<'started' | 'exists' | 'full'>;
  /** Ends a session. False: there is none. */
  end(token: SessionToken): Later<boolean>;
  /** Ends all sessions, and gives their number. */
  endAll(): Later<number>;
  /** Which of these sessions exist, in their order. */
  exist(tokens: readonly SessionToken[]): Later<readonly SessionToken[]>;
  /** What `SH_INFO` tells of a session. */
  info(token: SessionToken): Later<SessionInfo | undefined>;
  /** How many sessions there are, and how many keys in all of them. */
  totals(): Later<{ readonly sessions: number; readonly keys: number }>;
  /** Looks for expired sessions, as of `now` (the store's clock). True: it stopped to let others work; call it again. */
  sweep(now: number): Later<boolean>;

  /** The top-level keys of this moment, in batches; writes in the meantime do not show. One snapshot at a time. */
  snapshotKeys(): AsyncIterable<readonly Entry[]> | Iterable<readonly Entry[]>;
  /** The sessions of this moment, all or those of the tokens given, in batches. One snapshot at a time. */
  snapshotSessions(
    tokens?: readonly SessionToken[],
  ): AsyncIterable<readonly SavedSession[]> | Iterable<readonly SavedSession[]>;

  /** Approximate bytes in use, where the store counts them. */
  readonly memoryUsed?: number;
}
