import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumFlags, chromiumPath } from './test/browser/support/chromium.js';
import { replacements, testsForBrowsers } from './test/browser/support/suite.js';

const root = fileURLToPath(new URL('.', import.meta.url));
const path = (name: string) => root + name;

const aliasesFor = (platform: 'node' | 'browser') => [
  { find: '#platform', replacement: path(`src/transport/socket/${platform}.ts`) },
  { find: /^rx-nemesisdb$/, replacement: path('src/index.ts') },
  { find: /^rx-nemesisdb\/server$/, replacement: path('src/server/index.ts') },
];

/** The tests that need a Chromium: `npm run test:browser`. */
export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias: aliasesFor('node') },
        test: {
          name: 'pages',
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 90_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        resolve: { alias: aliasesFor('browser') },
        plugins: [
          {
            name: 'replace-what-needs-node',
            enforce: 'pre',
            async resolveId(source, importer, options) {
              const resolved = await this.resolve(source, importer, { ...options, skipSelf: true });
              const replacement = resolved && replacements[relative(root, resolved.id)];
              return replacement === undefined || replacement === null ? undefined : path(replacement);
            },
          },
        ],
        test: {
          name: 'suite in Chromium',
          include: await testsForBrowsers(root),
          globalSetup: ['test/browser/support/start-server.ts'],
          testTimeout: 30_000,
          fileParallelism: false,
          sequence: { groupOrder: 0 },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: chromiumPath ?? '', args: chromiumFlags } }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
