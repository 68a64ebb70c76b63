import { ValueError } from '../../../errors.js';
import type { Entry, Place } from '../entry.js';
import type { SessionEvents } from '../events.js';
import type { Expiry } from '../expiry.js';
import {
  type Batches,
  type Change,
  type SavedSession,
  type SessionInfo,
  type Store,
  StoreUnavailable,
  type Updated,
  type Written,
} from '../store.js';
import type { SessionToken } from '../tokens.js';
import { Engine } from './engine/engine.js';
import type { Access, NodeListener } from './engine/node.js';
import { ClusterTopology, singleNode } from './engine/topology.js';
import { Groups } from './events/groups.js';
import { Log } from './events/log.js';
import { publications } from './events/publications.js';
import { type Layout, makeLayout } from './layout.js';
import { type RedisStoreOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { Sessions } from './sessions.js';
import { Sweeper } from './sweeper.js';
import { TopLevel } from './top-level.js';

/** Keys and sessions in Redis or Valkey. Any number of servers can share them. */
export class RedisStore implements Store {
  readonly events: SessionEvents;
  readonly #options: ResolvedOptions;
  readonly #engine: Engine;
  readonly #layout: Layout;
  readonly #sessions: Sessions;
  readonly #topLevel: TopLevel;
  readonly #sweeper: Sweeper;
  readonly #groups: Groups;

  constructor(options: RedisStoreOptions) {
    this.#options = resolveOptions(options);
    const { prefix, shards, timeout, logLength, maxValues, redeliverAfter } = this.#options;
    this.#layout = makeLayout(prefix, shards);
    this.#engine = new Engine((listener) => this.#topology(listener), shards, timeout);
    const lengthOfShard = Math.ceil(logLength / shards);
    this.#sessions = new Sessions(this.#engine, this.#layout, lengthOfShard);
    this.#topLevel = new TopLevel(this.#engine, this.#layout, timeout);
    this.#sweeper = new Sweeper(this.#engine, this.#layout, { length: lengthOfShard, maxValues });
    const publications$ = publications(this.#engine, this.#layout, this.#access());
    const log = new Log(this.#engine, this.#layout, publications$);
    this.#groups = new Groups(this.#engine, this.#layout, publications$, redeliverAfter);
    this.events = {
      now: () => log.now(),
      live$: log.live$,
      since: (at) => log.since(at),
      join: (membership) => this.#groups.join(membership),
      acknowledge: (group, ids) => this.#groups.acknowledge(group, ids),
    };
  }

  async open(): Promise<void> {
    try {
      await this.#engine.open();
      await this.#checkEngine();
    } catch (cause) {
      this.#engine.close();
      throw cause;
    }
  }

  async close(): Promise<void> {
    await this.#groups.idle();
    this.#engine.close();
  }

  get isReady(): boolean {
    return this.#engine.isReady;
  }

  startExpiry(interval: number, onError: (cause: unknown) => void): () => void {
    return this.#sweeper.start(interval, onError);
  }

  set(place: Place, entries: readonly Entry[], keepExisting: boolean, by = ''): Promise<Written> {
    return place === undefined
      ? this.#topLevel.set(entries, keepExisting)
      : this.#sessions.set(place, entries, keepExisting, by);
  }

  get(place: Place, keys: readonly string[], by = ''): Promise<readonly (string | undefined)[] | undefined> {
    return place === undefined ? this.#topLevel.get(keys) : this.#sessions.get(place, keys, by);
  }

  remove(place: Place, keys: readonly string[]): Promise<true | undefined> {
    return place === undefined ? this.#topLevel.remove(keys) : this.#sessions.remove(place, keys);
  }

  contains(place: Place, keys: readonly string[]): Promise<readonly string[] | undefined> {
    return place === undefined ? this.#topLevel.contains(keys) : this.#sessions.contains(place, keys);
  }

  count(token: SessionToken): Promise<number | undefined> {
    return this.#sessions.count(token);
  }

  keys(token: SessionToken): Promise<readonly string[] | undefined> {
    return this.#sessions.keys(token);
  }

  clear(token: SessionToken, entries: readonly Entry[]): Promise<number | 'full' | undefined> {
    return this.#sessions.clear(token, entries);
  }

  update<R>(key: string, change: (value: string) => Change<R>): Promise<Updated<R>> {
    return this.#topLevel.update(key, change);
  }

  start(
    token: SessionToken,
    expiry: Expiry | undefined,
    entries: readonly Entry[],
  ): Promise<'started' | 'exists' | 'full'> {
    return this.#sessions.start(token, expiry, entries);
  }

  end(token: SessionToken, by = ''): Promise<boolean> {
    return this.#sessions.end(token, by);
  }

  info(token: SessionToken): Promise<SessionInfo | undefined> {
    return this.#sessions.info(token);
  }

  exist(tokens: readonly SessionToken[]): Promise<readonly SessionToken[]> {
    return this.#sessions.exist(tokens);
  }

  countTopLevel(): Promise<number> {
    return this.#topLevel.count();
  }

  topLevelKeys(): Batches<string> {
    return this.#topLevel.keys();
  }

  clearTopLevel(entries: readonly Entry[]): Promise<number | 'full'> {
    return this.#topLevel.clear(entries);
  }

  scan(keys?: readonly string[]): Batches<Entry> {
    return this.#topLevel.scan(keys);
  }

  scanSessions(tokens?: readonly SessionToken[]): Batches<SavedSession> {
    return this.#sessions.scan(tokens);
  }

  load(entries: readonly Entry[]): Promise<'loaded' | 'full'> {
    return this.#topLevel.load(entries);
  }

  endAll(by = ''): Promise<number> {
    return this.#sessions.endAll(by);
  }

  totals(): Promise<{ sessions: number; keys: number }> {
    return this.#sessions.totals();
  }

  #access(): Access {
    const { username, password, db, tls } = this.#options.engine;
    return {
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(db !== undefined && { db }),
      ...(tls !== undefined && { tls }),
    };
  }

  #topology(listener: NodeListener) {
    const { isCluster, nodes } = this.#options.engine;
    if (isCluster) {
      const tags = this.#layout.shards.map(({ tag }) => tag);
      return new ClusterTopology(nodes, tags, this.#access(), this.#options, listener);
    }
    return singleNode(nodes[0] ?? '', this.#access(), this.#options, listener);
  }

  /** Refuses an engine that would lose sessions: one that evicts, or one whose sessions are divided otherwise. */
  async #checkEngine(): Promise<void> {
    const { shardCount } = this.#layout;
    const { shards, prefix } = this.#options;
    await this.#engine.call(0, ['set', shardCount, shards, 'NX']);
    const existing = String(await this.#engine.call(0, ['get', shardCount]));
    if (existing !== String(shards)) {
      throw new ValueError(
        `shards is ${shards}, and the store "${prefix}" has ${existing}: all of its servers must agree.`,
        'shards',
      );
    }
    const policy = /maxmemory_policy:(\S+)/.exec(String(await this.#engine.call(0, ['info', 'memory'])))?.[1];
    if (policy?.startsWith('allkeys-')) {
      throw new StoreUnavailable(
        `The store would lose sessions: its maxmemory-policy is ${policy}. Set it to noeviction.`,
      );
    }
  }
}
