import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Plan } from './plan.js';
import { compare, spreadOf } from './statistics.js';
import { compared, type Row, reported } from './table.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Milliseconds that a fresh process takes to import a package, after those that it has imported already. */
function importTime(name: string, already: readonly string[] = []): number {
  const program = [
    ...already.map((other) => `await import('${other}');`),
    `const started = performance.now(); await import('${name}'); console.log(performance.now() - started);`,
  ].join('\n');
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', program], { cwd: root }));
}

/** How long a program waits for the package, beside the time for a client of Redis. */
export function importRows(plan: Plan): readonly Row[] {
  const times = { ours: [] as number[], besideRxjs: [] as number[], peer: [] as number[] };
  for (let round = 0; round <= plan.rounds; round++) {
    const ours = importTime('rx-nemesisdb');
    const besideRxjs = importTime('rx-nemesisdb', ['rxjs']);
    const peer = importTime('ioredis');
    // The first finds the files not yet read.
    if (round === 0) continue;
    times.ours.push(ours);
    times.besideRxjs.push(besideRxjs);
    times.peer.push(peer);
  }
  return [
    reported('import of the package', 'ms', spreadOf(times.ours)),
    compared('import of the package', 'ms', 'ioredis', compare(times.ours, times.peer)),
    compared('import of the package into a program with rxjs', 'ms', 'ioredis', compare(times.besideRxjs, times.peer), {
      atMost: 0.7,
    }),
  ];
}
