/** How many items are handed on at once. */
const batchLength = 1000;

/** Cuts a list into batches. */
export function* batchesOf<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += batchLength) yield items.slice(at, at + batchLength);
}
