import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { ask, connectTo, serverWithFolder } from './support/peers.js';

/** Set it to some thousands for a longer run. */
const kills = Number(process.env.NDB_KILLS ?? 200);

/** So many are saving side by side, each in a folder of its own: most of the time they start. */
const lanes = 4;

/** Kills savers one after the other, and looks after each what loads; tells how many left something unfinished. */
async function killAgainAndAgain(script: string, times: number): Promise<number> {
  await using setup = await serverWithFolder({ maxPayload: 8192 });
  const { server, folder } = setup;
  const socket = await connectTo(server.url);
  let saved = -1;
  let unfinished = 0;
  for (let kill = 0; kill < times; kill++) {
    const child = fork(script, [folder, 'killed', String(saved + 1)]);
    await once(child, 'message');
    child.on('message', ({ status, round }: { status: number; round: number }) => {
      expect(status).toBe(121);
      saved = round;
    });
    // the first time there is nothing yet that could be loaded
    if (kill === 0) await once(child, 'message');
    await wait(Math.random() * 60);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const leftovers = (await readdir(folder)).filter((name) => name.startsWith('.saving-'));
    unfinished += leftovers.length > 0 ? 1 : 0;
    for (const name of leftovers) await rm(join(folder, name), { recursive: true });

    expect(await ask(socket, '{"KV_LOAD":{"name":"killed"}}')).toMatch(/"keys":5000,.*"st":141/);
    const reply = await ask(socket, '{"KV_GET":{"keys":["key:0","key:2500","key:4999"]}}');
    const rounds = [...reply.matchAll(/"key:\d+":(\d+)/g)].map(([, round]) => Number(round));
    expect(new Set(rounds).size).toBe(1);
    // the last one that it told of, or the one that it had no time to tell of
    expect(rounds[0]).toBeGreaterThanOrEqual(saved);
    expect(rounds[0]).toBeLessThanOrEqual(saved + 1);
    saved = rounds[0] ?? saved;
    // Tens of thousands of datasets are not what is tested.
    for (const timestamp of (await readdir(join(folder, 'killed'))).sort().slice(0, -3)) {
      await rm(join(folder, 'killed', timestamp), { recursive: true });
    }
  }
  socket.terminate();
  return unfinished;
}

test(`after each of ${kills} kills in the middle of saving, all of the last dataset saved loads`, {
  timeout: 600_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ndb-saver-'));
  const script = join(folder, 'saver.mjs');
  const source = new URL('./support/saver.ts', import.meta.url).pathname;
  await build({ entryPoints: [source], outfile: script, bundle: true, platform: 'node', format: 'esm' });
  const times = Math.ceil(kills / lanes);
  const unfinished = await Promise.all(Array.from({ length: lanes }, () => killAgainAndAgain(script, times)));
  // or the kills came too late to show anything
  expect(unfinished.reduce((sum, each) => sum + each)).toBeGreaterThan(kills / 10);
  await rm(folder, { recursive: true });
});
