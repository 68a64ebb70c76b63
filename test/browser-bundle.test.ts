import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import * as browser from '../src/browser.js';
import * as node from '../src/index.js';

describe('the browser entry', () => {
  it('exports what the entry for Node exports', async () => {
    expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort());
    const types = async (entry: string) => {
      const text = await readFile(entry, 'utf8');
      return text.slice(text.indexOf('export type {')); // the lists of exports; the classes before them differ
    };
    expect(await types('src/browser.ts')).toBe(await types('src/index.ts'));
  });

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
