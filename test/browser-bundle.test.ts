import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

test('the client bundles for browsers without any module or global of Node', async () => {
  const { outputFiles, metafile, warnings } = await build({
    entryPoints: ['src/index.ts'],
    tsconfig: fileURLToPath(new URL('../tsconfig.browser.json', import.meta.url)),
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser', // fails on every module of Node
    target: 'es2022',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  expect(warnings).toEqual([]);
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.filter((path) => path.includes('socket/node') || path.includes('node_modules/ws/'))).toEqual([]);
  expect(inputs.some((path) => path.endsWith('socket/browser.ts'))).toBe(true);
  expect(outputFiles[0]?.text).not.toMatch(/\bBuffer\b|\bprocess\.(nextTick|env|on)\b/);
});
