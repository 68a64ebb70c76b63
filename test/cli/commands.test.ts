import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { NdbClient } from 'rx-nemesisdb';
import { NdbServer } from 'rx-nemesisdb/server';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

// Each test runs programs.
vi.setConfig({ testTimeout: 60_000 });

const root = fileURLToPath(new URL('../..', import.meta.url));
// In node_modules, so that its imports of packages are found.
const built = `${root}node_modules/.cache/cli-of-tests`;
const main = `${built}/main.js`;

let server: NdbServer;
let folder: string;

beforeAll(async () => {
  // Built once: compiling it for each of its runs takes longer than all else here.
  await build({
    entryPoints: [`${root}src/cli/main.ts`],
    outdir: built,
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
  });
  server = await NdbServer.listen({ sweepInterval: 50 });
  folder = await mkdtemp(join(tmpdir(), 'rx-nemesisdb-cli-'));
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as a person would, on the server of this file. */
function cli(...args: readonly string[]): Promise<Ended> {
  return cliWithInput('', ...args);
}

function cliWithInput(input: string, ...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [main, ...args],
      { cwd: root, env: { ...process.env, NDB_URL: server.url } },
      (error, stdout, stderr) => resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

describe('keys', () => {
  test('set, get and keys show what the server holds, without rounding', async () => {
    expect(await cli('set', 'largest', '18446744073709551615')).toMatchObject({
      status: 0,
      stdout: 'largest is set\n',
    });
    expect(await cli('set', 'name', 'Ada Lovelace')).toMatchObject({ status: 0 });
    expect(await cli('get', 'largest')).toMatchObject({ status: 0, stdout: '18446744073709551615\n' });
    expect(JSON.parse((await cli('get', 'name', 'absent')).stdout)).toEqual({ name: 'Ada Lovelace' });
    expect((await cli('keys')).stdout.trim().split('\n').sort()).toEqual(['largest', 'name']);
    expect(JSON.parse((await cli('keys', '--json')).stdout).sort()).toEqual(['largest', 'name']);
  });

  test('get of an absent key has status 1 and says so', async () => {
    expect(await cli('get', 'nowhere')).toEqual({ status: 1, stdout: '', stderr: 'There is no key "nowhere".\n' });
  });
});

describe('sessions', () => {
  test('new prints a token that get, set, info and end take', async () => {
    const created = await cli('new', '--duration', '60', '--extend-on-get');
    expect(created.stdout).toMatch(/^\d+\n$/);
    const tkn = created.stdout.trim();
    expect(await cli('set', 'cart', '["apple"]', '--session', tkn)).toMatchObject({ status: 0 });
    expect(await cli('get', 'cart', '-s', tkn)).toMatchObject({ status: 0, stdout: '["apple"]\n' });
    const info = await cli('info', tkn);
    expect(info.stdout).toMatch(/expires +in \d+ s of 60 s/);
    expect(info.stdout).toMatch(/extended by +get/);
    expect(JSON.parse((await cli('info', tkn, '--json')).stdout)).toMatchObject({ tkn, keyCnt: 1 });
    expect(await cli('end', tkn)).toMatchObject({ status: 0 });
    expect(await cli('info', tkn)).toMatchObject({ status: 1, stdout: '' });
  });

  test('watch prints the events of a session as JSON lines, and ends with the session', async () => {
    const client = new NdbClient();
    await firstValueFrom(client.open(server.url));
    const options = { durationSeconds: 2, deleteSessionOnExpire: true, extendOnSetAdd: true };
    const session = await firstValueFrom(client.sh_create_session(options));
    // It lapses once it is watched, however long that takes.
    const keptAlive = session.keepAlive().subscribe();
    const child = spawn(process.execPath, [main, 'watch', String(session.tkn), '--json', '--url', server.url]);
    const status = new Promise((resolve) => child.on('exit', resolve));
    let printed = '';
    child.stdout.on('data', (data) => {
      printed += data;
      keptAlive.unsubscribe();
    });
    expect(await status).toBe(0);
    const events = printed
      .trim()
      .split('\n')
      .map((json) => JSON.parse(json));
    const tkn = String(session.tkn);
    expect(events[0]).toMatchObject({ type: 'opened', tkn });
    expect(events.at(-1)).toMatchObject({ type: 'expired', outcome: 'sessionDeleted', tkn });
    await firstValueFrom(client.close());
  });

  test('watch ends with status 130 when it is interrupted', async () => {
    const tkn = (await cli('new', '--duration', '60')).stdout.trim();
    const child = spawn(process.execPath, [main, 'watch', tkn, '--url', server.url], { cwd: root });
    const status = new Promise((resolve) => child.on('exit', resolve));
    child.stdout.once('data', () => child.kill('SIGINT'));
    expect(await status).toBe(130);
  });

  test('watch of a session that is gone has status 1', async () => {
    expect(await cli('watch', '1')).toMatchObject({ status: 1, stdout: '' });
  });

  test('watch --all says that this server does not push events', async () => {
    const { status, stderr } = await cli('watch', '--all');
    expect(status).toBe(1);
    expect(stderr).toMatch(/--watch-all|does not push events/);
  });
});

describe('request', () => {
  test('prints the reply as it stands', async () => {
    const { status, stdout } = await cli('request', '{"SV_INFO":{}}');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\{"SV_INFO_RSP":.*"st":1.*\}\n$/);
  });

  test('that is not JSON has status 2 and is not sent', async () => {
    expect(await cli('request', 'hello')).toMatchObject({ status: 2, stdout: '' });
  });

  test('that is too long says so, with status 3', async () => {
    const { status, stderr } = await cli('request', JSON.stringify({ KV_SET: { keys: { a: 'x'.repeat(2000) } } }));
    expect(status).toBe(3);
    expect(stderr).toMatch(/longer than its maxPayload/);
  });
});

describe('export and import', () => {
  test('what is exported can be imported again', async () => {
    await cli('set', 'kept', '{"deep":[1.5,18446744073709551615]}');
    const file = join(folder, 'keys.jsonl');
    expect((await cli('export', file)).stdout).toMatch(/keys exported to/);
    expect(await readFile(file, 'utf8')).toContain('{"key":"kept","value":{"deep":[1.5,18446744073709551615]}}\n');
    await cli('set', 'kept', 'changed');
    expect((await cli('import', file)).stdout).toMatch(/^\d+ keys imported\.\n$/);
    expect((await cli('get', 'kept')).stdout).toBe('{"deep":[1.5,18446744073709551615]}\n');
  });

  test('export without a file writes to stdout, and import reads stdin', async () => {
    await cli('set', 'piped', '1');
    const { stdout } = await cli('export');
    expect(stdout).toContain('{"key":"piped","value":1}\n');
    expect(await cliWithInput(stdout.replace('"value":1}', '"value":2}'), 'import')).toMatchObject({ status: 0 });
    expect((await cli('get', 'piped')).stdout).toBe('2\n');
  });

  test('export replaces a file only with --force', async () => {
    const file = join(folder, 'there.jsonl');
    await writeFile(file, 'mine');
    expect(await cli('export', file)).toMatchObject({ status: 2 });
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect(await cli('export', file, '--force')).toMatchObject({ status: 0 });
    expect(await readFile(file, 'utf8')).not.toBe('mine');
  });

  test('import names the line that is wrong, with status 2', async () => {
    const { status, stderr } = await cliWithInput('{"key":"a","value":1}\n{"key":1}\n', 'import');
    expect(status).toBe(2);
    expect(stderr).toMatch(/^Line 2 is not/);
  });

  test('import of a file that is not there has status 2', async () => {
    expect(await cli('import', join(folder, 'absent'))).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('the command line', () => {
  test('info shows the version, and as JSON what a program needs', async () => {
    expect((await cli('info')).stdout).toMatch(/^version +0\.7/);
    expect(JSON.parse((await cli('info', '--json')).stdout)).toMatchObject({
      url: server.url,
      totalSessions: expect.any(Number),
    });
  });

  test('without a server it says so in one line, with status 3', async () => {
    const { status, stderr, stdout } = await cli('info', '--url', 'ws://127.0.0.1:1/');
    expect(status).toBe(3);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain(' at ');
  });

  test('with --json a failure is a JSON line on stderr', async () => {
    const { stderr } = await cli('get', 'nowhere', '--json');
    expect(JSON.parse(stderr)).toEqual({ error: 'NO_SUCH_KEY', message: 'There is no key "nowhere".' });
  });

  test('--help shows examples and the exit statuses', async () => {
    const { status, stdout } = await cli('--help');
    expect(status).toBe(0);
    expect(stdout).toContain('rx-nemesisdb watch TOKEN');
    expect(stdout).toContain('Exit status');
  });

  test.each([
    [['gett', 'a'], /Did you mean get\?/],
    [['get'], /missing required argument/],
    [['new', '--duration', 'soon'], /whole number of seconds/],
    [['watch'], /give a token, or --all/],
    [['info', '12x'], /token/],
  ])('%j has status 2 and says what is wrong', async (args, reason) => {
    const { status, stderr, stdout } = await cli(...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(reason);
    expect(stdout).toBe('');
  });

  test('serve starts a server with the options of rx-nemesisdb-server', async () => {
    expect((await cli('serve', '--help')).stdout).toContain('--max-payload');
  });

  test('output that is no terminal has no colours', async () => {
    expect((await cli('info')).stdout).not.toContain('\u001b[');
  });
});
