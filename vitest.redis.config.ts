import { defineConfig } from 'vitest/config';
import common from './vitest.config.js';

/** The tests that need a `redis-server`. */
export default defineConfig({
  ...common,
  test: {
    include: ['test/redis/**/*.test.ts'],
    globalSetup: 'test/redis/support/global-setup.ts',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The fault tests start clusters of their own, and measure nothing but need their time.
    fileParallelism: false,
  },
});
