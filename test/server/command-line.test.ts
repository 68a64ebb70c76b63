import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCommandLine } from '../../src/server/cli/arguments.js';
import { readConfiguration } from '../../src/server/cli/config-file.js';
import { NdbServer } from '../../src/server/index.js';
import { complete, writeByHand } from './support/by-hand.js';
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
  const ended = once(child, 'close').then(([status, signal]) => status ?? signal);
  return { child, output, ended };
}

async function startUp(...args: string[]) {
  const running = start('--port', '0', ...args);
  await expect.poll(() => running.output.out, { timeout: 60_000 }).toContain('Listening on ws://');
  const url = /ws:\S+/.exec(running.output.out)?.[0] ?? '';
  return { ...running, url };
}

/** Whether a process has taken memory as only a load does. */
async function isReading(pid = 0): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) > 150_000;
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

describe('the command', { timeout: 120_000 }, () => {
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

  test.each(['SIGINT', 'SIGTERM'] as const)('finishes a save however often it gets %s', async (signal) => {
    const { child, url, ended, output } = await startUp('--persist', folder, '--max-payload', '4000000');
    const saver = await connectTo(url);
    const keys = Array.from({ length: 100_000 }, (_, index) => `"k${index}":${index}`);
    await ask(saver, `{"KV_SET":{"keys":{${keys.join(',')}}}}`);
    saver.send(`{"KV_SAVE":{"name":"often-${signal}"}}`);
    const other = await connectTo(url);
    await ask(other, '{"KV_COUNT":{}}');
    const closed = closeCode(other);
    child.kill(signal);
    // its first effect; the save goes on
    expect(await closed).toBe(1001);
    child.kill(signal);
    expect(await ended).toBe(0);
    expect(await readdir(join(folder, `often-${signal}`))).toHaveLength(1);
    expect(output.err).toBe('');
  });

  test.runIf(process.platform === 'linux').each(['SIGINT', 'SIGTERM'] as const)(
    'ends with 0 at %s while it loads',
    async (signal) => {
      const data = await mkdtemp(join(tmpdir(), 'ndb-load-'));
      const entries = Array.from({ length: 200_000 }, (_, index) => `"key ${index}":"value ${index}"`).join(',');
      const files = Array.from(
        { length: 10 },
        (_, file) => `{ "keys":{${entries.replaceAll('"key ', `"key ${file}:`)}}}`,
      );
      await writeByHand(data, '1', complete, files);
      const { child, output, ended } = start('--port', '0', '--persist', data, '--load', 'ds', '--log', 'info');
      // it has begun once it reads its data: well after its modules, well before the end
      await expect.poll(() => isReading(child.pid), { timeout: 60_000 }).toBe(true);
      child.kill(signal);
      expect(await ended).toBe(0);
      expect(output).toEqual({ out: '', err: '' });
      await rm(data, { recursive: true });
    },
  );

  test('prints one sentence if the port is in use, and exits with 1', async () => {
    await using server = await NdbServer.listen();
    const { output, ended } = start('--port', String(server.port));
    expect(await ended).toBe(1);
    expect(output).toEqual({
      out: '',
      err: `Port ${server.port} of 127.0.0.1 is in use: stop what listens there, or choose another with --port.\n`,
    });
  });

  test('prints a sentence for each mistake, all at once, that names the flag', async () => {
    const wrong =
      '--port 70000 --max-payload x --log loud --prot 1 --max-memory -3 --allow-origin nonsense --load ds more --help=1 --host';
    expect(await readCommandLine(wrong.split(' '))).toEqual({
      mistakes: expect.arrayContaining([
        '--port must be a whole number from 0 to 65535.',
        '--max-payload must be a whole number from 64 to 1073741824.',
        '--log must be one of silent, error, warn, info.',
        "Unknown option '--prot'. See --help.",
        "Option '--max-memory' argument is ambiguous. See --help.",
        '--allow-origin must be an origin such as https://app.example, or *.',
        '--load needs the folder of datasets: name it with --persist.',
        "Unexpected argument 'more'. See --help.",
        "Option '--host' needs an argument. See --help.",
        "Option '--help' takes no argument. See --help.",
      ]),
    });
    expect(await readCommandLine(['--prot', '1'])).toMatchObject({
      mistakes: ["Unknown option '--prot'. See --help.", "Unexpected argument '1'. See --help."],
    });
    expect(await readCommandLine(['--max-memory', '-3'])).toEqual({
      mistakes: ["Option '--max-memory' argument is ambiguous. See --help."],
    });
    expect(await readCommandLine(['--config', join(folder, 'none')])).toEqual({
      mistakes: [`${join(folder, 'none')}: the file can't be read.`],
    });
  });

  test('takes units for sizes only', async () => {
    expect(await readCommandLine(['--max-payload', '8K', '--max-memory', '1G'])).toMatchObject({
      options: { maxPayload: 8192, maxMemory: 2 ** 30 },
    });
    expect(await readCommandLine(['--port', '1K', '--sweep-interval', '1K', '--max-connections', '1K'])).toEqual({
      mistakes: [
        '--port must be a whole number from 0 to 65535.',
        '--sweep-interval must be a whole number from 10 to 86400000.',
        '--max-connections must be a whole number from 1 to 1000000.',
      ],
    });
  });

  test('takes a NemesisDB configuration, which its own options override', async () => {
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
  test('a file with saving off names no folder', () => {
    const options = { host: '127.0.0.1', port: 0, maxPayload: 2048, persist: undefined };
    expect(readConfiguration(configuration.replace('FLAG', 'false'), 'f')).toEqual({ options });
  });

  test('a file of before 0.7, with a section for each kind, is understood', () => {
    const text =
      '{"version":5,"ip":"127.0.0.1","port":1987,"maxPayload":1024,"kv":{"save":{"enabled":false,"path":"./a"}},"sessions":{"save":{"enabled":true,"path":"./b"}}}';
    expect(readConfiguration(text, 'f')).toMatchObject({ options: { persist: './b' } });
  });

  test('a wrong file gives a sentence for each mistake', () => {
    const text = '{"version":6,"ip":7,"port":"1987","maxPayload":1,"persist":{"enabled":"yes"}}';
    expect(readConfiguration(text, 'f').mistakes).toEqual([
      'f: "version" must be 5, the form of NemesisDB 0.6.4 to 0.7.',
      'f: "ip" must be a non-empty string.',
      'f: "port" must be a whole number from 0 to 65535.',
      'f: "maxPayload" must be a whole number from 64 to 1073741824.',
      'f: "persist.enabled" must be true or false.',
      'f: "persist.path" must be a string.',
    ]);
    expect(readConfiguration('{"version":5,}', 'f').mistakes).toHaveLength(1);
    expect(readConfiguration('[]', 'f').mistakes).toEqual(['f: the file must hold one object.']);
  });

  test.each([
    ['"persist"', '"perisst"', ['"perisst" is unknown', '"persist" must be an object']],
    ['"maxPayload"', '"max_payload"', ['"maxPayload" must be a whole number', '"max_payload" is unknown']],
    ['"path"', '"paht"', ['"persist.path" must be a string', '"paht" is unknown; known are enabled, path.']],
    ['"core":0', '"core":0.5', ['"core" must be a whole number']],
    ['"core":0', '"core":1.0', ['"core" must be a whole number']],
    ['"core":0', '"core":-1', ['"core" must be a whole number']],
  ])('a file with %s as %s is refused, and each mistake is named', (right, wrong, sentences) => {
    const { mistakes = [] } = readConfiguration(configuration.replace('FLAG', 'true').replace(right, wrong), 'f');
    expect(mistakes).toEqual(sentences.map((sentence) => expect.stringContaining(sentence)));
  });

  test('a file without a section that says whether to save is refused, as by NemesisDB', () => {
    const text = '{"version":5,"ip":"127.0.0.1","port":1987,"maxPayload":1024}';
    expect(readConfiguration(text, 'f').mistakes).toEqual(['f: "persist" must be an object with enabled, path.']);
  });
});
