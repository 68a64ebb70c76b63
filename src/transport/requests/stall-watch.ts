import type { Clock } from '../../clock.js';

/** Requests in flight, as far as the watch needs to know them. */
export interface Watched {
  /** Counts the frames that arrived. A pong is none: it proves life, but says nothing of replies. */
  readonly framesRead: number;
  /** When the last of the requests in flight is due; `undefined` if nothing is in flight. */
  readonly lastDue: number | undefined;
  /** Asks whether replies were dropped, if that is possible. */
  probe(): void;
  /** Gives the connection up. */
  giveUp(): void;
}

/** After this much silence (ms) with requests in flight, the server is asked. */
const silence = 1000;

/** It is asked again at least this often (ms) while the silence lasts: the reply to a fence may be dropped too. */
const longestSilence = 5000;

/**
 * Watches requests in flight whose replies do not come. First a fence asks whether they were dropped. Once even the last
 * request is overdue, there is nothing left to wait for, but its place in the reply stream would be held for ever: the
 * connection is given up for a new one.
 */
export class StallWatch {
  #cancel: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly watched: Watched,
  ) {}

  /** Something was written. */
  start(): void {
    if (this.#cancel === undefined) this.#wait(silence, false);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #wait(delay: number, asked: boolean): void {
    const { framesRead } = this.watched;
    this.#cancel = this.clock.schedule(() => {
      this.#cancel = undefined;
      const { lastDue } = this.watched;
      if (lastDue === undefined) return;
      if (this.watched.framesRead !== framesRead) {
        this.#wait(silence, false);
        return;
      }
      const left = lastDue - this.clock.now();
      if (asked && left <= 0) {
        this.watched.giveUp();
        return;
      }
      this.#wait(Math.min(Math.max(left, silence), longestSilence), true);
      this.watched.probe();
    }, delay);
  }
}
