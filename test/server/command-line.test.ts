import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCommandLine } from '../../src/server/cli.js';
import { readConfiguration } from '../../src/server/config-file.js';
import { NdbServer } from '../../src/server/index.js';
import { ask, closeCode, connectTo } from './support/peers.js';

const main = new URL('../../src/server/main.ts', import.meta.url).pathname;

function start(...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args]);
  const output = { out: '', err: '' };
  child.stdout.on('data', (data) => {
    output.out += data;
  });
  child.stderr.on('data', (data) => {
    output.err += data;
  });
  const ended = once(child, 'close').then(([status]) => Number(status));
  return { child, output, ended };
}

async function startUp(...args: string[]) {
  const running = start('--port', '0', ...args);
  await expect.poll(() => running.output.out, { timeout: 10_000 }).toContain('Listening on ws://');
  const url = /ws:\S+/.exec(running.output.out)?.[0] ?? '';
  return { ...running, url };
}

const configuration = `{
  "version":5,  // the form
  "core":0,
  "sessionsEnabled":true,
  "ip":"127.0.0.1",
  "port":0,
  "maxPayload":2048, /* bytes */
  "persist": { "enabled":FLAG, "path":"./data" }
}`;

describe('the command', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ndb-cli-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'ends with 0 at %s, after closing clients with 1001 and finishing a save',
    async (signal) => {
      const { child, url, ended, output } = await startUp('--persist', folder, '--max-payload', '4000000');
      const [socket, saver] = [await connectTo(url), await connectTo(url)];
      const keys = Array.from({ length: 100_000 }, (_, index) => `"k${index}":${index}`);
      await ask(saver, `{"KV_SET":{"keys":{${keys.join(',')}}}}`);
      saver.send(`{"KV_SAVE":{"name":"${signal}"}}`);
      await ask(socket, '{"KV_COUNT":{}}');
      child.kill(signal);
      expect(await closeCode(socket)).toBe(1001);
      expect(await ended).toBe(0);
      expect(await readdir(join(folder, signal))).toHaveLength(1);
      expect(output.err).toBe('');
    },
  );

  test('says in one sentence that a port is in use, and ends with 1', async () => {
    await using server = await NdbServer.listen();
    const { output, ended } = start('--port', String(server.port));
    expect(await ended).toBe(1);
    expect(output).toEqual({
      out: '',
      err: `Port ${server.port} of 127.0.0.1 is in use: stop what listens there, or choose another with --port.\n`,
    });
  });

  test('says a sentence for each mistake', async () => {
    expect(await readCommandLine(['--port', '70000', '--max-payload', 'x', '--log', 'loud'])).toEqual({
      mistakes: [
        '--port: port must be a whole number from 0 to 65535.',
        '--max-payload: maxPayload must be a whole number from 64 to 1073741824.',
        '--log must be one of silent, error, warn, info, debug.',
      ],
    });
    expect(await readCommandLine(['--prot', '1'])).toEqual({ mistakes: ["Unknown option '--prot'. See --help."] });
    expect(await readCommandLine(['--max-memory', '-3'])).toEqual({
      mistakes: ["Option '--max-memory' argument is ambiguous. See --help."],
    });
    expect(await readCommandLine(['--config', join(folder, 'none')])).toEqual({
      mistakes: [`${join(folder, 'none')}: the file can't be read.`],
    });
  });

  test('takes a NemesisDB configuration, over which its own options go', async () => {
    const file = join(folder, 'server.jsonc');
    await writeFile(file, configuration.replace('FLAG', 'true'));
    const plan = await readCommandLine([
      '--config',
      file,
      '--max-payload',
      '4096',
      '--max-memory',
      '2M',
      '--sweep-interval',
      '50',
    ]);
    expect(plan).toMatchObject({
      options: {
        host: '127.0.0.1',
        port: 0,
        persist: './data',
        maxPayload: 4096,
        maxMemory: 2_097_152,
        sweepInterval: 50,
      },
    });
  });
});

describe('a configuration file', () => {
  test('that has saving off saves nowhere', () => {
    const options = { host: '127.0.0.1', port: 0, maxPayload: 2048, persist: undefined };
    expect(readConfiguration(configuration.replace('FLAG', 'false'), 'f')).toEqual({ options });
  });

  test('of before 0.7, with a section for each kind, is understood', () => {
    const text =
      '{"version":5,"ip":"127.0.0.1","port":1987,"maxPayload":1024,"kv":{"save":{"enabled":false,"path":"./a"}},"sessions":{"save":{"enabled":true,"path":"./b"}}}';
    expect(readConfiguration(text, 'f')).toMatchObject({ options: { persist: './b' } });
  });

  test('that is wrong gives a sentence for each mistake', () => {
    const text = '{"version":6,"ip":7,"port":"1987","maxPayload":1,"persist":{"enabled":"yes"}}';
    expect(readConfiguration(text, 'f').mistakes).toEqual([
      'f: "version" must be 5, the form that NemesisDB 0.6.4 to 0.7 read.',
      'f: "ip" must be a text, and not empty.',
      'f: "port" must be a whole number.',
      'f: maxPayload must be a whole number from 64 to 1073741824.',
      'f: "persist.enabled" must be true or false.',
    ]);
    expect(readConfiguration('{"version":5,}', 'f').mistakes).toHaveLength(1);
    expect(readConfiguration('[]', 'f').mistakes).toEqual(['f: the file must hold one object.']);
  });
});
