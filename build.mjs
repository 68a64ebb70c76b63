// Builds dist: types by tsc, code by esbuild.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
await build({
  entryPoints: [
    'src/index.ts',
    'src/server/index.ts',
    'src/server/main.ts',
    'src/transport/socket/node.ts',
    'src/transport/socket/browser.ts',
  ],
  outbase: 'src',
  outdir: 'dist',
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  // Our own modules become a few files, because Node takes twice as long to import them one by one.
  // Packages stay imports: the program has one copy of each and keeps it up to date.
  bundle: true,
  splitting: true,
  packages: 'external',
  external: ['#platform'],
});
