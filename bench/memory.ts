import { BareLoop } from './bare-loop.js';
import { closedLoop } from './closed-loop.js';
import { connectClient, createSessions, ourClient } from './contenders.js';
import { heapInUse, heapInUseNow, heapOfEach } from './heap.js';
import type { Plan } from './plan.js';
import { alternate, compare, spreadOf } from './statistics.js';
import { compared, type Row, reported } from './table.js';

const idleClients = 100;
const waitingRequests = 5000;
const megabyte = 1e6;

/** What clients and requests take of the heap, beside a bare WebSocket and its requests. */
export async function memoryRows(plan: Plan, url: string): Promise<readonly Row[]> {
  const idle = await alternate(
    plan.rounds,
    () => weighIdle(() => connectClient(url)),
    () => weighIdle(() => BareLoop.connect(url)),
  );
  const tkns = await createSessions(url, 100);
  const ours = await ourClient(url, tkns);
  const waiting: number[] = [];
  for (let round = 0; round < plan.rounds; round++) waiting.push(await weighWaiting(ours.get));
  ours.close();
  return [
    compared('heap of an idle client', 'KiB', 'bare loop', compare(idle.ours, idle.peer)),
    // The bare loop keeps nothing of a request but a function: a ratio would say nothing.
    reported(`heap of a request under way, of ${waitingRequests.toLocaleString('en')}`, 'KiB', spreadOf(waiting)),
  ];
}

async function weighIdle(connect: () => Promise<{ close(): unknown }>): Promise<number> {
  const clients: { close(): unknown }[] = [];
  const kibibytes = await heapOfEach(idleClients, async () => {
    while (clients.length < idleClients) clients.push(await connect());
    return clients;
  });
  for (const client of clients) client.close();
  return kibibytes;
}

async function weighWaiting(issue: (index: number, done: () => void) => void): Promise<number> {
  await heapInUse();
  const before = heapInUseNow();
  let kibibytes = 0;
  await new Promise<void>((resolve) => {
    let ended = 0;
    const done = () => {
      ended += 1;
      if (ended === waitingRequests) resolve();
    };
    for (let index = 0; index < waitingRequests; index++) issue(index, done);
    // None can be answered before this turn ends.
    kibibytes = (heapInUseNow() - before) / waitingRequests / 1024;
  });
  return kibibytes;
}

/** Whether a long run leaves anything behind, and what its commands cost at its beginning and at its end. */
export async function longRunRows(plan: Plan, url: string): Promise<readonly Row[]> {
  const tkns = await createSessions(url, 1000);
  const ours = await ourClient(url, tkns);
  const costOf = async (count: number, times = 1) => {
    const before = process.cpuUsage();
    for (let time = 0; time < times; time++) await closedLoop(count, 64, ours.get);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / (count * times);
  };
  await costOf(20_000);
  const rows: Row[] = [];
  const few = 1000;
  for (let count = few * 10; count <= plan.longRun; count *= 10) {
    const before = await heapInUse();
    const costs = { few: [] as number[], many: [] as number[] };
    // The long run in pieces, without a pause but for a short one beside each.
    for (let piece = 0; piece < plan.rounds; piece++) {
      // A thousand take 3 ms, and one pause of the collector in these would double what each costs.
      costs.few.push(await costOf(few, 10));
      costs.many.push(await costOf(Math.ceil(count / plan.rounds)));
    }
    const left = ((await heapInUse()) - before) / megabyte;
    const written = count.toLocaleString('en');
    rows.push(
      compared(`${written} in a row: processor time of each`, 'µs', 'of 1,000:', compare(costs.many, costs.few), {
        atMost: 1.1,
      }),
    );
    if (count === plan.longRun) {
      rows.push(reported(`${written} in a row: heap left behind`, 'MB', spreadOf([left]), { atMost: 2 }));
    }
  }
  ours.close();
  return rows;
}
