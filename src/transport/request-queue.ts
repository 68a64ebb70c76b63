/**
 * Requests that wait to be written, oldest first; those whose reply was lost go before all others. Both are sets, so that
 * one that is unsubscribed or timed out leaves without a search.
 */
export class RequestQueue<T extends { readonly text: string }> {
  readonly #again = new Set<T>();
  readonly #waiting = new Set<T>();
  #characters = 0;

  /** How many wait. */
  get size(): number {
    return this.#again.size + this.#waiting.size;
  }

  /** How many characters wait. */
  get characters(): number {
    return this.#characters;
  }

  add(request: T): void {
    this.#waiting.add(request);
    this.#characters += request.text.length;
  }

  /** Takes back what was written and lost, in its order, before everything else. */
  addAgain(requests: readonly T[]): void {
    const before = [...this.#again];
    this.#again.clear();
    for (const request of requests) {
      this.#again.add(request);
      this.#characters += request.text.length;
    }
    for (const request of before) this.#again.add(request);
  }

  delete(request: T): void {
    if (this.#again.delete(request) || this.#waiting.delete(request)) this.#characters -= request.text.length;
  }

  /** Takes out the first ones, as many as there are up to `count`. */
  take(count: number): T[] {
    const taken: T[] = [];
    for (const set of [this.#again, this.#waiting]) {
      for (const request of set) {
        if (taken.length >= count) return taken;
        set.delete(request);
        this.#characters -= request.text.length;
        taken.push(request);
      }
    }
    return taken;
  }
}
