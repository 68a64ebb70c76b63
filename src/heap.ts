/**
 * A binary heap of items by number, the smallest on top. Two arrays instead of pairs: half the memory of 100,000
 * entries.
 */
export class Heap<Item> {
  #keys: number[] = [];
  #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The smallest number; infinite where there is none. */
  get smallest(): number {
    return this.#keys[0] ?? Number.POSITIVE_INFINITY;
  }

  push(item: Item, key: number): void {
    this.#rise(this.#items.length, item, key);
  }

  /** Takes out the item with the smallest number. */
  pop(): Item | undefined {
    const top = this.#items[0];
    const lastKey = this.#keys.pop();
    const last = this.#items.pop();
    if (last !== undefined && lastKey !== undefined && this.#items.length > 0) this.#sink(last, lastKey);
    return top;
  }

  /** Throws out what is no longer wanted. */
  keepOnly(wanted: (item: Item, key: number) => boolean): void {
    const keys = this.#keys;
    const items = this.#items;
    this.#keys = [];
    this.#items = [];
    for (let at = 0; at < items.length; at++) {
      const item = items[at];
      const key = keys[at];
      if (item !== undefined && key !== undefined && wanted(item, key)) this.push(item, key);
    }
  }

  #rise(from: number, item: Item, key: number): void {
    let at = from;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parentKey = this.#keyAt(parentAt);
      if (parentKey <= key) break;
      this.#move(parentAt, at, parentKey);
      at = parentAt;
    }
    this.#keys[at] = key;
    this.#items[at] = item;
  }

  #sink(item: Item, key: number): void {
    const { size } = this;
    let at = 0;
    for (let left = 1; left < size; left = 2 * at + 1) {
      let childAt = left;
      let childKey = this.#keyAt(left);
      const right = left + 1;
      if (right < size) {
        const rightKey = this.#keyAt(right);
        if (rightKey < childKey) {
          childAt = right;
          childKey = rightKey;
        }
      }
      if (childKey >= key) break;
      this.#move(childAt, at, childKey);
      at = childAt;
    }
    this.#keys[at] = key;
    this.#items[at] = item;
  }

  /**
   * Of a place that is taken. To look beyond the end, and find nothing, was measured to put each number that is read on
   * the heap.
   */
  #keyAt(at: number): number {
    return this.#keys[at] ?? Number.POSITIVE_INFINITY;
  }

  #move(from: number, to: number, key: number): void {
    const item = this.#items[from];
    if (item === undefined) return; // it is taken: the types can't say so
    this.#keys[to] = key;
    this.#items[to] = item;
  }
}
