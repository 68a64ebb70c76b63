import type { Later } from '../store/later.js';
import { Turns } from '../turns.js';

/** So many are sorted or merged before others may work: about a millisecond. */
const runLength = 5000;

/** Sorts by name. A long list is sorted in turns, as a million names take a second. */
export function sortInTurns(names: string[]): Later<readonly string[]> {
  return names.length <= runLength ? names.sort() : sortRuns(names);
}

async function sortRuns(names: readonly string[]): Promise<readonly string[]> {
  const turns = new Turns();
  let runs: string[][] = [];
  for (let at = 0; at < names.length; at += runLength) {
    runs.push(names.slice(at, at + runLength).sort());
    await turns.next();
  }
  while (runs.length > 1) {
    const merged: string[][] = [];
    for (let at = 0; at < runs.length; at += 2) merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], turns));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge(one: string[], other: string[], turns: Turns): Promise<string[]> {
  const merged: string[] = [];
  let [inOne, inOther] = [0, 0];
  while (inOne < one.length && inOther < other.length) {
    const isFirst = (one[inOne] as string) <= (other[inOther] as string); // both below the length
    merged.push((isFirst ? one[inOne++] : other[inOther++]) as string);
    if (merged.length % runLength === 0) await turns.next();
  }
  for (; inOne < one.length; inOne++) merged.push(one[inOne] as string);
  for (; inOther < other.length; inOther++) merged.push(other[inOther] as string);
  return merged;
}
