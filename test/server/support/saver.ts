/** Saves again and again, each time with a higher number in every key, until it is killed. */
import { Datasets } from '../../../src/server/datasets/datasets.js';
import { consoleLog } from '../../../src/server/log.js';
import { MemoryStore } from '../../../src/server/store/memory/memory-store.js';

const [folder = '', name = '', from = '0'] = process.argv.slice(2);
const store = new MemoryStore();
const datasets = new Datasets(folder, store, consoleLog('error'));

process.send?.('ready');
for (let round = Number(from); ; round++) {
  const entries = Array.from({ length: 5000 }, (_, index) => [`key:${index}`, String(round)] as const);
  store.set(undefined, entries, false);
  const { outcome } = await datasets.saveKeys(name);
  process.send?.({ outcome, round });
}
