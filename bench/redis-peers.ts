import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { type Contender, failBenchmark, smallValue } from './contenders.js';

const keyOf = (index: number, sessions: number) => `session:${index % sessions}`;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** A Redis of our own on a free port, without persistence; or why there is none. */
async function startRedis(): Promise<{ readonly port: number; stop(): void } | { readonly absent: string }> {
  const port = await freePort();
  const server = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  return new Promise((resolve) => {
    server.once('error', () =>
      resolve({
        absent: 'There is no redis-server here, so ioredis and redis are left out (Debian: apt install redis-server).',
      }),
    );
    server.once('exit', (code) =>
      resolve({ absent: `redis-server did not start (status ${code}), so it is left out.` }),
    );
    let log = '';
    server.stdout.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('Ready to accept connections')) resolve({ port, stop: () => void server.kill() });
    });
  });
}

function ioredis(client: Redis, sessions: number): Contender {
  return {
    name: 'ioredis',
    set: (index, done) => {
      client.hset(keyOf(index, sessions), 'user', JSON.stringify(smallValue)).then(done, failBenchmark);
    },
    get: (index, done) => {
      client
        .hget(keyOf(index, sessions), 'user')
        .then((text) => JSON.parse(text ?? ''))
        .then(done, failBenchmark);
    },
    close: () => client.quit(),
  };
}

async function nodeRedis(port: number, sessions: number): Promise<Contender> {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on('error', failBenchmark);
  await client.connect();
  return {
    name: 'redis',
    set: (index, done) => {
      client.hSet(keyOf(index, sessions), 'user', JSON.stringify(smallValue)).then(() => done(), failBenchmark);
    },
    get: (index, done) => {
      client
        .hGet(keyOf(index, sessions), 'user')
        .then((text) => JSON.parse(text ?? ''))
        .then(done, failBenchmark);
    },
    close: () => client.close(),
  };
}

/** Redis and its two clients: a hash a session, values as JSON; both as they come. */
export async function redisPeers(
  sessions: number,
): Promise<
  { readonly ioredis: Contender; readonly redis: Contender; stop(): Promise<void> } | { readonly absent: string }
> {
  const server = await startRedis();
  if ('absent' in server) return server;
  const first = ioredis(new Redis(server.port, '127.0.0.1'), sessions);
  const second = await nodeRedis(server.port, sessions);
  return {
    ioredis: first,
    redis: second,
    async stop() {
      await first.close();
      await second.close();
      server.stop();
    },
  };
}
