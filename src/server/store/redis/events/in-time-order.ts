/** An item and when it happened, in microseconds. */
export interface Timed<T> {
  readonly item: T;
  readonly micros: number;
}

/** Merges sources that are in order of time each. Needs memory for one item of each. */
export async function* inTimeOrder<T>(sources: readonly AsyncIterator<Timed<T>, void>[]): AsyncGenerator<T> {
  const nextOf = async (source: AsyncIterator<Timed<T>, void>) => {
    const { value } = await source.next();
    return value && { source, ...value };
  };
  const heads = await Promise.all(sources.map(nextOf));
  let waiting = heads.filter((head) => head !== undefined);
  while (waiting.length > 0) {
    const earliest = waiting.reduce((a, b) => (b.micros < a.micros ? b : a));
    yield earliest.item;
    const next = await nextOf(earliest.source);
    waiting = waiting.flatMap((head) => (head === earliest ? (next ?? []) : head));
  }
}
