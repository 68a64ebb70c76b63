import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { expect, inject, test } from 'vitest';
import { project, runTool } from './support/installed.js';

const installed = join(project, 'node_modules/rx-nemesisdb');

test('the package holds dist, README, LICENSE and CHANGELOG, and nothing else', async () => {
  expect((await readdir(installed)).filter((name) => name !== 'node_modules').sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'dist',
    'package.json',
  ]);
  const kinds = (await readdir(join(installed, 'dist'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => /\.(d\.c?ts|c?js|c?js\.map)$/.exec(name)?.[0] ?? name);
  expect([...new Set(kinds)].sort()).toEqual(['.cjs', '.cjs.map', '.d.cts', '.d.ts', '.js', '.js.map']);
});

test('every source map embeds its sources', async () => {
  const dist = join(installed, 'dist');
  const maps = (await readdir(dist, { recursive: true })).filter((path) => path.endsWith('.map'));
  expect(maps.length).toBeGreaterThan(0);
  for (const path of maps) {
    const { sources, sourcesContent } = JSON.parse(await readFile(join(dist, path), 'utf8'));
    expect(sourcesContent, path).toHaveLength(sources.length);
    for (const source of sources)
      expect(resolve(dist, dirname(path), source), path).not.toMatch(/node_modules\/(?!rx-nemesisdb)/);
  }
});

test('no dependency is bundled, and every dependency is used', async () => {
  const { dependencies } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  const dist = join(installed, 'dist');
  const scripts = (await readdir(dist, { recursive: true })).filter((path) => /\.c?js$/.test(path));
  const code = (await Promise.all(scripts.map((path) => readFile(join(dist, path), 'utf8')))).join('\n');
  for (const name of Object.keys(dependencies)) expect(code).toMatch(new RegExp(`(from |require\\()"${name}["/]`));
});

test('publint finds nothing to mend', async () => {
  await runTool('publint/src/cli.js', 'run', inject('tarball'), '--strict');
});

test('Are the Types Wrong finds nothing to mend', async () => {
  await runTool('@arethetypeswrong/cli/dist/index.js', inject('tarball'), '--no-color');
});
