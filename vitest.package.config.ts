import { defineConfig } from 'vitest/config';

/** The tests of the packed package, as its users install it. They take minutes, so they have a script of their own. */
export default defineConfig({
  test: {
    include: ['test/package/*.test.ts'],
    globalSetup: 'test/package/support/pack.ts',
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
