import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NdbServer } from 'rx-nemesisdb/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
// Beside the examples, so that the package's own name resolves as it does for them.
const folder = fileURLToPath(new URL('../examples/.readme/', import.meta.url));

interface Block {
  readonly name: string;
  readonly code: string;
}

/** The TypeScript blocks of the README, each under the heading it stands below. */
function blocks(): Block[] {
  const found: Block[] = [];
  let heading = 'first screen';
  const pieces = /^#+ (?<heading>.+)$|^```ts\n(?<code>[\s\S]*?)^```$/gm;
  for (const { groups } of readFileSync(`${root}README.md`, 'utf8').matchAll(pieces)) {
    if (groups?.heading !== undefined) heading = groups.heading;
    else if (groups?.code !== undefined) found.push({ name: `${found.length + 1} ${heading}`, code: groups.code });
  }
  return found;
}

/** What a block says that it prints: the comments behind its `console.log` lines. */
const promises = (code: string): string[] =>
  [...code.matchAll(/console\.log\(.*\/\/ (.+)$/gm)].map(([, printed]) => printed ?? '');

const fileOf = (block: Block) => `${block.name.replaceAll(/[^\w]+/g, '-').toLowerCase()}.ts`;

describe('every code block of the README', () => {
  const all = blocks();
  let server: NdbServer;

  beforeAll(async () => {
    server = await NdbServer.listen({ port: 0, sweepInterval: 200 });
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      `${folder}tsconfig.json`,
      '{ "extends": "../../tsconfig.json", "compilerOptions": { "noUnusedLocals": false }, "include": ["*.ts"] }',
    );
    for (const block of all) {
      writeFileSync(`${folder}${fileOf(block)}`, block.code.replaceAll('ws://127.0.0.1:1987/', server.url));
    }
  });

  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('compiles', async () => {
    const compiled = await run('npx', ['tsc', '-p', folder], { cwd: root }).catch((error: { stdout: string }) => error);
    expect(compiled.stdout).toBe('');
  }, 60_000);

  test.each(all)(
    '$name: runs, ends by itself, and prints what it says',
    async (block) => {
      const { stdout, stderr } = await run(process.execPath, ['--import', 'tsx', `${folder}${fileOf(block)}`], {
        cwd: root,
      });
      expect(stderr).toBe('');
      for (const printed of promises(block.code)) expect(stdout).toContain(printed);
    },
    30_000,
  );
});
