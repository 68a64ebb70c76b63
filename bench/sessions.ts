import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
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

/** Something from outside that calls for a request, as messages do in a service: after 1 ms or so, whatever this thread does. */
const outside = new Worker(
  `const { parentPort } = require('node:worker_threads');
   const never = new Int32Array(new SharedArrayBuffer(4));
   parentPort.on('message', () => {
     Atomics.wait(never, 0, 0, 0.2 + 1.6 * Math.random());
     parentPort.postMessage(performance.timeOrigin + performance.now());
   });`,
  { eval: true },
);
outside.unref();

/** The moment at which it was called for: how long that then waits for this thread counts. */
async function call(): Promise<number> {
  outside.postMessage('soon');
  const [calledAt] = await once(outside, 'message');
  return calledAt - performance.timeOrigin;
}

const timer = () => new Promise<number>((resolve) => setTimeout(() => resolve(performance.now()), 1));

/**
 * Latencies of ordinary requests, one at a time, until told to stop; in ms, sorted. In turn, one is called for from outside, and one
 * begins on a timer of a millisecond: those keep step with the client's own, and meet whatever it does on them.
 */
async function ordinaryRequests(until: () => boolean) {
  const latencies = { called: [] as number[], onTimer: [] as number[] };
  const request = async (wait: () => Promise<number>, into: number[]) => {
    const started = await wait();
    await firstValueFrom(client.kv_get({ key: 'ordinary' }));
    into.push(performance.now() - started);
  };
  while (!until()) {
    await request(call, latencies.called);
    await request(timer, latencies.onTimer);
  }
  latencies.called.sort((a, b) => a - b);
  latencies.onTimer.sort((a, b) => a - b);
  return latencies;
}

/** Timers that are set. */
const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

const timersBefore = timers();

/**
 * Creates and follows so many sessions that all expire after `lifetime` ms: of a quarter the keys alone, a quarter extendable by a get.
 * Ordinary requests are timed while they live and while they expire.
 */
async function expire(sessions: number, lifetime: number) {
  const heapBefore = await heapInUse();
  const setUp = performance.now();
  let expired = 0;
  let events = 0;
  await closedLoop(sessions, 128, (index, done) => {
    const durationSeconds = Math.ceil((lifetime - (performance.now() - setUp)) / 1000);
    const kind = index % 4;
    client
      .sh_create_session({ durationSeconds, deleteSessionOnExpire: kind !== 0, extendOnGet: kind === 1 })
      .subscribe({
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
  const heap = ((await heapInUse()) - heapBefore) / sessions / 1024;
  const timersSet = timers() - timersBefore;
  const createdIn = performance.now() - setUp;

  const quietUntil = Math.min(performance.now() + 15_000, setUp + lifetime * 0.8);
  const quiet = await ordinaryRequests(() => performance.now() > quietUntil);
  // `expiring` comes a tenth of the duration before: the busy time begins with it.
  const eventLoop = monitorEventLoopDelay({ resolution: 1 });
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, setUp + lifetime * 0.88 - performance.now())));
  eventLoop.enable();
  const busyUntil = performance.now() + (values.unfollowed ? 12_000 : 60_000);
  const busy = await ordinaryRequests(() => expired >= sessions || performance.now() > busyUntil);
  eventLoop.disable();
  return { heap, timersSet, createdIn, expired, events, quiet, busy, longestBlock: eventLoop.max / 1e6 };
}

const ms = (value: number | undefined) => `${(value ?? Number.NaN).toFixed(2)} ms`;

/** What ordinary requests felt: those that were called for from outside, those on timers, and all of them. */
function tell({ quiet, busy }: Awaited<ReturnType<typeof expire>>) {
  const all = ({ called, onTimer }: typeof quiet) => [...called, ...onTimer].sort((a, b) => a - b);
  for (const [name, before, during] of [
    ['all ordinary requests   ', all(quiet), all(busy)],
    ['  called for from outside', quiet.called, busy.called],
    ['  on a timer of 1 ms    ', quiet.onTimer, busy.onTimer],
  ] as const) {
    const figures = [0.5, 0.99].map((share) => {
      const [was, is] = [quantile(before, share), quantile(during, share)];
      return `p${share * 100} ${ms(was)} before, ${ms(is)} while they expire: ${(is / was).toFixed(2)}`;
    });
    console.log(`${name.padEnd(28)} ${figures.join('; ')}`);
  }
}

const first = 20_000;
console.log(`The first ${first.toLocaleString('en')} sessions that this process sees expire:`);
tell(await expire(first, 10_000));

// A service has seen sessions expire before. The first ones are felt more: while the platform compiles what it meets, its own threads
// take the processors. Measured on two of them, more than half of the slow requests waited for no work of ours on either side.
const later = await expire(count, 20_000 + count / 5);
console.log(`\n${count.toLocaleString('en')} followed sessions, created in ${(later.createdIn / 1000).toFixed(1)} s`);
console.log(`heap of each                 ${later.heap.toFixed(2)} KiB (at most 1)`);
console.log(`timers more than before      ${later.timersSet} (at most 1)`);
console.log(
  `expired                      ${later.expired.toLocaleString('en')}, in ${later.events.toLocaleString('en')} events`,
);
console.log(`longest event-loop block     ${ms(later.longestBlock)} (at most 50)`);
console.log('The p99 of ordinary requests is to be at most twice what it was:');
tell(later);
await firstValueFrom(client.close());
server.stop();
