import { defineConfig } from 'vitest/config';

/** The tests that mutants of the correlation have to get past. */
export default defineConfig({
  test: {
    include: ['a-request-alone', 'fences', 'ids', 'reply-parser', 'correlation', 'lost-replies', 'bounds'].map(
      (name) => `test/transport/${name}.test.ts`,
    ),
    // The property of correlation finds what is wrong within a few hundred runs, or not at all.
    env: { CORRELATION_RUNS: '400' },
    testNamePattern: /^(?!.*a million)/,
  },
});
