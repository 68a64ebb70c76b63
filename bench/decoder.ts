import { measure } from 'mitata';
import type { Plan } from './plan.js';
import { compare } from './statistics.js';
import { compared, type Row } from './table.js';

/** What is measured is a part of the package that it does not export. */
interface Decoder {
  parseJson(text: string): unknown;
}

// Bundled beside the built benchmark by its script.
const location = new URL('json.js', import.meta.url).href;
const { parseJson } = (await import(location)) as Decoder; // an import by a computed name has no type

/** A reply of 100 integers, all of that many digits. */
function replyOf(digits: number): string {
  const integers = Array.from({ length: 100 }, (_, index) => `"k${index}":${'1234567890123456789'.slice(0, digits)}`);
  return `{"SH_GET_RSP":{"keys":{${integers.join(',')}},"st":1}}`;
}

/** Nanoseconds for one reading of a text. */
async function timeOf(text: string): Promise<number> {
  return (await measure(() => parseJson(text), { min_cpu_time: 50e6 })).p50;
}

/** The decoder's two paths: integers that a double holds, and those that take 64 bits. */
export async function decoderRows(plan: Plan): Promise<readonly Row[]> {
  const [slow, fast] = [replyOf(19), replyOf(15)];
  const times = { slow: [] as number[], fast: [] as number[] };
  for (let round = 0; round < plan.rounds; round++) {
    times.slow.push((await timeOf(slow)) / 1000);
    times.fast.push((await timeOf(fast)) / 1000);
  }
  return [
    compared('reading 100 integers of 64 bits', 'µs', 'of 15 digits', compare(times.slow, times.fast), { atMost: 6 }),
  ];
}
