/** An item of the heap. `queued` belongs to the heap while the item is in it. */
export interface Queued {
  queued: number;
}

/** A binary heap with the earliest item on top: a sweep costs what is due, not what waits. */
export class DeadlineHeap<T extends Queued> {
  #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(item: T, at: number): void {
    item.queued = at;
    this.#rise(this.#items.push(item) - 1, item);
  }

  /** Takes the earliest item out, if its moment is before `now`. */
  popBefore(now: number): T | undefined {
    const top = this.#items[0];
    if (top === undefined || top.queued >= now) return undefined;
    const last = this.#items.pop();
    if (last !== undefined && last !== top) this.#sink(last);
    return top;
  }

  /** Removes all other items. A sorted list is a heap. */
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
