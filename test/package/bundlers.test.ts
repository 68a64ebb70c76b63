import { beforeAll, expect, test } from 'vitest';
import { file, folder, program, run, runTool, tool } from './support/installed.js';

const lapsed = '18446744073709551615\nsessionDeleted\ntrue true';
const bundles = 'bundles';

const runBundle = (path: string) => run(process.execPath, `${bundles}/${path}`);

beforeAll(async () => {
  await folder(bundles, 'module');
  await program('session.mjs', bundles);
  await program('session.cjs', bundles);
});

test('esbuild bundles a CommonJS program for Node', async () => {
  const options = ['--bundle', '--platform=node', `--outfile=${bundles}/esbuild.cjs`, '--log-level=error'];
  await run(tool('.bin/esbuild'), `${bundles}/session.cjs`, ...options);
  expect(await runBundle('esbuild.cjs')).toBe(lapsed);
});

test('esbuild bundles an ES module for Node', async () => {
  // ws is CommonJS and requires modules of Node.
  const banner =
    "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  const options = ['--bundle', '--platform=node', '--format=esm', `--outfile=${bundles}/esbuild.mjs`, banner];
  await run(tool('.bin/esbuild'), `${bundles}/session.mjs`, ...options, '--log-level=error');
  expect(await runBundle('esbuild.mjs')).toBe(lapsed);
});

test('Vite builds a program for Node with all its dependencies', async () => {
  const config = { ssr: { noExternal: true }, build: { ssr: 'session.mjs', outDir: 'vite' }, logLevel: 'error' };
  await file(`${bundles}/vite.config.mjs`, `export default ${JSON.stringify(config)};`);
  await runTool('vite/bin/vite.js', 'build', bundles);
  expect(await runBundle('vite/session.js')).toBe(lapsed);
});

test('webpack bundles a program for Node', async () => {
  const config = await file(
    `${bundles}/webpack.cjs`,
    `const webpack = require(${JSON.stringify(tool('webpack'))});
    const config = {
      mode: 'production',
      target: 'node20',
      context: __dirname,
      entry: './session.cjs',
      output: { path: __dirname, filename: 'webpack-bundle.cjs' },
      externals: ['bufferutil', 'utf-8-validate'], // accelerators of ws that are not installed
      externalsType: 'commonjs',
    };
    webpack(config, (error, stats) => {
      if (error || stats.hasErrors()) throw error ?? new Error(stats.toString());
    });`,
  );
  await run(process.execPath, config);
  expect(await runBundle('webpack-bundle.cjs')).toBe(lapsed);
});

test('rollup bundles a program for Node', async () => {
  const config = await file(
    `${bundles}/rollup.config.mjs`,
    `import resolve from ${JSON.stringify(tool('@rollup/plugin-node-resolve/dist/es/index.js'))};
    import commonjs from ${JSON.stringify(tool('@rollup/plugin-commonjs/dist/es/index.js'))};
    export default {
      input: '${bundles}/session.mjs',
      external: /^node:|^(bufferutil|utf-8-validate)$/,
      output: { file: '${bundles}/rollup.mjs', format: 'es' },
      plugins: [resolve({ exportConditions: ['node'], preferBuiltins: true }), commonjs({ ignoreTryCatch: true })],
    };`,
  );
  await runTool('rollup/dist/bin/rollup', '--config', config, '--silent');
  expect(await runBundle('rollup.mjs')).toBe(lapsed);
});
