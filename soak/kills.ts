/**
 * Kills processes at random moments while they save, and checks after each kill that all of the last dataset loads.
 *
 *     npm run soak:kills -- [number of kills, default 200]
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { build } from 'esbuild';
import { ask, connectTo, serverWithFolder } from '../test/server/support/peers.js';

const kills = Number(process.argv[2] ?? 200);

/** So many are saving side by side, each in a folder of its own: most of the time they start. */
const lanes = 4;

interface Report {
  readonly stage: string;
  readonly round: number;
}

/** Kills savers one after the other. Gives how many kills left something unfinished. */
async function killAgainAndAgain(script: string, times: number): Promise<number> {
  await using setup = await serverWithFolder({ maxPayload: 8192 });
  const { server, folder } = setup;
  const socket = await connectTo(server.url);
  let saved = -1;
  let unfinished = 0;
  for (let kill = 0; kill < times; kill++) {
    const saver = fork(script, [folder, 'killed', String(saved + 1)]);
    await once(saver, 'message');
    saver.on('message', ({ stage, round }: Report) => {
      assert.equal(stage, 'saved');
      saved = round;
    });
    // the first time there is nothing yet that could be loaded
    if (kill === 0) await once(saver, 'message');
    await wait(Math.random() * 60);
    saver.kill('SIGKILL');
    await once(saver, 'exit');
    const leftovers = (await readdir(folder)).filter((name) => name.startsWith('.saving-'));
    unfinished += leftovers.length > 0 ? 1 : 0;
    for (const name of leftovers) await rm(join(folder, name), { recursive: true });

    assert.match(await ask(socket, '{"KV_LOAD":{"name":"killed"}}'), /"keys":5000,.*"st":141/);
    const reply = await ask(socket, '{"KV_GET":{"keys":["key:0","key:2500","key:4999"]}}');
    const rounds = [...reply.matchAll(/"key:\d+":(\d+)/g)].map(([, round]) => Number(round));
    const [round = Number.NaN] = rounds;
    assert.ok(rounds.length === 3 && rounds.every((each) => each === round), 'a dataset of one round');
    // the last one that it reported, or the one that it had no time to report
    assert.ok(round === saved || round === saved + 1, `round ${round} after ${saved}`);
    saved = round;
    for (const timestamp of (await readdir(join(folder, 'killed'))).sort().slice(0, -3)) {
      await rm(join(folder, 'killed', timestamp), { recursive: true });
    }
  }
  socket.terminate();
  return unfinished;
}

const folder = await mkdtemp(join(tmpdir(), 'ndb-saver-'));
const script = join(folder, 'saver.mjs');
const source = new URL('../test/server/support/saver.ts', import.meta.url).pathname;
await build({ entryPoints: [source], outfile: script, bundle: true, platform: 'node', format: 'esm' });
const times = Math.ceil(kills / lanes);
const unfinished = await Promise.all(Array.from({ length: lanes }, () => killAgainAndAgain(script, times)));
await rm(folder, { recursive: true });
const sum = unfinished.reduce((total, each) => total + each, 0);
process.stdout.write(
  `${times * lanes} kills, ${sum} of them in the middle of a save: each time all of the last dataset loaded.\n`,
);
process.exit(0);
