import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { NdbClient } from 'rx-nemesisdb';
import { firstValueFrom } from 'rxjs';
import { closedLoop } from './closed-loop.js';
import { failBenchmark } from './contenders.js';
import { heapInUse } from './heap.js';
import { serverUnderLoad } from './server-process.js';

/*
 * Many followed sessions that expire in the same second: what they weigh, on how many timers they run, and what ordinary requests
 * of the same client feel of it.
 *
 *     npm run bench:sessions -- [--sessions 100000]
 *
 * against an embedded server in a process of its own, or a NemesisDB at `NDB_URL`.
 */

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '100000' },
    // Nobody follows: what ordinary requests feel of the server's own work.
    unfollowed: { type: 'boolean', default: false },
  },
});

const quantile = (sorted: readonly number[], share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;

const count = Number(values.sessions);
// What NemesisDB ships with: some 45 sessions fit in one question.
const server = await serverUnderLoad(1024);
const client = new NdbClient({ maxQueued: 1_000_000, timeout: 60_000 });
await firstValueFrom(client.open(server.url));
await firstValueFrom(client.kv_set({ ordinary: 1 }));

/** Latencies of ordinary requests, one at a time, until told to stop; in ms, sorted. */
async function ordinaryRequests(until: () => boolean): Promise<readonly number[]> {
  const latencies: number[] = [];
  while (!until()) {
    const started = performance.now();
    await firstValueFrom(client.kv_get({ key: 'ordinary' }));
    latencies.push(performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return latencies.sort((a, b) => a - b);
}

/** Timers that are set. */
const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

const timersBefore = timers();
const heapBefore = await heapInUse();
const setUp = performance.now();
const lifetime = 20_000 + count / 5;
let expired = 0;
let events = 0;
await closedLoop(count, 128, (index, done) => {
  const durationSeconds = Math.ceil((lifetime - (performance.now() - setUp)) / 1000);
  const kind = index % 4;
  client.sh_create_session({ durationSeconds, deleteSessionOnExpire: kind !== 0, extendOnGet: kind === 1 }).subscribe({
    next: (session) => {
      if (values.unfollowed) return done();
      session.events$.subscribe((event) => {
        events += 1;
        if (event.type === 'expired' || event.type === 'reset') expired += 1;
      });
      done();
    },
    error: failBenchmark,
  });
});
const heap = ((await heapInUse()) - heapBefore) / count / 1024;
const timersSet = timers() - timersBefore;
const createdIn = performance.now() - setUp;

const quietUntil = performance.now() + 4000;
const quiet = await ordinaryRequests(() => performance.now() > quietUntil);
// `expiring` comes a tenth of the duration before: the busy time begins with it.
const eventLoop = monitorEventLoopDelay({ resolution: 1 });
await new Promise((resolve) => setTimeout(resolve, Math.max(0, setUp + lifetime * 0.88 - performance.now())));
eventLoop.enable();
const busyFrom = performance.now();
const busy = await ordinaryRequests(
  () => expired >= count || performance.now() > busyFrom + (values.unfollowed ? 12_000 : 60_000),
);
eventLoop.disable();

const ms = (value: number | undefined) => `${(value ?? Number.NaN).toFixed(2)} ms`;
console.log(`${count.toLocaleString('en')} followed sessions, created in ${(createdIn / 1000).toFixed(1)} s`);
console.log(`heap of each                 ${heap.toFixed(2)} KiB (at most 1)`);
console.log(`timers                       ${timersSet} (1)`);
console.log(`expired                      ${expired.toLocaleString('en')}, in ${events.toLocaleString('en')} events`);
console.log(`longest event-loop block     ${ms(eventLoop.max / 1e6)} (at most 50)`);
console.log(
  `ordinary request, p50        ${ms(quantile(quiet, 0.5))} before, ${ms(quantile(busy, 0.5))} while they expire`,
);
console.log(
  `ordinary request, p99        ${ms(quantile(quiet, 0.99))} before, ${ms(quantile(busy, 0.99))} while they expire (at most twice)`,
);
await firstValueFrom(client.close());
server.stop();
