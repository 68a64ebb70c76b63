import type { SessionToken } from '../tokens.js';

/** The keys of one shard in the engine. Their hash tag, `{ndb:37}`, puts them all into one slot. */
export interface Shard {
  readonly index: number;
  readonly tag: string;
  /** A hash: the top-level keys with their values. */
  readonly topLevel: string;
  /** A sorted set: all sessions by deadline in milliseconds, infinite for those that never expire. */
  readonly due: string;
  /** A number: how many keys all sessions of the shard have. */
  readonly keyCount: string;
  /** A stream: the log of `expired` and `ended`. Also the channel on which events are published. */
  readonly log: string;
  /** A hash: one session's keys with their values, and its settings. */
  session(token: SessionToken): string;
}

/** Where in the engine each session and each top-level key is. */
export interface Layout {
  readonly shards: readonly Shard[];
  ofSession(token: SessionToken): Shard;
  ofKey(key: string): Shard;
  /** A key of the first shard that says how many shards there are: servers that differ would lose each other's sessions. */
  readonly shardCount: string;
}

/** FNV-1a, 32 bits. Which shard has what depends on it, so it can't be changed. */
function hash(text: string): number {
  let result = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    result = Math.imul(result ^ text.charCodeAt(index), 0x01000193);
  }
  // The low bits of FNV are weak: an odd and an even last character would decide over half of the shards.
  result ^= result >>> 15;
  return result >>> 0;
}

export function makeLayout(prefix: string, count: number): Layout {
  const shards = Array.from({ length: count }, (_, index) => makeShard(prefix, index));
  const shardOf = (text: string) => shards[hash(text) % count] as Shard; // 0 ≤ index < count
  return { shards, ofSession: shardOf, ofKey: shardOf, shardCount: `{${prefix}:0}:shards` };
}

function makeShard(prefix: string, index: number): Shard {
  const tag = `{${prefix}:${index}}`;
  const ofSession = `${tag}:s:`;
  return {
    index,
    tag,
    topLevel: `${tag}:top`,
    due: `${tag}:due`,
    keyCount: `${tag}:keys`,
    log: `${tag}:log`,
    session: (token) => ofSession + token,
  };
}

/** Items by the shard that they belong to, with their place in the list. */
export function byShard<T>(
  items: readonly T[],
  shardOf: (item: T) => Shard,
): Map<Shard, { items: T[]; places: number[] }> {
  const groups = new Map<Shard, { items: T[]; places: number[] }>();
  for (const [place, item] of items.entries()) {
    const shard = shardOf(item);
    let group = groups.get(shard);
    if (group === undefined) {
      group = { items: [], places: [] };
      groups.set(shard, group);
    }
    group.items.push(item);
    group.places.push(place);
  }
  return groups;
}
