import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { NdbServer } from '../../src/server/index.js';
import { ask, connectTo } from './support/peers.js';

/** As many files as this process may have open, less some for itself. */
function room(): number {
  if (process.platform === 'win32') return 2000;
  const limit = execFileSync('/bin/sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit) - 200;
}

const idle = Math.min(10_000, room());

test(`${idle} idle connections keep nobody from being answered, and close with the server`, {
  timeout: 60_000,
}, async () => {
  const server = await NdbServer.listen({ maxConnections: idle + 10, upgradeTimeout: 60_000 });
  const script = new URL('./support/idlers.ts', import.meta.url).pathname;
  const child = fork(script, [String(server.port), String(idle)], { execArgv: ['--import', 'tsx'] });
  expect((await once(child, 'message'))[0]).toBe('all open');
  const socket = await connectTo(server.url);
  const begin = performance.now();
  expect(await ask(socket, '{"KV_COUNT":{}}')).toBe('{"KV_COUNT_RSP":{"cnt":0,"st":1}}');
  expect(performance.now() - begin).toBeLessThan(1000);
  const gone = Promise.all([once(child, 'message'), once(child, 'exit')]);
  await server.close();
  expect((await gone)[0][0]).toBe('all gone');
});
