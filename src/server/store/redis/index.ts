import type { Store } from '../store.js';
import type { RedisStoreOptions } from './options.js';
import { RedisStore } from './redis-store.js';

export type { RedisStoreOptions } from './options.js';

/**
 * A store in Redis or Valkey, version 7 or later, single or cluster. Any number of servers can share it: a session made
 * through one is there through all. Needs the package `ioredis`.
 *
 * ```ts
 * const store = await redisStore({ url: 'redis://127.0.0.1:6379' });
 * const server = await NdbServer.listen({ store });
 * // …
 * await server.close();
 * await store.close();
 * ```
 *
 * The connection is made when the server starts, which rejects with `StoreUnavailable` if there is none. This rejects with a
 * `ValueError` for an option that is wrong.
 */
export async function redisStore(options: RedisStoreOptions): Promise<Store> {
  return new RedisStore(options);
}
