import type { JsonInput } from 'rx-nemesisdb';
import { lastValueFrom } from 'rxjs';
import { BareLoop } from './bare-loop.js';
import { measureLoop } from './closed-loop.js';
import { connectClient, createSessions, failBenchmark, smallValue } from './contenders.js';
import type { Plan } from './plan.js';
import type { ServerProcess } from './server-process.js';
import { alternate, compare } from './statistics.js';
import { compared, type Row } from './table.js';

/** What is read: so many keys of so many characters each. */
interface Reading {
  readonly work: string;
  readonly keys: number;
  readonly value: JsonInput;
  readonly inFlight: number;
  /** How much of the plan's requests: large replies take longer. */
  readonly share: number;
}

const readings: readonly Reading[] = [
  { work: 'sh_get of 100 keys, 64 in flight', keys: 100, value: smallValue, inFlight: 64, share: 0.1 },
  { work: 'sh_get of a value of 10 KiB, 16 in flight', keys: 1, value: 'x'.repeat(10_240), inFlight: 16, share: 0.3 },
  { work: 'sh_get of a reply of 1 MiB, 2 in flight', keys: 128, value: 'x'.repeat(8192), inFlight: 2, share: 0.004 },
];

/** Replies that are much longer than their requests: throughput against the bare loop. */
export async function largeReplyRows(plan: Plan, server: ServerProcess): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const reading of readings) {
    const longest = JSON.stringify({ SH_SET: { tkn: '18446744073709551615', keys: { k100: reading.value } } }).length;
    if (longest > server.maxPayload) {
      console.log(`${reading.work}: left out, as the server takes no request of ${longest} bytes.`);
      continue;
    }
    rows.push(await measureReading(plan, server, reading));
  }
  return rows;
}

async function measureReading(plan: Plan, { url, maxPayload }: ServerProcess, reading: Reading): Promise<Row> {
  const [tkn = 0n] = await createSessions(url, 1);
  const client = await connectClient(url, { maxPayload });
  const names = Array.from({ length: reading.keys }, (_, index) => `k${index}`);
  await lastValueFrom(client.sh_set(tkn, Object.fromEntries(names.map((name) => [name, reading.value]))));
  const bare = await BareLoop.connect(url);
  const { inFlight } = reading;
  const count = Math.ceil(plan.requests * reading.share);
  const costs = await alternate(
    plan.rounds,
    () =>
      measureLoop({
        count,
        inFlight,
        issue: (_, done) => client.sh_get(tkn, { keys: names }).subscribe({ next: done, error: failBenchmark }),
      }),
    () =>
      measureLoop({
        count,
        inFlight,
        issue: (_, done) => bare.request(`{"SH_GET":{"tkn":${tkn},"keys":${JSON.stringify(names)}}}`, done),
      }),
  );
  client.close();
  bare.close();
  const throughput = compare(
    costs.ours.map((cost) => cost.throughput),
    costs.peer.map((cost) => cost.throughput),
  );
  return compared(`${reading.work}: throughput`, '/s', 'bare loop', throughput, { atLeast: 0.85 });
}
