/** A connection whose replies wait to be read. */
export interface Reader {
  /** Drops it, as its replies take too much memory. */
  dropForMemory(): void;
}

/** Bounds the memory of the replies that wait for all clients: who has most of them is dropped. */
export class ReplyMemory {
  readonly #max: number;
  readonly #waiting = new Map<Reader, number>();
  #total = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** The bytes of all replies that wait. */
  get total(): number {
    return this.#total;
  }

  /** Notes how many bytes wait for a client now. */
  set(reader: Reader, bytes: number): void {
    const former = this.#waiting.get(reader) ?? 0;
    if (former === bytes) return;
    if (bytes === 0) this.#waiting.delete(reader);
    else this.#waiting.set(reader, bytes);
    this.#total += bytes - former;
    while (this.#total > this.#max) this.#dropLargest();
  }

  #dropLargest(): void {
    let largest: Reader | undefined;
    let most = 0;
    for (const [reader, bytes] of this.#waiting) {
      if (bytes <= most) continue;
      largest = reader;
      most = bytes;
    }
    if (largest === undefined) return;
    this.set(largest, 0);
    largest.dropForMemory();
  }
}
