import type { Clock } from '../../../clock.js';
import { nextTurn } from '../../turns.js';

/**
 * Sweeps at fixed intervals from now on, as NemesisDB does. `sweep` gives `true` if it stopped to let others work: then it
 * is called again after their turn. Returns its undo.
 */
export function sweepRegularly(
  sweep: (now: number) => boolean,
  clock: Clock,
  interval: number,
  onError: (cause: unknown) => void,
): () => void {
  const start = clock.now();
  let isStopped = false;
  let cancel = () => {};

  const run = async () => {
    try {
      const now = clock.now();
      while (sweep(now)) {
        await nextTurn();
        if (isStopped) return;
      }
    } catch (cause) {
      onError(cause);
    }
    if (!isStopped) scheduleNext();
  };
  const scheduleNext = () => {
    const passed = clock.now() - start;
    cancel = clock.schedule(() => void run(), (Math.floor(passed / interval) + 1) * interval - passed);
  };

  scheduleNext();
  return () => {
    isStopped = true;
    cancel();
  };
}
