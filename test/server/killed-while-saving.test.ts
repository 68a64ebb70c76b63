import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { ask, connectTo, serverWithFolder } from './support/peers.js';

/** Set it to some hundreds for a longer run. */
const kills = Number(process.env.NDB_KILLS ?? 20);

test(`after each of ${kills} kills in the middle of saving, all of the last dataset saved loads`, {
  timeout: 600_000,
}, async () => {
  await using setup = await serverWithFolder({ maxPayload: 8192 });
  const { server, folder } = setup;
  const script = join(folder, '.saver.mjs');
  const source = new URL('./support/saver.ts', import.meta.url).pathname;
  await build({ entryPoints: [source], outfile: script, bundle: true, platform: 'node', format: 'esm' });
  const socket = await connectTo(server.url);
  let saved = -1;
  let unfinished = 0;

  for (let kill = 0; kill < kills; kill++) {
    const child = fork(script, [folder, String(saved + 1)]);
    child.on('message', ({ status, round }: { status: number; round: number }) => {
      expect(status).toBe(121);
      saved = round;
    });
    await once(child, 'message');
    await wait(Math.random() * 40);
    child.kill('SIGKILL');
    await once(child, 'exit');
    unfinished += (await readdir(folder)).some((name) => name.startsWith('.saving-')) ? 1 : 0;

    expect(await ask(socket, '{"KV_LOAD":{"name":"killed"}}')).toMatch(/"keys":5000,.*"st":141/);
    const reply = await ask(socket, '{"KV_GET":{"keys":["key:0","key:2500","key:4999"]}}');
    const rounds = [...reply.matchAll(/"key:\d+":(\d+)/g)].map(([, round]) => Number(round));
    expect(new Set(rounds).size).toBe(1);
    // the last one that it told of, or the one that it had no time to tell of
    expect(rounds[0]).toBeGreaterThanOrEqual(saved);
    expect(rounds[0]).toBeLessThanOrEqual(saved + 1);
    saved = rounds[0] ?? saved;
  }
  socket.terminate();
  // or the kills came too late to show anything
  expect(unfinished).toBeGreaterThan(0);
});
