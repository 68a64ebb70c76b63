import type { Clock } from '../clock.js';
import type { Log } from './log.js';
import type { Store } from './store.js';

/** What a server wrote last, to any of its clients. */
export interface LastReply {
  /** By the server's clock, in ms. */
  writtenAt: number;
}

/**
 * A reply that was written less than so many ms ago may not have been read yet: where client and server share a processor, the client
 * wakes once the server rests. Timers of a ms ring when something arrives, so that most slices of a sweep came right after a reply.
 * Measured: its client then had it after 0.33 ms instead of 0.1.
 */
const justNow = 0.15;

/** How long a sweep waits at most for a moment without replies, in ms. */
const patience = 3;

/** Looks for expired sessions at fixed intervals from now on, as NemesisDB does. Returns its undo. */
export function sweepRegularly(
  store: Store,
  clock: Clock,
  interval: number,
  lastReply: Readonly<LastReply>,
  log: Log,
): () => void {
  const start = clock.now();
  let cancel: () => void;
  let stopped = false;

  const othersTurn = async () => {
    const since = clock.now();
    do {
      await new Promise<void>((resolve) => {
        cancel = clock.schedule(resolve, 1);
      });
    } while (clock.now() - lastReply.writtenAt < justNow && clock.now() - since < patience);
  };
  const look = async () => {
    const now = clock.now();
    try {
      // Where very many expire at once, others are served in between.
      while (!stopped && (await store.sweep(now))) await othersTurn();
    } catch (cause) {
      log.error('Looking for expired sessions failed.', cause);
    }
    if (!stopped) waitForNext();
  };
  const waitForNext = () => {
    const now = clock.now();
    const next = start + (Math.floor((now - start) / interval) + 1) * interval;
    cancel = clock.schedule(() => void look(), next - now);
  };

  cancel = clock.schedule(() => void look(), interval);
  return () => {
    stopped = true;
    cancel();
  };
}
