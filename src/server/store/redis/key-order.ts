/**
 * Keeps calls on the same key in order while one of them takes several steps. Calls on keys without such a call start at
 * once: the engine executes them in the order in which they are sent.
 */
export class KeyOrder {
  /** For each key with calls to wait for: when the next call on it may start. */
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Starts a call on keys after those before it. Later calls wait until it has `started`, or until it is `done`. */
  run<T>(keys: readonly string[], later: 'started' | 'done', start: () => Promise<T>): Promise<T> {
    const before = this.#tails.size === 0 ? [] : keys.flatMap((key) => this.#tails.get(key) ?? []);
    if (before.length === 0 && later === 'started') return start();
    const ready = Promise.all(before);
    const result = before.length === 0 ? start() : ready.then(start);
    const tail = later === 'done' ? result.catch(() => {}) : ready.then(() => {});
    for (const key of keys) this.#tails.set(key, tail);
    void tail.then(() => {
      for (const key of keys) if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    return result;
  }
}
