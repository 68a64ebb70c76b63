import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: '#platform', replacement: source('./src/transport/socket/node.ts') },
      { find: /^rx-nemesisdb$/, replacement: source('./src/index.ts') },
      { find: /^rx-nemesisdb\/server$/, replacement: source('./src/server/index.ts') },
      { find: /^rx-nemesisdb\/server\/redis$/, replacement: source('./src/server/store/redis/index.ts') },
      { find: /^rx-nemesisdb\/testing$/, replacement: source('./src/testing/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts', 'examples/testing/*.test.ts'],
    // These have configurations and scripts of their own.
    exclude: ['test/package/**', 'test/browser/**', 'test/bindings/**', 'test/redis/**'],
    testTimeout: 20_000,
    // A server that is there already is shared by all files: they would clear each other's keys and sessions.
    fileParallelism: process.env.NDB_URL === undefined,
  },
});
