/**
 * The embedded server against a bare `ws` server that parses a request and answers it, under the same load from another
 * process; what keys and sessions cost in memory; and how long saving and sweeping hold others up.
 *
 *     npx tsx bench/server.ts [throughput] [memory] [saving] [sweep]     (default: all)
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket, WebSocketServer } from 'ws';
import { type Clock, systemClock } from '../src/clock.js';
import { MemoryStore, NdbServer } from '../src/server/index.js';

const inFlight = 64;
const seconds = 2;
const self = fileURLToPath(import.meta.url);

/** Runs this file as another process in a role; resolves with it and the first thing that it says. */
async function start(role: string, ...args: string[]): Promise<{ child: ChildProcess; said: unknown }> {
  const child = fork(self, [role, ...args]);
  const [said] = await once(child, 'message');
  return { child, said };
}

async function ask(child: ChildProcess, what: string): Promise<unknown> {
  child.send(what);
  const [said] = await once(child, 'message');
  return said;
}

/** Tells the processor time used so far, in microseconds, to whoever asks. */
function tellCpu(): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
}

async function embedded(): Promise<void> {
  const server = await NdbServer.listen();
  tellCpu();
  process.send?.(server.url);
}

function bare(): void {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () => {
    tellCpu();
    process.send?.(`ws://127.0.0.1:${(server.address() as { port: number }).port}/`); // listening on a port, it has one
  });
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const request: unknown = JSON.parse(String(data));
      const [command = ''] = Object.keys(request as object); // our own load sends objects
      socket.send(
        command.endsWith('GET') ? `{"${command}_RSP":{"keys":{"key":"value"},"st":1}}` : `{"${command}_RSP":{"st":1}}`,
      );
    });
  });
}

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
}

/** Keeps requests in flight on a number of connections for some time; tells how many were answered, and in what time. */
async function load(url: string, kind: string, connections: string): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: Number(connections) }, () => open(url)));
  const [first] = sockets;
  let token = '1234567890123456789';
  if (first && !url.includes('bare')) {
    first.send('{"SH_NEW":{}}');
    const [reply] = await once(first, 'message');
    token = /"tkn":(\d+)/.exec(String(reply))?.[1] ?? token;
  }
  let answered = 0;
  let sent = 0;
  const requests: Record<string, () => string> = {
    KV_SET: () => `{"KV_SET":{"keys":{"key:${sent % 10_000}":"value ${sent}"}}}`,
    KV_GET: () => `{"KV_GET":{"keys":["key:${sent % 10_000}"]}}`,
    SH_SET: () => `{"SH_SET":{"tkn":${token},"keys":{"key:${sent % 100}":"value ${sent}"}}}`,
    SH_GET: () => `{"SH_GET":{"tkn":${token},"keys":["key:${sent % 100}"]}}`,
  };
  const make = requests[kind] ?? (() => '{}');
  const begin = performance.now();
  const end = begin + seconds * 1000;
  for (const socket of sockets) {
    socket.on('message', () => {
      answered++;
      if (performance.now() > end) return;
      sent++;
      socket.send(make());
    });
    for (let index = 0; index < inFlight; index++) {
      sent++;
      socket.send(make());
    }
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000 + 300));
  process.send?.({ answered, took: performance.now() - begin - 300 });
  process.exit(0);
}

interface Run {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

async function measure(role: 'embedded' | 'bare', kind: string, connections: number): Promise<Run> {
  const { child, said } = await start(role);
  await start('load', String(said), kind, '1'); // warms it up
  const before = Number(await ask(child, 'cpu'));
  const { said: result } = await start('load', String(said), kind, String(connections));
  const after = Number(await ask(child, 'cpu'));
  child.kill();
  const { answered, took } = result as { answered: number; took: number }; // what `load` tells
  return { perSecond: (answered / took) * 1000, cpuMicros: (after - before) / answered };
}

async function throughput(): Promise<void> {
  console.log(
    '| command | connections | bare ws /s | embedded /s | ratio | processor time a request: bare, embedded | ratio |',
  );
  console.log('|---|---|---|---|---|---|---|');
  for (const connections of [1, 50]) {
    for (const kind of ['KV_SET', 'KV_GET', 'SH_SET', 'SH_GET']) {
      const reference = await measure('bare', kind, connections);
      const ours = await measure('embedded', kind, connections);
      console.log(
        `| ${kind} | ${connections} | ${reference.perSecond.toFixed(0)} | ${ours.perSecond.toFixed(0)} | ` +
          `${(ours.perSecond / reference.perSecond).toFixed(2)} | ${reference.cpuMicros.toFixed(1)} µs, ${ours.cpuMicros.toFixed(1)} µs | ` +
          `${(reference.cpuMicros / ours.cpuMicros).toFixed(2)} |`,
      );
    }
  }
}

function heapNow(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** What each of a number of things takes in a store of their own: measured, and as the store counts it. */
function weigh(number: number, add: (store: MemoryStore, index: number) => void): string {
  const before = heapNow();
  const store = new MemoryStore();
  for (let index = 0; index < number; index++) add(store, index);
  const after = heapNow();
  return `${((after - before) / number).toFixed(0)} | ${(store.memoryUsed / number).toFixed(0)}`;
}

/** To be run with --expose-gc. */
function memory(): void {
  const expiry = { duration: 600, deleteSession: true, extendOnGet: true, extendOnSetAdd: false };
  const rows: [string, number, (store: MemoryStore, index: number) => void][] = [
    [
      'a top-level key (16 characters) with a value of 16',
      1_000_000,
      (store, index) =>
        void store.set(
          undefined,
          [[`user:${String(index).padStart(11, '0')}`, `"value-${String(index).padStart(8, '0')}"`]],
          false,
        ),
    ],
    [
      'an empty session',
      100_000,
      (store, index) => void store.start(String(10n ** 18n + BigInt(index)), { ...expiry }, []),
    ],
    [
      'a session with 10 keys of 8 and values of 16',
      100_000,
      (store, index) =>
        void store.start(
          String(10n ** 18n + BigInt(index)),
          { ...expiry },
          Array.from(
            { length: 10 },
            (_, key) => [`key-${String(key).padStart(4, '0')}`, `"value-${String(index).padStart(8, '0')}"`] as const,
          ),
        ),
    ],
  ];
  console.log('| what | number | heap bytes each | counted by maxMemory |');
  console.log('|---|---|---|---|');
  for (const [name, number, add] of rows) console.log(`| ${name} | ${number} | ${weigh(number, add)} |`);
}

/** Asks for one key again and again from another process; tells the longest wait. */
async function probe(url: string): Promise<void> {
  const socket = await open(url);
  let longest = 0;
  let count = 0;
  process.on('message', () => {
    process.send?.({ longest, count });
    process.exit(0);
  });
  process.send?.('ready');
  for (;;) {
    const begin = performance.now();
    socket.send('{"KV_SET":{"keys":{"probe":1}}}');
    await once(socket, 'message');
    longest = Math.max(longest, performance.now() - begin);
    count++;
  }
}

/** Saves and loads 1,000,000 keys, at the top level and in one session: in what time, and how long others wait at most. */
async function saving(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ndb-bench-'));
  const store = new MemoryStore();
  const entries = Array.from(
    { length: 1_000_000 },
    (_, index) => [`user:${index}`, `{"age":${index % 100},"name":"name of ${index}"}`] as const,
  );
  await store.load(entries);
  store.start('5', undefined, entries);
  entries.length = 0;
  globalThis.gc?.();
  const server = await NdbServer.listen({ store, persist: folder });
  const socket = await open(server.url);
  console.log('| 1,000,000 keys | ms | longest wait of another client, ms | of requests |');
  console.log('|---|---|---|---|');
  for (const command of ['KV_SAVE', 'KV_LOAD', 'SH_SAVE', 'SH_LOAD']) {
    if (command === 'SH_LOAD') store.endAll();
    const { child } = await start('probe', server.url);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const begin = performance.now();
    socket.send(`{"${command}":{"name":"bench-${command.slice(0, 2)}"}}`);
    const [reply] = await once(socket, 'message');
    const took = performance.now() - begin;
    if (!/"st":1[24]1/.test(String(reply))) throw new Error(String(reply));
    const { longest, count } = (await ask(child, 'stop')) as { longest: number; count: number }; // what `probe` tells
    console.log(`| ${command} | ${took.toFixed(0)} | ${longest.toFixed(1)} | ${count} |`);
  }
  socket.terminate();
  await server.close();
  await rm(folder, { recursive: true });
}

/** Expires a million sessions in the same second; tells in what time, and how long others wait at most. */
async function sweep(): Promise<void> {
  let passed = 0;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + passed };
  const store = new MemoryStore({ clock });
  const expiry = { duration: 3600, deleteSession: true, extendOnGet: true, extendOnSetAdd: true };
  for (let index = 0; index < 1_000_000; index++) store.start(String(10n ** 18n + BigInt(index)), expiry, []);
  const stop = store.startExpiry(1000, console.error);
  let longest = 0;
  const until = async (isOver: () => boolean) => {
    while (!isOver()) {
      const begin = performance.now();
      await new Promise((resolve) => setImmediate(resolve));
      longest = Math.max(longest, performance.now() - begin);
    }
  };
  const quiet = performance.now() + 3000;
  await until(() => performance.now() > quiet);
  console.log(`1,000,000 sessions, none due: others wait ${longest.toFixed(1)} ms at most`);
  longest = 0;
  passed = 3_700_000;
  await until(() => store.totals().sessions < 1_000_000);
  const begin = performance.now();
  await until(() => store.totals().sessions === 0);
  const took = (performance.now() - begin).toFixed(0);
  console.log(`1,000,000 due at once: gone in ${took} ms, others wait ${longest.toFixed(1)} ms at most`);
  stop();
}

const [role = '', ...args] = process.argv.slice(2);
const inOtherProcess = new Map<string, () => unknown>([
  ['embedded', embedded],
  ['bare', bare],
  ['load', () => load(args[0] ?? '', args[1] ?? '', args[2] ?? '1')],
  ['probe', () => probe(args[0] ?? '')],
]);
const other = inOtherProcess.get(role);
if (other) {
  await other();
} else {
  const parts = new Map<string, () => unknown>([
    ['throughput', throughput],
    ['memory', memory],
    ['saving', saving],
    ['sweep', sweep],
  ]);
  const chosen = role === '' ? [...parts.keys()] : [role, ...args];
  for (const name of chosen) await parts.get(name)?.();
  process.exit(0);
}
