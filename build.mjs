// Builds dist: types by tsc, code by esbuild.
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

/** Where rxjs keeps each of its exports, as its own index says. */
const rxjsHomes = new Map(
  [...readFileSync('node_modules/rxjs/dist/esm/index.js', 'utf8').matchAll(/export \{ (.+?) \} from '(.+?)'/g)].flatMap(
    ([, names, home]) => names.split(', ').map((name) => [name, home.replace('./', 'rxjs/')]),
  ),
);

/** The parts of rxjs that are used. */
const used = new Set();

/**
 * For Node, `rxjs` becomes `#rxjs`: a module that takes just the parts that are used, each from its own file, which the
 * `exports` of rxjs offer as `rxjs/internal/*`. These are the files that `rxjs` itself is made of, so it is still the program's
 * one copy. Its index reads all of them, of which we use a quarter: that was measured to be half of the package's import time.
 */
const partsOfRxjs = {
  name: 'parts-of-rxjs',
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8');
      for (const [, names] of contents.matchAll(/^import \{([^}]*)\} from 'rxjs';$/gm)) {
        for (const name of names.split(',').map((part) => part.trim())) {
          if (name !== '' && !name.startsWith('type ')) used.add(name);
        }
      }
      return { loader: 'ts', contents };
    });
    onResolve({ filter: /^rxjs$/ }, () => ({ path: '#rxjs', external: true, sideEffects: false }));
  },
};

function partOfRxjs(name) {
  const home = rxjsHomes.get(name);
  if (home === undefined) throw new Error(`rxjs exports no ${name}.`);
  return `exports.${name} = require('${home}').${name};\n`;
}

const options = {
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  sourcemap: true,
  // zod and lossless-json are bundled: many small modules, of which we use a few, and reading them one by one was measured to
  // cost a third of the package's whole import time. Schemas of programs come through Standard Schema, so no zod of theirs
  // has to be this one. rxjs must be the program's own copy; what speaks to the network is for the program to keep up to date.
  external: ['rxjs', 'ws', 'json-p3'],
};

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
await build({ ...options, entryPoints: ['src/browser.ts'], platform: 'browser', target: 'es2022' });
await build({
  ...options,
  entryPoints: ['src/index.ts', 'src/server/index.ts', 'src/server/main.ts'],
  platform: 'node',
  target: 'node20.19',
  plugins: [partsOfRxjs],
});
writeFileSync('dist/rxjs.cjs', [...used].sort().map(partOfRxjs).join(''));
// What is bundled keeps its license.
copyFileSync('node_modules/zod/LICENSE', 'dist/LICENSE-zod.txt');
copyFileSync('node_modules/lossless-json/LICENSE.md', 'dist/LICENSE-lossless-json.md');
