import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build as buildWithEsbuild, transform } from 'esbuild';
import type { Browser } from 'playwright';
import { NdbServer } from 'rx-nemesisdb/server';
import { build as buildWithVite } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium, openPage } from './support/chromium.js';
import { type Pages, serveStatic } from './support/static-server.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const client = path('pages/client.ts');
/** What is published: `npm run test:browser` builds it first. */
const built = path('../../dist/index.js');

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

/** The packages that the client imports, where a page without a bundler finds them. */
const importMap = {
  imports: {
    'rx-nemesisdb': '/dist/index.js',
    '#platform': '/dist/transport/socket/browser.js',
    rxjs: '/node_modules/rxjs/dist/esm/index.js',
    tslib: '/node_modules/tslib/tslib.es6.js',
    zod: '/node_modules/zod/index.js',
    'zod/': '/node_modules/zod/',
    'lossless-json': '/node_modules/lossless-json/lib/esm/index.js',
  },
};

const unbundled = async (): Promise<Pages> => ({
  '/': `<script type="importmap">${JSON.stringify(importMap)}</script><script type="module" src="/client.js"></script>`,
  '/client.js': (await transform(await readFile(client, 'utf8'), { loader: 'ts', target: 'es2022' })).code,
});

const page = (script: string): Pages => ({
  '/': '<script type="module" src="/client.js"></script>',
  '/client.js': script,
});

async function bundledByEsbuild(): Promise<Pages> {
  const { outputFiles } = await buildWithEsbuild({
    entryPoints: [client],
    alias: { 'rx-nemesisdb': built },
    tsconfigRaw: '{}', // the package's own `imports` decide, as they do for its users
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  return page(outputFiles[0]?.text ?? '');
}

async function bundledByVite(): Promise<Pages> {
  const result = await buildWithVite({
    configFile: false,
    logLevel: 'error',
    resolve: { alias: { 'rx-nemesisdb': built } },
    build: { write: false, lib: { entry: client, formats: ['es'] } },
  });
  const outputs = Array.isArray(result) ? result : [result];
  const chunks = outputs.flatMap((output) => ('output' in output ? output.output : []));
  return page(chunks.map((chunk) => (chunk.type === 'chunk' ? chunk.code : '')).join('\n'));
}

test.each([
  ['unbundled, with an import map', unbundled],
  ['bundled by esbuild', bundledByEsbuild],
  ['bundled by Vite', bundledByVite],
])('the client works in Chromium %s', async (_, pagesOf) => {
  const web = await serveStatic(await pagesOf());
  const database = await NdbServer.listen({ allowOrigin: web.origin, sweepInterval: 100 });
  const { page, errors, close } = await openPage(browser, `${web.origin}/`);
  await page.waitForFunction('globalThis.exerciseClient');
  expect(await page.evaluate((url) => globalThis.exerciseClient(url), database.url)).toEqual({
    big: String(2n ** 63n),
    text: 'ünïcode ☂',
    hasAbsent: false,
    events: expect.arrayContaining(['opened', 'extended', 'expiring', 'expired']),
    countsDown: true,
    connections: expect.arrayContaining(['idle', 'connecting', 'open', 'closed']),
  });
  expect(errors).toEqual([]);
  await close();
  await database.close();
  web.close();
});

test('a page of an origin that the server does not allow is refused', async () => {
  const web = await serveStatic(await bundledByEsbuild());
  const database = await NdbServer.listen();
  const { page, close } = await openPage(browser, `${web.origin}/`);
  const states = `new Promise((resolve) => {
    const socket = new WebSocket('${database.url}');
    socket.onopen = () => resolve('open');
    socket.onerror = () => resolve('refused');
  })`;
  expect(await page.evaluate(states)).toBe('refused');
  await close();
  await database.close();
  web.close();
});
