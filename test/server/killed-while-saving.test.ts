import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, connectTo, serverWithFolder } from './support/peers.js';

let scripts: string;
let script: string;

beforeAll(async () => {
  scripts = await mkdtemp(join(tmpdir(), 'ndb-saver-'));
  script = join(scripts, 'saver.mjs');
  const source = new URL('./support/saver.ts', import.meta.url).pathname;
  await build({ entryPoints: [source], outfile: script, bundle: true, platform: 'node', format: 'esm' });
});
afterAll(() => rm(scripts, { recursive: true }));

/** Waits until the saver is at a stage of a round. */
async function reaches(saver: ChildProcess, stage: string): Promise<void> {
  for (;;) {
    const [message] = await once(saver, 'message');
    if ((message as { stage: string }).stage === stage) return; // what the saver sends
  }
}

test('a process that is killed in the middle of saving leaves the dataset saved before, which loads', async () => {
  await using setup = await serverWithFolder({ maxPayload: 8192 });
  const saver = fork(script, [setup.folder, 'killed', '0', 'stop in round 1']);
  await reaches(saver, 'halfway in round 1');
  saver.kill('SIGKILL');
  await once(saver, 'exit');
  expect((await readdir(setup.folder)).filter((name) => name.startsWith('.saving-'))).toHaveLength(1);
  const socket = await connectTo(setup.server.url);
  expect(await ask(socket, '{"KV_LOAD":{"name":"killed"}}')).toMatch(/"keys":5000,.*"st":141/);
  expect(await ask(socket, '{"KV_GET":{"keys":["key:0","key:4999"]}}')).toContain('{"key:0":0,"key:4999":0}');
  socket.terminate();
});
