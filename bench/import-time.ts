import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Plan } from './plan.js';
import { compare } from './statistics.js';
import { compared, type Row, reported } from './table.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Milliseconds that a fresh process takes to import a package. */
function importTime(name: string): number {
  const program = `const started = performance.now(); await import('${name}'); console.log(performance.now() - started);`;
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', program], { cwd: root }));
}

/** How long a program waits for the package, beside the time for a client of Redis. */
export function importRows(plan: Plan): readonly Row[] {
  const times = { ours: [] as number[], peer: [] as number[] };
  for (let round = 0; round <= plan.rounds; round++) {
    const ours = importTime('rx-nemesisdb');
    const peer = importTime('ioredis');
    // The first finds the files not yet read.
    if (round === 0) continue;
    times.ours.push(ours);
    times.peer.push(peer);
  }
  const comparison = compare(times.ours, times.peer);
  return [
    reported('import of the package', 'ms', comparison.ours, { atMost: 60 }),
    compared('the same', 'ms', 'ioredis', comparison),
  ];
}
