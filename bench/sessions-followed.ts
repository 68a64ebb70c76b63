import type { Session } from 'rx-nemesisdb';
import { firstValueFrom, type Subscription } from 'rxjs';
import { closedLoop } from './closed-loop.js';
import { connectClient, failBenchmark } from './contenders.js';
import { heapInUse } from './heap.js';
import type { Plan } from './plan.js';
import { compare, spreadOf } from './statistics.js';
import { compared, type Row, reported } from './table.js';

/** What one session costs, of so many: KiB of heap, and µs of processor time to create, to follow, to extend and to leave it. */
interface Cost {
  readonly heap: number;
  readonly processorTime: number;
}

/** Sessions whose streams are subscribed to: what each costs, and that it does not depend on how many there are. */
export async function sessionRows(plan: Plan, url: string): Promise<readonly Row[]> {
  const few = 100;
  await follow(url, 1000);
  const rows: Row[] = [];
  for (let count = few * 10; count <= plan.manySessions; count *= 10) {
    const costs = { few: [] as Cost[], many: [] as Cost[] };
    for (let round = 0; round < plan.rounds; round++) {
      costs.few.push(await followAgain(url, few));
      costs.many.push(await follow(url, count));
    }
    const written = count.toLocaleString('en');
    const times = (cost: readonly Cost[]) => cost.map(({ processorTime }) => processorTime);
    rows.push(
      compared(
        `${written} sessions: processor time of each`,
        'µs',
        'of 100:',
        compare(times(costs.many), times(costs.few)),
        {
          atMost: 1.1,
        },
      ),
    );
    if (count * 10 > plan.manySessions) {
      const heap = spreadOf(costs.many.map((cost) => cost.heap));
      rows.push(reported(`heap of a followed session, of ${written}`, 'KiB', heap, { atMost: 1 }));
    }
  }
  return rows;
}

/** So few are over at once: what one of many repetitions costs. */
async function followAgain(url: string, count: number): Promise<Cost> {
  const costs: Cost[] = [];
  for (let repetition = 0; repetition < 10; repetition++) costs.push(await follow(url, count));
  return {
    heap: spreadOf(costs.map(({ heap }) => heap)).median,
    processorTime: spreadOf(costs.map(({ processorTime }) => processorTime)).median,
  };
}

async function follow(url: string, count: number): Promise<Cost> {
  const client = await connectClient(url);
  const settings = { durationSeconds: 3600, extendOnSetAdd: true };
  const subscriptions: Subscription[] = [];
  const heapBefore = await heapInUse();
  const before = process.cpuUsage();
  const sessions: Session[] = [];
  await closedLoop(count, 64, (_, done) => {
    client.sh_create_session(settings).subscribe({
      next: (session) => {
        sessions.push(session);
        subscriptions.push(session.expired$.subscribe());
        session.set({}).subscribe({ next: () => done(), error: failBenchmark });
      },
      error: failBenchmark,
    });
  });
  const between = process.cpuUsage(before);
  const heap = ((await heapInUse()) - heapBefore) / count / 1024;
  const beforeLeaving = process.cpuUsage();
  for (const subscription of subscriptions) subscription.unsubscribe();
  const leaving = process.cpuUsage(beforeLeaving);
  await firstValueFrom(client.sh_end_all());
  await firstValueFrom(client.close());
  const microseconds = between.user + between.system + leaving.user + leaving.system;
  return { heap, processorTime: microseconds / count };
}
