/** A headless Chromium, and pages that fail the test if anything goes wrong in them. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright';

/** Where a Chromium is: `CHROMIUM` says so, or Debian's package has put it there. */
export const chromiumPath = [process.env.CHROMIUM, '/usr/bin/chromium'].find(
  (path) => path !== undefined && existsSync(path),
);

/** Keeps Chromium from reaching for the network. As root it has no sandbox. */
export const chromiumFlags = [
  'no-sandbox',
  'disable-gpu',
  'disable-quic',
  'no-first-run',
  'disable-background-networking',
  'disable-component-update',
  'disable-sync',
].map((flag) => `--${flag}`);

export function launchChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('There is no Chromium. Set CHROMIUM to the path of one.');
  return chromium.launch({ executablePath: chromiumPath, args: chromiumFlags });
}

/** A page, and the errors that were thrown in it or written to its console. */
export interface WatchedPage {
  readonly page: Page;
  readonly errors: string[];
  close(): Promise<void>;
}

export async function openPage(browser: Browser, url: string, options?: BrowserContextOptions): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    // The browser reports each refused connection: that is what these tests cause on purpose.
    if (message.type() === 'error' && !/WebSocket connection to .* failed/.test(message.text())) {
      errors.push(message.text());
    }
  });
  await page.goto(url);
  return { page, errors, close: () => context.close() };
}
