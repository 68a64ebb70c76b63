import { type Cost, measureLoop } from './closed-loop.js';
import { bareLoop, type Contender, ourClient } from './contenders.js';
import type { Plan } from './plan.js';
import { alternate, compare, quantile } from './statistics.js';
import { compared, type Row } from './table.js';

const inFlight = 64;

const throughputs = (costs: readonly Cost[]) => costs.map(({ throughput }) => throughput / 1000);
const processorTimes = (costs: readonly Cost[]) => costs.map(({ processorTime }) => processorTime);
const latencies = (share: number) => (costs: readonly Cost[]) => costs.map((cost) => quantile(cost.latencies, share));

/** 64 in flight on one connection, against the bare loop, and against one that corks its writes: that is the limit. */
export async function throughputRows(
  plan: Plan,
  ours: Contender,
  bare: Contender,
  corked: Contender,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const count = plan.requests;
  for (const work of ['set', 'get'] as const) {
    const costs = await alternate(
      plan.rounds,
      () => measureLoop({ count, inFlight, issue: ours[work] }),
      () => measureLoop({ count, inFlight, issue: bare[work] }),
    );
    const throughput = compare(throughputs(costs.ours), throughputs(costs.peer));
    const processorTime = compare(processorTimes(costs.ours), processorTimes(costs.peer));
    rows.push(
      compared(`sh_${work}, 64 in flight: throughput`, 'k/s', bare.name, throughput, { atLeast: 1 }),
      compared(`sh_${work}, 64 in flight: processor time of the client`, 'µs', bare.name, processorTime, {
        atMost: 0.7,
      }),
    );
    const limit = await alternate(
      plan.rounds,
      () => measureLoop({ count, inFlight, issue: ours[work] }),
      () => measureLoop({ count, inFlight, issue: corked[work] }),
    );
    const ofLimit = compare(throughputs(limit.ours), throughputs(limit.peer));
    rows.push(compared(`sh_${work}, 64 in flight: throughput`, 'k/s', corked.name, ofLimit, { atLeast: 0.8 }));
  }
  return rows;
}

/** The same against clients of Redis. */
export async function redisRows(
  plan: Plan,
  ours: Contender,
  peers: readonly (readonly [peer: Contender, atLeast: number])[],
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const count = plan.requests;
  for (const [peer, atLeast] of peers) {
    for (const work of ['set', 'get'] as const) {
      const costs = await alternate(
        plan.rounds,
        () => measureLoop({ count, inFlight, issue: ours[work] }),
        () => measureLoop({ count, inFlight, issue: peer[work] }),
      );
      const throughput = compare(throughputs(costs.ours), throughputs(costs.peer));
      // Redis is a server of another kind: what the client itself costs says more of the clients.
      const processorTime = compare(processorTimes(costs.ours), processorTimes(costs.peer));
      rows.push(
        compared(`sh_${work}, 64 in flight: throughput`, 'k/s', peer.name, throughput, { atLeast }),
        compared(`sh_${work}, 64 in flight: processor time of the client`, 'µs', peer.name, processorTime),
      );
    }
  }
  return rows;
}

/** How long one command takes: alone, and among a thousand callers. */
export async function latencyRows(plan: Plan, url: string, tkns: readonly bigint[]): Promise<readonly Row[]> {
  const ours = await ourClient(url, tkns);
  const bare = await bareLoop(url, tkns);
  const alone = { count: Math.ceil(plan.requests / 10), inFlight: 1, withLatencies: true };
  const crowd = { count: plan.requests, inFlight: 1000, withLatencies: true };
  const rows: Row[] = [];
  for (const work of ['set', 'get'] as const) {
    const costs = await alternate(
      plan.rounds,
      () => measureLoop({ ...alone, issue: ours[work] }),
      () => measureLoop({ ...alone, issue: bare[work] }),
    );
    const median = latencies(0.5);
    const latency = compare(median(costs.ours), median(costs.peer));
    rows.push(compared(`sh_${work}, one at a time: median latency`, 'ms', bare.name, latency, { atMost: 1.15 }));
  }
  const costs = await alternate(
    plan.rounds,
    () => measureLoop({ ...crowd, issue: ours.get }),
    () => measureLoop({ ...crowd, issue: bare.get }),
  );
  const p99 = latencies(0.99);
  const slowest = compare(p99(costs.ours), p99(costs.peer));
  rows.push(compared('sh_get, 1,000 callers, one in flight each: p99', 'ms', bare.name, slowest, { atMost: 1.2 }));
  ours.close();
  bare.close();
  return rows;
}
