import type { Work } from '../json-path/json-path.js';
import type { Later } from '../store/store.js';

/** Commands that wait for their next slice. One of them goes on in each turn of the event loop. */
const waiting: (() => void)[] = [];

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(wakeNext);
  });
}

function wakeNext(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(wakeNext);
}

/** Does a command's work in slices, each ended by a `yield`. Others run between them. At once if it takes only one. */
export function inSlices<T>(slices: Generator<void, T>, work: Work): Later<T> {
  const first = slices.next();
  return first.done ? first.value : theRest(slices, work);
}

async function theRest<T>(slices: Generator<void, T>, work: Work): Promise<T> {
  for (;;) {
    await nextTurn();
    work.beginSlice();
    const slice = slices.next();
    if (slice.done) return slice.value;
  }
}
