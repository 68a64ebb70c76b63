import type { Clock } from '../../clock.js';
import type { Log } from '../log.js';
import type { LastReply } from '../network/connection.js';
import type { Store } from './store.js';

/**
 * A reply that was written less than so many ms ago may not have been read yet: a client on the same processor wakes once the
 * server rests. Timers of a ms ring when something arrives, so that without this most slices of a sweep came right after a
 * reply; measured, its client then had it after 0.33 ms instead of 0.1. Clients on other machines neither gain nor lose.
 */
const justNow = 0.15;

/** How many ms the next slice waits at most for a moment without replies. */
const patience = 3;

/**
 * How many ms beyond the first all slices of one look may wait, taken together. Where replies never cease, a look at 200,000
 * sessions that are due took twice as long otherwise, and they answer until it comes to them.
 */
const patienceInLook = 1500;

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

  const pause = () =>
    new Promise<void>((resolve) => {
      cancel = clock.schedule(resolve, 1);
    });
  const repliedJustNow = () => clock.now() - lastReply.writtenAt < justNow;
  const sweep = async (now: number) => {
    // Pauses of a ms, counted instead of timed: by a clock that stands still, a sweep that waits would never end.
    let left = patienceInLook;
    while (await store.sweep(now)) {
      if (stopped) return;
      // Where very many expire at once, others are served in between.
      await pause();
      for (let more = patience - 1; more > 0 && left > 0 && repliedJustNow(); more--, left--) await pause();
    }
  };
  const look = async () => {
    try {
      await sweep(clock.now());
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
