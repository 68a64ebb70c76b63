// Builds dist: types by tsc, code by esbuild.
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
await build({
  entryPoints: ['src/index.ts', 'src/browser.ts', 'src/server/index.ts', 'src/server/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  // zod is bundled: it is a hundred small modules, of which we use a few, and reading them one by one was measured to cost
  // a third of the package's whole import time. Schemas of programs come through Standard Schema, so no zod of theirs has to
  // be this one. rxjs must be the program's own copy; the rest is a few files each.
  external: ['rxjs', 'ws', 'lossless-json', 'json-p3'],
});
// What is bundled keeps its license.
copyFileSync('node_modules/zod/LICENSE', 'dist/LICENSE-zod.txt');
