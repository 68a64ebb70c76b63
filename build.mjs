// Builds dist: types by tsc, code by esbuild.
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

/** Where rxjs keeps each of its exports, as its own index says. */
const rxjsHomes = new Map(
  [
    ...readFileSync('node_modules/rxjs/dist/esm/index.js', 'utf8').matchAll(/export \{ (.+?) \} from '\.\/(.+?)'/g),
  ].flatMap(([, names, home]) => names.split(', ').map((name) => [name, `rxjs/${home}`])),
);

/**
 * Imports each part of rxjs from its own module, which its `exports` offer as `rxjs/internal/*`: the same modules that
 * `rxjs` itself is made of, so still the program's one copy. Its index loads all of them, of which we use a quarter: that was
 * measured to be half of the package's import time.
 */
const partsOfRxjs = {
  name: 'parts-of-rxjs',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8').replace(/^import \{([^}]*)\} from 'rxjs';$/gm, (_, names) =>
        names
          .split(',')
          .map((name) => name.trim())
          .filter((name) => name !== '' && !name.startsWith('type '))
          .map((name) => `import { ${name} } from '${homeOf(name)}';`)
          // On one line, so that source maps stay true.
          .join(' '),
      ),
    }));
  },
};

function homeOf(name) {
  const home = rxjsHomes.get(name);
  if (home === undefined) throw new Error(`rxjs exports no ${name}.`);
  return home;
}

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
  plugins: [partsOfRxjs],
  // zod and lossless-json are bundled: many small modules, of which we use a few, and reading them one by one was measured to
  // cost a third of the package's whole import time. Schemas of programs come through Standard Schema, so no zod of theirs
  // has to be this one. rxjs must be the program's own copy; what speaks to the network is for the program to keep up to date.
  external: ['rxjs', 'ws', 'json-p3'],
});
// What is bundled keeps its license.
copyFileSync('node_modules/zod/LICENSE', 'dist/LICENSE-zod.txt');
copyFileSync('node_modules/lossless-json/LICENSE.md', 'dist/LICENSE-lossless-json.md');
