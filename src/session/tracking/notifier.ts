import type { SessionEvent } from '../events.js';
import type { Lease, Watcher } from './lease.js';

/** Something to be delivered, and to whom: to those who watched when it happened. */
interface Notice {
  readonly lease: Lease;
  readonly event: SessionEvent | undefined;
  readonly isOver: boolean;
  readonly watchers: readonly Watcher[];
}

/**
 * Delivers events in their order. What a subscriber does in a callback may have consequences of its own: those are
 * delivered afterwards, to everybody. A watcher that leaves in between receives nothing more.
 */
export class Notifier {
  #isDelivering = false;
  #queue: Notice[] = [];

  /** `everyone` receives the events of all leases. */
  constructor(private readonly everyone: (event: SessionEvent) => void) {}

  /** Delivers events, and that the state has changed. */
  post(lease: Lease, events: readonly SessionEvent[]): void {
    const isOver = lease.state.is === 'over';
    const watchers = [...lease.watchers];
    for (const event of events) this.#queue.push({ lease, event, isOver: false, watchers });
    if (events.length === 0 || isOver) this.#queue.push({ lease, event: undefined, isOver, watchers });
    this.#deliver();
  }

  #deliver(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      while (this.#queue.length > 0) {
        const notices = this.#queue;
        this.#queue = [];
        for (const notice of notices) this.#notify(notice);
      }
    } finally {
      this.#isDelivering = false;
    }
  }

  #notify({ lease, event, isOver, watchers }: Notice): void {
    let isWatched = false;
    for (const watcher of watchers) {
      if (!lease.watchers.has(watcher)) continue;
      isWatched = true;
      if (event !== undefined) watcher.event(event);
      if (!lease.watchers.has(watcher)) continue;
      watcher.changed();
      if (isOver && lease.watchers.has(watcher)) watcher.over();
    }
    if (event !== undefined && isWatched) this.everyone(event);
  }
}
