import type { Clock } from '../../clock.js';

/** What the watch needs to know of the requests in flight, and what it can do about them. */
export interface Watched {
  /** Counts the frames that came. A pong is none: it proves life, but says nothing of replies. */
  readonly frames: number;
  /** When the last of the requests in flight is due, those included that nobody waits for any more; nothing in flight: undefined. */
  readonly lastDue: number | undefined;
  /** Writes a fence, whose reply shows whether others were dropped; does nothing where the peer echoes none. */
  probe(): void;
  /** Gives the connection up. */
  giveUp(): void;
}

/** After this much silence (ms) with requests in flight, something is done about it. */
const silence = 1000;

/** A fence asks at least this often (ms) while the silence lasts: its own reply may have been dropped. */
const longestSilence = 5000;

/**
 * Watches requests in flight of which nothing is heard. First a fence asks whether their replies were dropped. Once even the
 * last of them is overdue, there is nothing left to wait for, and in the reply stream their places would be held for ever: the
 * connection is given up for a new one.
 */
export class SilenceWatch {
  #cancel: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly watched: Watched,
  ) {}

  /** Something was written. */
  start(): void {
    if (this.#cancel === undefined) this.#listen(silence, false);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #listen(delay: number, asked: boolean): void {
    const { frames } = this.watched;
    this.#cancel = this.clock.schedule(() => {
      this.#cancel = undefined;
      const { lastDue } = this.watched;
      if (lastDue === undefined) return;
      if (this.watched.frames !== frames) {
        this.#listen(silence, false);
        return;
      }
      const left = lastDue - this.clock.now();
      if (asked && left <= 0) {
        this.watched.giveUp();
        return;
      }
      this.#listen(Math.min(Math.max(left, silence), longestSilence), true);
      this.watched.probe();
    }, delay);
  }
}
