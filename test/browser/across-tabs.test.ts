import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright';
import { NdbServer } from 'rx-nemesisdb/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from './support/chromium.js';
import { serveStatic } from './support/static-server.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

test('a touch in one tab moves the countdown in all tabs of the session', async () => {
  const { outputFiles } = await build({
    entryPoints: [path('pages/tab.ts')],
    alias: { 'rx-nemesisdb': path('../../dist/index.js') },
    tsconfigRaw: '{}',
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  const web = await serveStatic({
    '/': '<script type="module" src="/tab.js"></script>',
    '/tab.js': outputFiles[0]?.text ?? '',
  });
  const database = await NdbServer.listen({ allowOrigin: web.origin });
  const context = await browser.newContext();
  const [first, second] = await Promise.all([context.newPage(), context.newPage()]);
  for (const page of [first, second]) {
    await page.goto(`${web.origin}/`);
    await page.waitForFunction('globalThis.tab');
  }
  const tkn = await first.evaluate((url) => globalThis.tab.create(url, 30), database.url);
  await second.evaluate(([url, tkn]) => globalThis.tab.attach(url, tkn), [database.url, tkn] as const);
  const left = (page: Page) => page.evaluate(() => globalThis.tab.left);

  await expect.poll(() => left(second), { timeout: 10_000 }).toBeLessThan(27_000);
  await first.evaluate(() => globalThis.tab.touch());
  // The reply to SH_INFO has whole seconds, so the other tab knows the deadline to a second.
  await expect.poll(() => left(second)).toBeGreaterThan(28_000);
  expect(await left(first)).toBeGreaterThan(28_000);

  await context.close();
  await database.close();
  web.close();
});
