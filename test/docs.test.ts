import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NdbServer } from 'rx-nemesisdb/server';
import ts from 'typescript';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { empty } from './support/replay.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
// Inside the package, so that its own name resolves to what is built, as it does for a program.
const folder = `${root}examples/.docs/`;

/** The Node that runs the blocks. The suite of the package names others. */
const node = process.env.NODE_UNDER_TEST ?? process.execPath;

interface Block {
  readonly name: string;
  readonly code: string;
}

const pages = ['README.md', ...guidePages()];

function guidePages(): string[] {
  return readdirSync(`${root}docs/guide`)
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/guide/${file}`);
}

/** The TypeScript blocks of a page, each under the heading that it stands below. */
function blocksOf(page: string): Block[] {
  const found: Block[] = [];
  let heading = 'first screen';
  const pieces = /^#+ (?<heading>.+)$|^```ts\n(?<code>[\s\S]*?)^```$/gm;
  for (const { groups } of readFileSync(root + page, 'utf8').matchAll(pieces)) {
    if (groups?.heading !== undefined) heading = groups.heading;
    else if (groups?.code !== undefined) {
      found.push({ name: `${page} ${found.length + 1} ${heading}`, code: groups.code });
    }
  }
  return found;
}

/** What a block says that it prints: the comments behind its `console.log` lines. */
const printedBy = (code: string): string[] =>
  [...code.matchAll(/console\.log\(.*\/\/ (.+)$/gm)].map(([, printed]) => printed ?? '');

/** The block without its types, and nothing else changed: what a program in plain JavaScript would hold. */
const withoutTypes = (code: string): string =>
  ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  }).outputText;

const fileOf = (block: Block) => block.name.replaceAll(/[^\w]+/g, '-').toLowerCase();

describe('every code block of the documentation', () => {
  const blocks = pages.flatMap(blocksOf);
  let server: NdbServer;

  beforeAll(async () => {
    server = await NdbServer.listen({ port: 0, sweepInterval: 200 });
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      `${folder}tsconfig.json`,
      '{ "extends": "../../tsconfig.json", "compilerOptions": { "noUnusedLocals": false }, "include": ["*.ts"] }',
    );
    for (const block of blocks) {
      const code = block.code.replaceAll('ws://127.0.0.1:1987/', server.url);
      writeFileSync(`${folder}${fileOf(block)}.ts`, code);
      writeFileSync(`${folder}${fileOf(block)}.mjs`, withoutTypes(code));
    }
  });

  beforeEach(() => empty(server.url));

  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('compiles', async () => {
    const compiled = await run('npx', ['tsc', '-p', folder], { cwd: root }).catch((error: { stdout: string }) => error);
    expect(compiled.stdout).toBe('');
  }, 120_000);

  test.each(blocks)(
    '$name: runs as plain JavaScript, ends by itself, and prints what it says',
    async (block) => {
      const { stdout, stderr } = await run(node, [`${folder}${fileOf(block)}.mjs`], { cwd: root });
      expect(stderr).toBe('');
      for (const printed of printedBy(block.code)) expect(stdout).toContain(printed);
    },
    60_000,
  );
});
