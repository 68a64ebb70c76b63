import type { JsonText } from '../json/wire.js';
import type { Entry, Place } from './entry.js';
import type { SessionEvents } from './events.js';
import type { Expiry } from './expiry.js';
import type { Later } from './later.js';
import type { SessionToken } from './tokens.js';

/** A session as `SH_INFO` describes it. */
export interface SessionInfo {
  readonly keyCount: number;
  /** Absent if the session never expires. `remaining` is in milliseconds, negative past the deadline. */
  readonly expires?: { readonly expiry: Expiry; readonly remaining: number };
}

/** A session as a dataset holds it. */
export interface SavedSession {
  readonly token: SessionToken;
  /** `undefined` if it never expires. */
  readonly expiry: Expiry | undefined;
  readonly entries: Iterable<Entry>;
}

/** What became of a write. `full`: it would exceed the store's memory, and nothing was written. */
export type Written = 'written' | 'no session' | 'full';

/** What `update` makes of a value. */
export interface Change<R> {
  /** The new value; absent to leave it as it is. */
  readonly value?: JsonText | undefined;
  /** What `update` gives back. */
  readonly result: R;
}

/** What became of an update. */
export type Updated<R> =
  | { readonly outcome: 'done'; readonly result: R }
  | { readonly outcome: 'no key' }
  | { readonly outcome: 'full' };

/** Items in batches, so that neither side needs memory for all of them. */
export type Batches<T> = Iterable<readonly T[]> | AsyncIterable<readonly T[]>;

/**
 * Thrown, or a promise rejected with it, if the store can't be reached. The command may or may not have taken effect. Its
 * client gets status 9000, `StoreUnavailable`.
 */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/**
 * Where keys and sessions are kept. The server calls nothing else: it holds no state of its own, and any number of servers
 * can share a store over a network.
 *
 * There are two contracts:
 * - **One place**, that is a session, or one key at the top level: each call is atomic and one round trip. Calls for a place
 *   take effect in the order in which they are made; the caller does not wait for one before it makes the next.
 * - **The whole store**: in batches, and consistent per shard. The caller waits for calls before it and makes no others
 *   meanwhile on behalf of the same client.
 *
 * Time is the store's own: several servers with clocks that differ agree on when a session expires.
 *
 * `by`, at the end of some methods, names the connection that asks, for the events that this causes.
 */
export interface Store {
  /** Makes ready, if it is not yet. Rejects if the store can't be used. Each server that uses a store opens it. */
  open(): Later<void>;
  /** Releases everything. Whoever made the store closes it, after the servers that use it. */
  close(): Later<void>;
  /** Whether commands can be executed now: `/healthz` answers 503 if not. */
  readonly isReady: boolean;
  /** Approximate bytes in use, if the store counts them. */
  readonly memoryUsed?: number;
  /** What happens to sessions. */
  readonly events: SessionEvents;
  /**
   * Sweeps now and then, `interval` milliseconds apart: ends sessions past their deadline, or clears their keys. Several
   * servers may do so at once; each session expires once. Returns its undo.
   */
  startExpiry(interval: number, onError: (cause: unknown) => void): () => void;

  // One place. `undefined` or 'no session': the place is a session that does not exist.

  /** Writes entries; with `keepExisting` only those whose key is absent. Moves the deadline if `extendOnSetAdd`. */
  set(place: Place, entries: readonly Entry[], keepExisting: boolean, by?: string): Later<Written>;
  /** The values of keys, in their order. Moves the deadline if `extendOnGet`. */
  get(place: Place, keys: readonly string[], by?: string): Later<readonly (JsonText | undefined)[] | undefined>;
  /** Removes keys. Absent keys are no error. */
  remove(place: Place, keys: readonly string[]): Later<true | undefined>;
  /** Which of the keys exist, in their order. */
  contains(place: Place, keys: readonly string[]): Later<readonly string[] | undefined>;
  /** How many keys a session has. */
  count(token: SessionToken): Later<number | undefined>;
  /** The keys of a session, sorted by name. */
  keys(token: SessionToken): Later<readonly string[] | undefined>;
  /** Removes all keys of a session and writes the entries given. Gives how many keys were removed. */
  clear(token: SessionToken, entries: readonly Entry[]): Later<number | 'full' | undefined>;
  /**
   * Changes the value of a top-level key. `change` is pure: a store over a network runs it again if another client was
   * faster. What it throws comes out of here, and nothing is changed.
   */
  update<R>(key: string, change: (value: JsonText) => Change<R>): Later<Updated<R>>;

  /** Starts a session, with entries if it is loaded. `exists`: the token is in use, and nothing was changed. */
  start(
    token: SessionToken,
    expiry: Expiry | undefined,
    entries: readonly Entry[],
  ): Later<'started' | 'exists' | 'full'>;
  /** Ends a session. `false`: there is none. */
  end(token: SessionToken, by?: string): Later<boolean>;
  /** What `SH_INFO` says about a session. */
  info(token: SessionToken): Later<SessionInfo | undefined>;
  /** Which of these sessions exist, in their order. */
  exist(tokens: readonly SessionToken[]): Later<readonly SessionToken[]>;

  // The whole store.

  /** How many keys there are at the top level. */
  countTopLevel(): Later<number>;
  /** The top-level keys. A store that can gives them in the order in which they were made. */
  topLevelKeys(): Batches<string>;
  /** Removes all top-level keys and writes the entries given. Gives how many keys were removed. */
  clearTopLevel(entries: readonly Entry[]): Later<number | 'full'>;
  /** Top-level entries: all, or those of the keys given, in their order, one for each mention. */
  scan(keys?: readonly string[]): Batches<Entry>;
  /** Sessions: all, or those of the tokens given. Each is consistent in itself. */
  scanSessions(tokens?: readonly SessionToken[]): Batches<SavedSession>;
  /** Writes the top-level entries of a dataset: all of them, or none if they are known not to fit. */
  load(entries: readonly Entry[]): Later<'loaded' | 'full'>;
  /** Ends all sessions. Gives how many there were. */
  endAll(by?: string): Later<number>;
  /** How many sessions there are, and how many keys in all of them. */
  totals(): Later<{ readonly sessions: number; readonly keys: number }>;
}
