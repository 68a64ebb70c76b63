/** Something that waits for a moment. `queued` belongs to the heap while it is in it. */
export interface Waiting {
  queued: number;
}

/** A binary heap of what waits, the earliest on top: a sweep costs what is due, not what waits. */
export class DeadlineHeap<T extends Waiting> {
  #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(item: T, at: number): void {
    item.queued = at;
    this.#rise(this.#items.push(item) - 1, item);
  }

  /** Takes the earliest out, where it waits for a moment before `now`. */
  popBefore(now: number): T | undefined {
    const top = this.#items[0];
    if (top === undefined || top.queued >= now) return undefined;
    const last = this.#items.pop();
    if (last !== undefined && last !== top) this.#sink(last);
    return top;
  }

  /** Throws out all that is no longer waited for. Sorted is a heap, too. */
  keepOnly(wanted: (item: T) => boolean): void {
    this.#items = this.#items.filter(wanted).sort((a, b) => a.queued - b.queued);
  }

  clear(): void {
    this.#items = [];
  }

  #rise(from: number, item: T): void {
    let at = from;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = this.#items[parentAt];
      if (parent === undefined || parent.queued <= item.queued) break;
      this.#items[at] = parent;
      at = parentAt;
    }
    this.#items[at] = item;
  }

  #sink(item: T): void {
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      let child = this.#items[childAt];
      const right = this.#items[childAt + 1];
      if (child !== undefined && right !== undefined && right.queued < child.queued) {
        child = right;
        childAt++;
      }
      if (child === undefined || child.queued >= item.queued) break;
      this.#items[at] = child;
      at = childAt;
    }
    this.#items[at] = item;
  }
}
