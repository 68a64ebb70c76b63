import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { endings, type FaultLedger, kinds } from '../test/support/faults/ledger.js';
import { type Round, round, Storm } from './storm.js';
import { table } from './table.js';

const usage = `npm run soak -- [--minutes N] [--seed N] [--clients N]

Random load over random faults and random restarts of the server, for so many minutes (default 1). Prints what was tried and
how it ended, and compares it with the server's store. Exits with 1 where an answer was wrong, a command was executed twice,
a call did not settle, or anything was left behind.
`;

/** Milliseconds between two audits of everything: whatever breaks is found near to what broke it. */
const auditInterval = 10_000;

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    clients: { type: 'string', default: '4' },
    help: { type: 'boolean', default: false },
  },
});

if (flags.help) process.stdout.write(usage);
else {
  // Caught here: an error of the soak itself must not count as one of the client that nobody heard of.
  const status = await soak(Number(flags.minutes), Number(flags.seed), Number(flags.clients)).catch((error) => {
    process.stderr.write(`The soak itself failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  });
  // Nothing keeps it from ending by itself; but after a storm of broken sockets Node 20 was seen to spin in its own clean-up.
  process.stdout.write('', () => process.exit(status));
}

async function soak(minutes: number, seed: number, clients: number): Promise<number> {
  process.stdout.write(`seed ${seed}: ${minutes} minutes of random load and faults, ${clients} clients\n`);
  const unhandled: string[] = [];
  process.on('unhandledRejection', (reason) => unhandled.push(`unhandled rejection: ${String(reason)}`));
  process.on('uncaughtException', (error) => unhandled.push(`uncaught exception: ${String(error)}`));

  const storm = await Storm.gather(clients);
  const end = performance.now() + minutes * 60_000;
  let nextAudit = performance.now() + auditInterval;
  let broken: readonly string[] = [];
  for (const each of rounds(seed)) {
    await storm.rage(each);
    const isOver = performance.now() >= end;
    if (!isOver && performance.now() < nextAudit) continue;
    broken = [...(await storm.calm()), ...unhandled];
    process.stdout.write(`${progress(storm)}\n`);
    if (isOver || broken.length > 0) break;
    nextAudit = performance.now() + auditInterval;
  }
  broken = [...broken, ...(await storm.disperse())];

  process.stdout.write(`\n${happenings(storm)}\n\n${outcomes(storm.ledger)}\n\n`);
  if (broken.length === 0) process.stdout.write('Every call settled once, and all of them were told the truth.\n');
  else process.stdout.write(`BROKEN, with seed ${seed}:\n${broken.map((each) => `- ${each}\n`).join('')}`);
  return broken.length === 0 ? 0 : 1;
}

/** Endless rounds, all of which follow from the seed. */
function* rounds(seed: number): Generator<Round> {
  for (let batch = 0; ; batch++) yield* fc.sample(round, { seed: seed + batch, numRuns: 100 });
}

function total(ledger: FaultLedger): number {
  return [...ledger.counts.values()].flatMap((counts) => [...counts.values()]).reduce((sum, count) => sum + count, 0);
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

function progress({ ledger, startedAt, happened }: Storm): string {
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const faults = [...happened.values()].reduce((sum, count) => sum + count, 0);
  const { heapUsed, rss } = process.memoryUsage();
  return `${String(seconds).padStart(5)} s  ${total(ledger)} calls, ${faults} faults, heap ${mebibytes(heapUsed)} MiB, rss ${mebibytes(rss)} MiB`;
}

function happenings({ happened }: Storm): string {
  const rows = [...happened].sort(([a], [b]) => a.localeCompare(b)).map(([name, count]) => [name, String(count)]);
  return table(['what happened', 'times'], rows);
}

function outcomes({ counts }: FaultLedger): string {
  const columns = ['kind', 'tried', ...endings];
  const rows = kinds.map((kind) => {
    const ended = endings.map((ending) => counts.get(kind)?.get(ending) ?? 0);
    return [kind, ...[ended.reduce((sum, count) => sum + count, 0), ...ended].map(String)];
  });
  const sums = columns.slice(1).map((_, column) => rows.reduce((sum, row) => sum + Number(row[column + 1]), 0));
  return table(columns, [...rows, ['all', ...sums.map(String)]]);
}
