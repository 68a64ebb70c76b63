import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a program as one that has installed the package does: by its name, without TypeScript. */
async function program(type: 'module' | 'commonjs', code: string, ...conditions: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [...conditions, `--input-type=${type}`, '-e', code], { cwd: root });
  return stdout.trim();
}

describe('the built package', () => {
  beforeAll(async () => {
    if (!existsSync(`${root}dist/index.js`)) await run(process.execPath, ['build.mjs'], { cwd: root });
  }, 60_000);

  test('is imported by its name, server and all', async () => {
    const code = `
      import { NdbClient } from 'rx-nemesisdb';
      import { NdbServer } from 'rx-nemesisdb/server';
      import { firstValueFrom } from 'rxjs';
      const server = await NdbServer.listen();
      const client = new NdbClient();
      await firstValueFrom(client.open(server.url));
      await firstValueFrom(client.kv_set({ largest: 18446744073709551615n }));
      console.log(await firstValueFrom(client.kv_get({ key: 'largest' })));
      await firstValueFrom(client.close());
      await server.close();
    `;
    expect(await program('module', code)).toBe('18446744073709551615n');
  });

  test("uses the program's own copy of rxjs", async () => {
    const code = `
      import { NdbClient } from 'rx-nemesisdb';
      import { Observable } from 'rxjs';
      console.log(new NdbClient().sv_info() instanceof Observable);
    `;
    expect(await program('module', code)).toBe('true');
    const required =
      "console.log(new (require('rx-nemesisdb').NdbClient)().sv_info() instanceof require('rxjs').Observable)";
    expect(await program('commonjs', required)).toBe('true');
  });

  test("is bundled with the program's own copy of rxjs, for Node and for platforms of no name", async () => {
    const contents = `
      import { NdbClient } from 'rx-nemesisdb';
      import { Observable } from 'rxjs';
      console.log(new NdbClient().sv_info() instanceof Observable);
    `;
    for (const [platform, mainFields] of [
      ['node', undefined],
      ['neutral', ['module', 'main']],
    ] as const) {
      const { outputFiles } = await build({
        stdin: { contents, resolveDir: root },
        bundle: true,
        format: 'esm',
        platform,
        ...(mainFields === undefined ? {} : { mainFields: [...mainFields] }),
        external: ['ws', 'node:*'],
        write: false,
      });
      // Too long for a command line.
      const input = outputFiles[0]?.text ?? '';
      const printed = execFileSync(process.execPath, ['--input-type=module', '-'], { cwd: root, input });
      expect(String(printed).trim()).toBe('true');
    }
  });

  test('is required from CommonJS', async () => {
    expect(await program('commonjs', "console.log(typeof require('rx-nemesisdb').NdbClient)")).toBe('function');
  });

  test("uses the platform's WebSocket under the condition of browsers", async () => {
    const code = `
      import { NdbClient } from 'rx-nemesisdb';
      import { firstValueFrom } from 'rxjs';
      globalThis.WebSocket = class { constructor(url) { console.log(url); process.exit(); } };
      await firstValueFrom(new NdbClient().open('ws://127.0.0.1:1987/'));
    `;
    expect(await program('module', code, '--conditions=browser')).toBe('ws://127.0.0.1:1987/');
  });

  test('brings the command rx-nemesisdb-server', async () => {
    const { stdout } = await run(process.execPath, ['dist/server/main.js', '--help'], { cwd: root });
    expect(stdout).toContain('--max-payload');
  });
});
