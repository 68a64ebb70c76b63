import type { SessionToken } from '../tokens.js';
import type { Engine } from './engine/engine.js';
import type { Layout, Shard } from './layout.js';
import { dueSessions, expireSessions } from './scripts/expiry-scripts.js';
import { run } from './scripts/script.js';

/** How many sessions one script expires. The engine serves nobody else while a script runs. */
const sessionsPerScript = 8;

/** How many due sessions are read at a time. */
const batchLength = 64;

/** What an event may carry, and how many are kept for a shard. */
export interface LogBounds {
  readonly length: number;
  readonly maxValues: number;
}

/**
 * Expires sessions past their deadline. Any number of servers may do so at once: the script that expires a session looks at
 * its deadline again, by the engine's clock.
 */
export class Sweeper {
  readonly #engine: Engine;
  readonly #layout: Layout;
  readonly #bounds: LogBounds;

  constructor(engine: Engine, layout: Layout, bounds: LogBounds) {
    this.#engine = engine;
    this.#layout = layout;
    this.#bounds = bounds;
  }

  /** Sweeps every `interval` milliseconds. Returns its undo. */
  start(interval: number, onError: (cause: unknown) => void): () => void {
    let isSweeping = false;
    let isStopped = false;
    const timer = setInterval(() => {
      // One that takes longer than the interval is not joined by another.
      if (isSweeping) return;
      isSweeping = true;
      void this.sweep()
        .catch((cause) => {
          // The last sweep may lose its connection when the store is closed.
          if (!isStopped) onError(cause);
        })
        .finally(() => {
          isSweeping = false;
        });
    }, interval);
    return () => {
      isStopped = true;
      clearInterval(timer);
    };
  }

  /** Sweeps all shards, each from its most overdue session on. */
  async sweep(): Promise<void> {
    // Servers that sweep at the same time begin with different shards, and mostly find nothing in those of the others.
    const start = Math.floor(Math.random() * this.#layout.shards.length);
    const shards = [...this.#layout.shards.slice(start), ...this.#layout.shards.slice(0, start)];
    const due = await Promise.all(shards.map((shard) => this.#due(shard)));
    for (const [at, shard] of shards.entries()) await this.#sweepShard(shard, due[at] ?? []);
  }

  async #sweepShard(shard: Shard, firstBatch: readonly SessionToken[]): Promise<void> {
    const seen = new Set<SessionToken>();
    for (let tokens = firstBatch; ; tokens = await this.#due(shard)) {
      // A duration that NemesisDB's 64 bits can't hold may be over at once, again and again.
      const fresh = tokens.filter((token) => !seen.has(token));
      if (fresh.length === 0) return;
      for (const token of fresh) seen.add(token);
      await this.#expire(shard, fresh);
    }
  }

  async #due({ due, index }: Shard): Promise<readonly SessionToken[]> {
    const tokens = await this.#engine.call(index, run(dueSessions, [due], [batchLength]));
    return Array.isArray(tokens) ? tokens : [];
  }

  async #expire({ index, due, keyCount, log, session }: Shard, tokens: readonly SessionToken[]): Promise<void> {
    const calls: Promise<unknown>[] = [];
    for (let at = 0; at < tokens.length; at += sessionsPerScript) {
      const some = tokens.slice(at, at + sessionsPerScript);
      const keys = [due, keyCount, log, ...some.map(session)];
      const args = [this.#bounds.length, this.#bounds.maxValues, ...some];
      calls.push(this.#engine.call(index, run(expireSessions, keys, args)));
    }
    await Promise.all(calls);
  }
}
