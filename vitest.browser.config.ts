import { defineConfig } from 'vitest/config';
import base from './vitest.config.js';

/** The tests that need a Chromium: `npm run test:browser`. */
export default defineConfig({
  ...base,
  test: {
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 90_000,
    hookTimeout: 90_000,
    fileParallelism: false,
  },
});
