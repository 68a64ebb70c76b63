import type { Entry } from '../entry.js';
import { type Batches, type Change, StoreUnavailable, type Updated } from '../store.js';
import type { Engine } from './engine/engine.js';
import { OutOfMemory } from './engine/errors.js';
import { KeyOrder } from './key-order.js';
import { byShard, type Layout, type Shard } from './layout.js';
import { eachShard, pagesOf } from './scanning.js';
import { type RedisCommand, run } from './scripts/script.js';
import {
  addTopLevel,
  clearAndSetTopLevel,
  clearTopLevel,
  containedInTopLevel,
  keysOfTopLevel,
  replaceTopLevel,
} from './scripts/top-level-scripts.js';

/** How many entries are written, or read by name, in one command. */
const batchLength = 500;

/** The keys that are in no session. */
export class TopLevel {
  readonly #engine: Engine;
  readonly #layout: Layout;
  readonly #timeout: number;
  readonly #order = new KeyOrder();

  /** `timeout`: milliseconds after which an update gives up if others change the value again and again. */
  constructor(engine: Engine, layout: Layout, timeout: number) {
    this.#engine = engine;
    this.#layout = layout;
    this.#timeout = timeout;
  }

  set(entries: readonly Entry[], keepExisting: boolean): Promise<'written' | 'full'> {
    if (entries.length === 0) return Promise.resolve('written');
    const write = async ({ topLevel, index }: Shard, items: readonly Entry[]) => {
      const command: RedisCommand = keepExisting
        ? run(addTopLevel, [topLevel], items.flat())
        : ['hset', topLevel, ...items.flat()];
      await this.#engine.call(index, command);
    };
    const keys = entries.map(([key]) => key);
    return this.#order.run(keys, 'started', async () => {
      const groups = byShard(entries, ([key]) => this.#layout.ofKey(key));
      return orFull(Promise.all([...groups].map(([shard, { items }]) => write(shard, items))), 'written');
    });
  }

  get(keys: readonly string[]): Promise<(string | undefined)[]> {
    return this.#order.run(keys, 'started', () => this.#get(keys));
  }

  async remove(keys: readonly string[]): Promise<true> {
    await this.#order.run(keys, 'started', () =>
      Promise.all(
        this.#grouped(keys).map(([{ topLevel, index }, { items }]) =>
          this.#engine.call(index, ['hdel', topLevel, ...items]),
        ),
      ),
    );
    return true;
  }

  async contains(keys: readonly string[]): Promise<string[]> {
    const found = await this.#order.run(keys, 'started', () =>
      Promise.all(
        this.#grouped(keys).map(([{ topLevel, index }, { items }]) =>
          this.#engine.call(index, run(containedInTopLevel, [topLevel], items)),
        ),
      ),
    );
    const existing = new Set(found.flat());
    return keys.filter((key) => existing.has(key));
  }

  update<R>(key: string, change: (value: string) => Change<R>): Promise<Updated<R>> {
    return this.#order.run([key], 'done', () => this.#update(key, change));
  }

  async count(): Promise<number> {
    const counts = await Promise.all(
      this.#layout.shards.map(({ topLevel, index }) => this.#engine.call(index, ['hlen', topLevel])),
    );
    return counts.reduce((sum: number, count) => sum + Number(count), 0);
  }

  keys(): Batches<string> {
    return eachShard(this.#layout.shards, ({ topLevel, index }) =>
      pagesOf(
        (cursor) => this.#engine.call(index, run(keysOfTopLevel, [topLevel], [cursor, batchLength])),
        (items) => items,
      ),
    );
  }

  scan(keys: readonly string[] | undefined): Batches<Entry> {
    if (keys !== undefined) return this.#read(keys);
    return eachShard(this.#layout.shards, ({ topLevel, index }) =>
      pagesOf(
        (cursor) => this.#engine.call(index, ['hscan', topLevel, cursor, 'COUNT', batchLength]),
        pairs,
        ([key]) => key,
      ),
    );
  }

  async clear(entries: readonly Entry[]): Promise<number | 'full'> {
    const groups = byShard(entries, ([key]) => this.#layout.ofKey(key));
    const clear = async (shard: Shard) => {
      const items = groups.get(shard)?.items.flat();
      const { topLevel, index } = shard;
      return Number(
        await this.#engine.call(index, run(items ? clearAndSetTopLevel : clearTopLevel, [topLevel], items ?? [])),
      );
    };
    const clearAll = async (shards: Iterable<Shard>) => {
      const counts = await Promise.all([...shards].map(clear));
      return counts.reduce((sum, count) => sum + count, 0);
    };
    // First those that may have no room: if so, the others keep what they have.
    const replaced = await orFull(clearAll(groups.keys()));
    if (replaced === 'full') return 'full';
    return replaced + (await clearAll(this.#layout.shards.filter((shard) => !groups.has(shard))));
  }

  async load(entries: readonly Entry[]): Promise<'loaded' | 'full'> {
    for (let at = 0; at < entries.length; at += batchLength) {
      if ((await this.set(entries.slice(at, at + batchLength), false)) === 'full') return 'full';
    }
    return 'loaded';
  }

  #grouped(keys: readonly string[]) {
    return [...byShard(keys, this.#layout.ofKey)];
  }

  async #get(keys: readonly string[]): Promise<(string | undefined)[]> {
    const values = new Array<string | undefined>(keys.length);
    const read = async ({ topLevel, index }: Shard, items: readonly string[], places: readonly number[]) => {
      // HMGET answers with one string or null for each field.
      const found = (await this.#engine.call(index, ['hmget', topLevel, ...items])) as (string | null)[];
      for (const [at, place] of places.entries()) values[place] = found[at] ?? undefined;
    };
    await Promise.all(this.#grouped(keys).map(([shard, { items, places }]) => read(shard, items, places)));
    return values;
  }

  async *#read(keys: readonly string[]): AsyncGenerator<readonly Entry[]> {
    for (let at = 0; at < keys.length; at += batchLength) {
      const names = keys.slice(at, at + batchLength);
      const values = await this.get(names);
      yield names.flatMap((key, index) => {
        const value = values[index];
        return value === undefined ? [] : [[key, value] as const];
      });
    }
  }

  async #update<R>(key: string, change: (value: string) => Change<R>): Promise<Updated<R>> {
    const { topLevel, index } = this.#layout.ofKey(key);
    const giveUpAt = performance.now() + this.#timeout;
    do {
      const value = await this.#engine.call(index, ['hget', topLevel, key]);
      if (typeof value !== 'string') return { outcome: 'no key' };
      const { value: changed, result } = change(value);
      if (changed === undefined || changed === value) return { outcome: 'done', result };
      const replace = this.#engine.call(index, run(replaceTopLevel, [topLevel], [key, value, changed]));
      const replaced = await orFull(replace);
      if (replaced === 'full') return { outcome: 'full' };
      if (replaced === 1) return { outcome: 'done', result };
      // Another client was faster. It has made progress, so this ends.
    } while (performance.now() < giveUpAt);
    throw new StoreUnavailable(`Other clients have changed the key for ${this.#timeout} ms. This change was not made.`);
  }
}

/** Fields and values, one after the other, as entries. */
export function pairs(items: readonly string[]): Entry[] {
  const entries: Entry[] = [];
  // as many values as fields
  for (let at = 0; at < items.length; at += 2) entries.push([items[at] as string, items[at + 1] as string]);
  return entries;
}

/** What a promise resolves with (or `value` instead), or `full` if the engine was out of memory. */
export async function orFull<T>(promise: Promise<T>): Promise<T | 'full'>;
export async function orFull<T>(promise: Promise<unknown>, value: T): Promise<T | 'full'>;
export async function orFull(promise: Promise<unknown>, value?: unknown): Promise<unknown> {
  try {
    const result = await promise;
    return value ?? result;
  } catch (cause) {
    if (cause instanceof OutOfMemory) return 'full';
    throw cause;
  }
}
