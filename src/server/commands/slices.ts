import type { Work } from '../json-path/json-path.js';
import type { Later } from '../store/later.js';
import { nextTurn } from '../turns.js';

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
