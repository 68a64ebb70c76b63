import type { Shard } from './layout.js';

/** How many shards are read at the same time. Each holds one batch in memory. */
const shardsAtOnce = 8;

/** Reads all shards, some of them ahead, and gives their batches one shard after the other. */
export async function* eachShard<T>(
  shards: readonly Shard[],
  read: (shard: Shard) => AsyncIterator<readonly T[]>,
): AsyncGenerator<readonly T[]> {
  const ahead: { reader: AsyncIterator<readonly T[]>; next: Promise<IteratorResult<readonly T[]>> }[] = [];
  let started = 0;
  try {
    for (;;) {
      for (; ahead.length < shardsAtOnce && started < shards.length; started++) {
        const reader = read(shards[started] as Shard); // started < shards.length
        const next = reader.next();
        // It is awaited below, unless one before it fails first.
        next.catch(() => {});
        ahead.push({ reader, next });
      }
      const first = ahead[0];
      if (first === undefined) return;
      const { done, value } = await first.next;
      if (done) ahead.shift();
      else {
        if (value.length > 0) yield value;
        first.next = first.reader.next();
      }
    }
  } finally {
    for (const { reader } of ahead) void reader.return?.();
  }
}

/**
 * Reads by a cursor, as SCAN commands do. These may give an item twice, so `keyOf` tells items apart: memory is needed for
 * the keys of one shard.
 */
export async function* pagesOf<T>(
  readPage: (cursor: string) => Promise<unknown>,
  itemsOf: (items: readonly string[]) => readonly T[],
  keyOf: (item: T) => unknown = (item) => item,
): AsyncGenerator<readonly T[]> {
  const seen = new Set<unknown>();
  let cursor = '0';
  do {
    const [next, items] = (await readPage(cursor)) as [cursor: string, items: string[]]; // as all SCAN commands answer
    const fresh: T[] = [];
    for (const item of itemsOf(items)) {
      const key = keyOf(item);
      if (seen.has(key)) continue;
      seen.add(key);
      fresh.push(item);
    }
    cursor = String(next);
    yield fresh;
  } while (cursor !== '0');
}
