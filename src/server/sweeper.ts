import type { Clock } from '../clock.js';
import type { Log } from './log.js';
import type { Store } from './store.js';

/** Looks for expired sessions at fixed intervals from now on, as NemesisDB does. Returns its undo. */
export function sweepRegularly(store: Store, clock: Clock, interval: number, log: Log): () => void {
  const start = clock.now();
  let cancel: () => void;
  let stopped = false;

  const look = async () => {
    const now = clock.now();
    try {
      // Where very many expire at once, others are served in between.
      while (!stopped && (await store.sweep(now))) await new Promise<void>((resolve) => clock.schedule(resolve, 0));
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
