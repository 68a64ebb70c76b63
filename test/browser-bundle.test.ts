import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

describe('the browser entry', () => {
  it('bundles for browsers without any module or global of Node', async () => {
    const { outputFiles, metafile, warnings } = await build({
      entryPoints: ['src/browser.ts'],
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser', // fails on whatever is Node's own
      target: 'es2022',
      write: false,
      metafile: true,
      logLevel: 'silent',
    });
    expect(warnings).toEqual([]);
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.filter((path) => path.includes('node-platform') || path.includes('node_modules/ws/'))).toEqual([]);
    expect(outputFiles[0]?.text).not.toMatch(/\bBuffer\b|\bprocess\.(nextTick|env|on)\b/);
  });
});
