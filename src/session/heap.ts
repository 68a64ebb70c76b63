/** A binary heap of items by number, the smallest on top. Two arrays instead of pairs: half the memory of 100,000 entries. */
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
      const parentKey = this.#keys[parentAt];
      const parent = this.#items[parentAt];
      if (parent === undefined || parentKey === undefined || parentKey <= key) break;
      this.#keys[at] = parentKey;
      this.#items[at] = parent;
      at = parentAt;
    }
    this.#keys[at] = key;
    this.#items[at] = item;
  }

  #sink(item: Item, key: number): void {
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      let childKey = this.#keys[childAt];
      const rightKey = this.#keys[childAt + 1];
      if (childKey !== undefined && rightKey !== undefined && rightKey < childKey) {
        childKey = rightKey;
        childAt++;
      }
      const child = this.#items[childAt];
      if (childKey === undefined || child === undefined || childKey >= key) break;
      this.#keys[at] = childKey;
      this.#items[at] = child;
      at = childAt;
    }
    this.#keys[at] = key;
    this.#items[at] = item;
  }
}
