import type { Clock } from '../../clock.js';
import { Heap } from '../../heap.js';

/**
 * Most items a turn: what tens of thousands of leases have to do in the same moment does not hold up the event loop.
 */
const mostPerTurn = 2000;

/** The longest nap, in ms: so late at most a jump of the clocks is noticed. */
const longestNap = 5000;

/** Wakes items at their times, all on one timer. An item has one time; setting another one replaces it. */
export class TimerQueue<Item> {
  readonly #times = new Map<Item, number>();
  readonly #heap = new Heap<Item>();
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;
  #isRunning = false;

  constructor(
    private readonly clock: Clock,
    private readonly wake: (item: Item) => void,
    /** Called each time that the timer fires, before anything else. */
    private readonly fired: () => void,
  ) {}

  /** Sets the time of an item; infinite: never. */
  set(item: Item, at: number): void {
    if (this.#times.get(item) === at) return;
    if (at === Number.POSITIVE_INFINITY) this.#times.delete(item);
    else {
      this.#times.set(item, at);
      this.#heap.push(item, at);
    }
    this.#tidy();
    this.#arm();
  }

  /** Wakes what is due, as many as there are up to some thousand; the others follow in turns of their own. */
  run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let woken = 0; woken < mostPerTurn && this.#heap.smallest <= this.clock.now(); ) {
        const at = this.#heap.smallest;
        const item = this.#heap.pop();
        if (item === undefined || this.#times.get(item) !== at) continue; // another time was set
        this.#times.delete(item);
        this.wake(item);
        woken += 1;
      }
    } finally {
      this.#isRunning = false;
      this.#tidy();
      this.#arm();
    }
  }

  /** Removes entries that were replaced once they are the most. */
  #tidy(): void {
    if (this.#heap.size > 100 + 4 * this.#times.size || this.#times.size === 0)
      this.#heap.keepOnly((item, at) => this.#times.get(item) === at);
  }

  #arm(): void {
    if (this.#isRunning) return;
    const earliest = this.#heap.smallest;
    if (earliest === Number.POSITIVE_INFINITY) {
      this.#timer?.cancel();
      this.#timer = undefined;
      return;
    }
    const now = this.clock.now();
    const at = Math.min(Math.max(earliest, now), now + longestNap);
    if (this.#timer !== undefined) {
      if (this.#timer.at <= at) return;
      this.#timer.cancel();
    }
    const cancel = this.clock.schedule(
      () => {
        this.#timer = undefined;
        this.fired();
        this.run();
      },
      Math.ceil(at - now),
    ); // timers count whole ms, and fire early otherwise
    this.#timer = { at, cancel };
  }
}
