// What a server over Redis costs, as ratios in one run: `npm run bench:store`. Needs `redis-server`.
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { WebSocket } from 'ws';
import { startGateway } from '../test/redis/support/gateway-process.js';
import { hasRedisServer, startRedis } from '../test/redis/support/redis-processes.js';
import { type Issue, measureLoop } from './closed-loop.js';
import { failBenchmark, smallValue } from './contenders.js';
import { alternate, compare, quantile, spreadOf } from './statistics.js';
import { compared, type Row, reported, table } from './table.js';

/** With `--quick`: enough to see whether something went wrong. */
const isQuick = process.argv.includes('--quick');
const manySessions = isQuick ? 10_000 : 100_000;
const requests = isQuick ? 3000 : 20_000;
const rounds = 5;
const sessionCount = 1000;
const duration = 600;
const value = JSON.stringify(smallValue);

/** A connection that gives replies as they come: parsing them is no part of what is measured. */
async function connect(
  url: string,
): Promise<{ ask(request: string, onReply: (reply: string) => void): void; close(): void }> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const waiting: ((reply: string) => void)[] = [];
  let head = 0;
  socket.on('message', (data) => {
    waiting[head++]?.(data.toString());
    if (head > 4096) waiting.splice(0, head);
    if (waiting.length < head) head = 0;
  });
  await once(socket, 'open');
  return {
    ask(request, onReply) {
      waiting.push(onReply);
      socket.send(request);
    },
    close: () => socket.close(),
  };
}

/** Makes sessions that each `SH_SET` extends, through a server. */
async function createSessions(url: string, count: number, seconds: number): Promise<string[]> {
  const line = await connect(url);
  const request = `{"SH_NEW":{"expiry":{"duration":${seconds},"deleteSession":true,"extendOnSetAdd":true}}}`;
  const tokens: string[] = [];
  const issue: Issue = (_, done) =>
    line.ask(request, (reply) => {
      const [, token] = /"tkn":(\d+)/.exec(reply) ?? [];
      if (token === undefined) return failBenchmark(new Error(`No session was created: ${reply}`));
      tokens.push(token);
      done();
    });
  await measureLoop({ count, inFlight: 500, issue });
  line.close();
  return tokens;
}

/** Sets a key of a session and moves its deadline, by a command to a server. */
async function throughServer(url: string, tokens: readonly string[]) {
  const line = await connect(url);
  const issue: Issue = (index, done) =>
    line.ask(`{"SH_SET":{"tkn":${tokens[index % tokens.length]},"keys":{"user":${value}}}}`, done);
  return { issue, close: line.close };
}

/** The same work by hand: a hash with a time to live. */
function byHand(port: number) {
  const redis = new Redis(port, '127.0.0.1');
  const issue: Issue = (index, done) => {
    const key = `by-hand:${index % sessionCount}`;
    redis
      .pipeline([
        ['hset', key, 'user', value],
        ['pexpire', key, duration * 1000],
      ])
      .exec()
      .then(() => done(), failBenchmark);
  };
  return { issue, close: () => redis.disconnect() };
}

async function throughputRows(server: string, second: string, port: number): Promise<Row[]> {
  const tokens = await createSessions(server, sessionCount, duration);
  const one = await throughServer(server, tokens);
  const other = await throughServer(second, tokens);
  const hand = byHand(port);
  const rows: Row[] = [];
  for (const [inFlight, atLeast] of [
    [64, 0.5],
    [1000, 0.8],
  ] as const) {
    const samples = await alternate(
      rounds,
      () => measureLoop({ count: requests, inFlight, issue: one.issue }),
      () => measureLoop({ count: requests, inFlight, issue: hand.issue }),
    );
    const thousands = (costs: readonly { throughput: number }[]) => costs.map(({ throughput }) => throughput / 1000);
    const comparison = compare(thousands(samples.ours), thousands(samples.peer));
    rows.push(compared(`set and extend, ${inFlight} in flight`, 'k/s', 'ioredis', comparison, { atLeast }));
  }
  const both: Issue = (index, done) => (index % 2 === 0 ? one : other).issue(index, done);
  const samples = await alternate(
    rounds,
    () => measureLoop({ count: requests, inFlight: 1000, issue: both }),
    () => measureLoop({ count: requests, inFlight: 1000, issue: one.issue }),
  );
  const thousands = (costs: readonly { throughput: number }[]) => costs.map(({ throughput }) => throughput / 1000);
  rows.push(
    compared(
      'two servers, 1,000 in flight',
      'k/s',
      'one server',
      compare(thousands(samples.ours), thousands(samples.peer)),
    ),
  );
  one.close();
  other.close();
  hand.close();
  return rows;
}

/** Gets one after the other until `isOver`: how long each took in milliseconds, sorted. */
async function latencies(url: string, token: string, isOver: () => boolean): Promise<number[]> {
  const line = await connect(url);
  const taken: number[] = [];
  while (!isOver()) {
    const started = performance.now();
    await new Promise<void>((resolve) => line.ask(`{"SH_GET":{"tkn":${token},"keys":["user"]}}`, () => resolve()));
    taken.push(performance.now() - started);
  }
  line.close();
  return taken.sort((a, b) => a - b);
}

const sweepInterval = 40_000;

/** All sessions are past their deadline when the server sweeps: they expire as fast as it can. */
async function expiryRows(redis: Redis, storeUrl: string): Promise<Row[]> {
  const server = await startGateway(storeUrl, 'expiry', sweepInterval);
  const started = performance.now();
  const elapsed = () => performance.now() - started;
  const [token = ''] = await createSessions(server.url, 1, duration);
  const before = await usedMemory(redis);
  await createSessions(server.url, manySessions, 1);
  const after = await usedMemory(redis);
  const quietUntil = elapsed() + 3000;
  if (quietUntil > sweepInterval - 2000)
    throw new Error('This machine is too slow to make the sessions before the sweep.');
  const quiet = await latencies(server.url, token, () => elapsed() > quietUntil);

  await wait(sweepInterval - 500 - elapsed());
  let sessions = manySessions;
  let firstAt = 0;
  const count = async () => {
    const line = await connect(server.url);
    while (sessions > 1) {
      const reply = await new Promise<string>((resolve) => line.ask('{"SH_INFO_ALL":{}}', resolve));
      sessions = Number(/"totalSessions":(\d+)/.exec(reply)?.[1]);
      if (sessions <= manySessions && firstAt === 0) firstAt = elapsed();
      await wait(50);
    }
    line.close();
  };
  const [busy] = await Promise.all([latencies(server.url, token, () => sessions <= 1), count()]);
  const seconds = (elapsed() - firstAt) / 1000;
  await server.kill();
  const p99 = (values: readonly number[]) => quantile(values, 0.99);
  return [
    reported('memory of a session without keys, in Redis', 'B', spreadOf([(after - before) / manySessions])),
    reported(`${manySessions.toLocaleString('en')} sessions expire within`, 's', spreadOf([seconds])),
    compared('p99 of a get meanwhile', 'ms', 'before', compare([p99(busy)], [p99(quiet)])),
    reported('the longest get meanwhile', 'ms', spreadOf([busy.at(-1) ?? Number.NaN])),
  ];
}

const usedMemory = async (redis: Redis) => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);

async function memoryRow(redis: Redis, server: string): Promise<Row> {
  const count = 5000;
  const before = await usedMemory(redis);
  const tokens = await createSessions(server, count, duration);
  const keys = Array.from({ length: 10 }, (_, index) => `"key${index}":${value}`).join(',');
  const line = await connect(server);
  const issue: Issue = (index, done) => line.ask(`{"SH_SET":{"tkn":${tokens[index]},"keys":{${keys}}}}`, done);
  await measureLoop({ count, inFlight: 100, issue });
  line.close();
  const bytes = ((await usedMemory(redis)) - before) / count;
  return reported('memory of a session with 10 keys of 43 bytes, in Redis', 'B', spreadOf([bytes]));
}

if (!hasRedisServer()) {
  process.stdout.write(
    'There is no redis-server 7 here, so nothing was measured (Debian: apt install redis-server).\n',
  );
} else {
  const redis = await startRedis();
  const admin = new Redis(redis.port, '127.0.0.1');
  const [first, second] = await Promise.all([
    startGateway(redis.url, 'bench', 5000),
    startGateway(redis.url, 'bench', 5000),
  ]);
  try {
    const rows = await throughputRows(first.url, second.url, redis.port);
    rows.push(await memoryRow(admin, first.url), ...(await expiryRows(admin, redis.url)));
    process.stdout.write(`${table(rows)}\n`);
  } finally {
    await Promise.all([first.kill(), second.kill()]);
    admin.disconnect();
    await redis.stop();
  }
}
