// Builds dist: types by tsc, code by esbuild. docs/PACKAGE.md says why there are two formats.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { build } from 'esbuild';

const common = { bundle: true, external: ['#platform'], target: 'es2022', sourcemap: true, logLevel: 'warning' };

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
const types = readdirSync('dist', { recursive: true }).filter((path) => path.endsWith('.d.ts'));

// ES modules. Our own become a few files, because Node takes twice as long to import them one by one.
// Packages stay imports: the program has one copy of each and keeps it up to date.
const { metafile } = await build({
  ...common,
  format: 'esm',
  entryPoints: [
    'src/index.ts',
    'src/server/index.ts',
    'src/server/main.ts',
    'src/server/store/redis/index.ts',
    'src/testing/index.ts',
    'src/cli/main.ts',
    'src/transport/socket/node.ts',
    'src/transport/socket/browser.ts',
  ],
  outbase: 'src',
  outdir: 'dist',
  splitting: true,
  packages: 'external',
  metafile: true,
});

// CommonJS: the same files and the same types, under names that say what they are.
const asCommonJs = {
  name: 'as-commonjs',
  setup(esbuild) {
    esbuild.onResolve({ filter: /./ }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { path: path.replace(/^(\..*)\.js$/, '$1.cjs'), external: true },
    );
  },
};
await build({
  ...common,
  format: 'cjs',
  entryPoints: Object.keys(metafile.outputs).filter((path) => path.endsWith('.js') && !path.endsWith('/main.js')),
  outbase: 'dist',
  outdir: 'dist/cjs',
  outExtension: { '.js': '.cjs' },
  plugins: [asCommonJs],
});
for (const path of types) {
  const to = `dist/cjs/${path.replace(/ts$/, 'cts')}`;
  mkdirSync(dirname(to), { recursive: true });
  // Import specifiers are the only strings in them that begin with a dot and end in .js.
  writeFileSync(to, readFileSync(`dist/${path}`, 'utf8').replace(/(['"]\.[^'"]*)\.js(['"])/g, '$1.cjs$2'));
}
