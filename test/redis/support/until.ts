import { setTimeout as wait } from 'node:timers/promises';

/** Waits for what another process does: there is nothing to be notified by. */
export async function until(isSo: () => boolean | Promise<boolean>, patience = 20_000): Promise<void> {
  for (let waited = 0; waited < patience; waited += 20) {
    if (await isSo()) return;
    await wait(20);
  }
  throw new Error(`It was not so within ${patience} ms.`);
}
