/** `npm run test:browser`. Without a Chromium it says so and is content: the rest of the suite does not need one. */
import { spawnSync } from 'node:child_process';
import { chromiumPath } from './support/chromium.js';

if (chromiumPath === undefined) {
  console.log('No Chromium was found, so nothing was tested in a browser. Install one, or set CHROMIUM to its path.');
} else {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '-c', 'vitest.browser.config.ts'];
  const { status } = spawnSync(process.execPath, [...vitest, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
