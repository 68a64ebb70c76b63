import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function runExample(name: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', `examples/${name}/main.ts`, ...args],
      { cwd: root },
      (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

/** A port on which nothing listens. */
function deadPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

const givenUrl = process.env.NDB_URL;
const onGivenServer = givenUrl === undefined ? [] : [givenUrl];

describe('one-time passwords', () => {
  test('prints how one session is extended by use, one lapses and one is ended, and exits', async () => {
    const { status, stdout, stderr } = await runExample(
      'one-time-passwords',
      ...onGivenServer.flatMap((url) => ['--url', url]),
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const lines = stdout.trim().split('\n');
    for (const line of lines) expect(line).toMatch(/^ *\d+\.\d{3} s {2}\S*\s+\S/);
    expect(lines.filter((line) => /Ada +code typed +wrong/.test(line))).toHaveLength(1);
    expect(lines.filter((line) => /Ada +code typed +right/.test(line))).toHaveLength(1);
    expect(lines.filter((line) => /Ada +ended +by self \(proven\)/.test(line))).toHaveLength(1);
    expect(lines.filter((line) => /Grace +extended +by use/.test(line)).length).toBeGreaterThanOrEqual(2);
    expect(lines.filter((line) => /Linus +expired/.test(line))).toHaveLength(1);
    expect(stdout).not.toContain('\u001b[');
  }, 40_000);

  test('exits with status 1 and one sentence if there is no server', async () => {
    const { status, stdout, stderr } = await runExample(
      'one-time-passwords',
      '--url',
      `ws://127.0.0.1:${await deadPort()}/`,
    );
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/Nothing listens there/);
    expect(stdout).toBe('');
  }, 40_000);

  test.each([[['--url']], [['--uri', 'x']]])(
    'exits with status 1 and one sentence if it is called with %j',
    async (args) => {
      const { status, stdout, stderr } = await runExample('one-time-passwords', ...args);
      expect(status).toBe(1);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stdout).toBe('');
    },
    40_000,
  );
});

describe("the examples of NemesisDB's page on sh_create_session", () => {
  test('set and get keys, create one session, create several', async () => {
    const { status, stdout } = await runExample('sh_create_session', ...onGivenServer);
    expect(status).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([
      "Got { key1: 'value1' }",
      'Session created with a token of bigint',
      'Two sessions, two tokens',
    ]);
  }, 40_000);
});
