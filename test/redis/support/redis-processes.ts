import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** Whether a `redis-server` of version 7 or later is installed. */
export function hasRedisServer(): boolean {
  const { stdout, error } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  return error === undefined && Number(/v=(\d+)/.exec(stdout)?.[1]) >= 7;
}

/** A running `redis-server`. */
export interface RedisProcess {
  readonly port: number;
  readonly pid: number;
  /** Sends one command and gives its reply. */
  command(...parts: string[]): Promise<unknown>;
  /** Stops the process where it stands (SIGSTOP) or lets it go on (SIGCONT). */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Kills the process (SIGKILL) and waits for its end. */
  kill(): Promise<void>;
}

/** A running cluster of three masters with one replica each. */
export interface RedisCluster {
  readonly masters: readonly RedisProcess[];
  /** Replica n replicates master n. */
  readonly replicas: readonly RedisProcess[];
  /** The URL for `--store`. */
  readonly url: string;
  /** The node that is the master of a slot now, as the nodes that still run see it. */
  masterOf(slot: number): Promise<RedisProcess>;
  /** Resolves when all running nodes agree that every slot is served. */
  untilServing(): Promise<void>;
  stop(): Promise<void>;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Kills the server when its input ends, so that no process stays behind even if the tests are killed. */
const supervised = 'redis-server "$@" & echo "pid $!"; read -r _; kill -9 $!; wait';

function startProcess(port: number, folder: string, args: readonly string[]): Promise<RedisProcess> {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  const shell = spawn('sh', ['-c', supervised, 'sh', ...options, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => shell.once('close', () => resolve()));
  shell.stdin.on('error', () => {});
  return new Promise((resolve, reject) => {
    let log = '';
    void ended.then(() => reject(new Error(`redis-server ended:\n${log}`)));
    shell.stdout.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (!log.includes('Ready to accept connections')) return;
      shell.stdout.removeAllListeners('data').resume();
      const pid = Number(/^pid (\d+)$/m.exec(log)?.[1]);
      resolve({
        port,
        pid,
        command: (...parts) => command(port, parts),
        signal: (signal) => void process.kill(pid, signal),
        kill: () => {
          shell.stdin.end();
          return ended;
        },
      });
    });
  });
}

/** One command on a connection of its own: it works whatever the node's other connections have been through. */
async function command(port: number, parts: readonly string[]): Promise<unknown> {
  const client = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => {});
  try {
    await client.connect();
    const [name = '', ...args] = parts;
    return await client.call(name, ...args);
  } finally {
    client.disconnect();
  }
}

/** Starts one Redis without persistence on a free port. */
export async function startRedis(
  args: readonly string[] = [],
): Promise<RedisProcess & { readonly url: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'ndb-redis-'));
  const redis = await startProcess(await freePort(), folder, args);
  return {
    ...redis,
    url: `redis://127.0.0.1:${redis.port}`,
    async stop() {
      await redis.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const slotCount = 16_384;
const masterCount = 3;

/** A node that does not answer for this long is taken for dead by the others, in milliseconds. */
const nodeTimeout = 1500;

/** Starts a cluster of three masters and three replicas, without persistence, on free ports. */
export async function startCluster(): Promise<RedisCluster> {
  const folders: string[] = [];
  const start = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ndb-redis-'));
    folders.push(folder);
    const busPort = await freePort();
    const node = await startProcess(await freePort(), folder, [
      ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort)],
      ...['--cluster-node-timeout', String(nodeTimeout), '--repl-diskless-sync-delay', '0'],
    ]);
    return { ...node, busPort };
  };
  const nodes = await Promise.all(Array.from({ length: masterCount * 2 }, start));
  const masters = nodes.slice(0, masterCount);
  const replicas = nodes.slice(masterCount);
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  };
  const cluster: RedisCluster = {
    masters,
    replicas,
    url: `redis+cluster://${masters.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    masterOf: (slot) => masterOf(nodes, slot),
    untilServing: () => untilServing(nodes),
    stop,
  };
  try {
    await assignSlots(masters);
    await introduce(nodes);
    await Promise.all(replicas.map((replica, index) => replicate(replica, masters[index])));
    await cluster.untilServing();
    await Promise.all(replicas.map(untilSynchronized));
  } catch (cause) {
    await stop();
    throw cause;
  }
  return cluster;
}

async function assignSlots(masters: readonly RedisProcess[]): Promise<void> {
  const first = (index: number) => Math.floor((index * slotCount) / masters.length);
  await Promise.all(
    masters.map((master, index) =>
      master.command('CLUSTER', 'ADDSLOTSRANGE', String(first(index)), String(first(index + 1) - 1)),
    ),
  );
}

async function introduce(nodes: readonly (RedisProcess & { readonly busPort: number })[]): Promise<void> {
  const [first, ...others] = nodes;
  if (first === undefined) return;
  for (const [index, node] of nodes.entries()) await node.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
  for (const node of others) {
    await first.command('CLUSTER', 'MEET', '127.0.0.1', String(node.port), String(node.busPort));
  }
  await until(async () => {
    const known = await Promise.all(nodes.map(async (node) => (await clusterInfo(node)).cluster_known_nodes));
    return known.every((count) => count === String(nodes.length));
  });
}

async function replicate(replica: RedisProcess, master: RedisProcess | undefined): Promise<void> {
  const id = String(await master?.command('CLUSTER', 'MYID'));
  // A node hears of the others one after the other; until then it does not know its master.
  await until(() =>
    replica.command('CLUSTER', 'REPLICATE', id).then(
      () => true,
      () => false,
    ),
  );
}

async function untilSynchronized(replica: RedisProcess): Promise<void> {
  await until(async () => String(await replica.command('INFO', 'replication')).includes('master_link_status:up'));
}

async function clusterInfo(node: RedisProcess): Promise<Partial<Record<string, string>>> {
  const text = String(await node.command('CLUSTER', 'INFO'));
  return Object.fromEntries(text.split('\r\n').map((line) => line.split(':')));
}

async function running(nodes: readonly RedisProcess[]): Promise<RedisProcess[]> {
  const found = await Promise.all(
    nodes.map((node) =>
      node.command('PING').then(
        () => [node],
        () => [],
      ),
    ),
  );
  return found.flat();
}

async function untilServing(nodes: readonly RedisProcess[]): Promise<void> {
  await until(async () => {
    const states = await Promise.all((await running(nodes)).map(clusterInfo));
    return (
      states.length > 0 &&
      states.every((state) => state.cluster_state === 'ok' && state.cluster_slots_ok === String(slotCount))
    );
  });
}

async function masterOf(nodes: readonly RedisProcess[], slot: number): Promise<RedisProcess> {
  for (const node of await running(nodes)) {
    const ranges = await node.command('CLUSTER', 'SLOTS');
    for (const [from, to, [, port]] of ranges as [number, number, [string, number]][]) {
      const master = nodes.find((candidate) => candidate.port === port);
      if (slot >= from && slot <= to && master !== undefined) return master;
    }
  }
  throw new Error(`No running node knows a master of slot ${slot}.`);
}

/** Asks again and again until the answer is yes: a cluster tells nobody when it has settled. */
async function until(isSo: () => Promise<boolean>, patience = 30_000): Promise<void> {
  for (let waited = 0; waited < patience; waited += 25) {
    if (await isSo()) return;
    await wait(25);
  }
  throw new Error(`The cluster has not settled within ${patience} ms.`);
}
