/**
 * Saves again and again, each time with a higher number in every key, until it is killed. Reports each stage. With a third
 * argument such as `stop in round 1` it stops halfway through that save, and waits to be killed.
 */
import { Datasets } from '../../../src/server/datasets/datasets.js';
import type { Batches, Entry } from '../../../src/server/index.js';
import { consoleLog } from '../../../src/server/log.js';
import { MemoryStore } from '../../../src/server/store/memory/memory-store.js';

const [folder = '', name = '', from = '0', stop = ''] = process.argv.slice(2);
const stopRound = /^stop in round (\d+)$/.exec(stop)?.[1];
const store = new MemoryStore();
const datasets = new Datasets(folder, store, consoleLog('error'));
let round = Number(from);

const scan = store.scan.bind(store);
store.scan = async function* (keys): AsyncGenerator<readonly Entry[]> {
  const batches: Batches<Entry> = scan(keys);
  let count = 0;
  for await (const batch of batches) {
    yield batch;
    if (++count !== 2 || String(round) !== stopRound) continue;
    process.send?.({ stage: `halfway in round ${round}`, round });
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  }
};

process.send?.({ stage: 'ready' });
for (; ; round++) {
  const entries = Array.from({ length: 5000 }, (_, index) => [`key:${index}`, String(round)] as const);
  store.set(undefined, entries, false);
  const { outcome } = await datasets.saveKeys(name);
  process.send?.({ stage: outcome, round });
}
