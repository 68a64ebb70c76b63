import { defineConfig } from 'vitest/config';

const ofTransport = ['a-request-alone', 'fences', 'ids', 'server-with-ids', 'correlation', 'lost-replies', 'bounds'];

/** The tests that mutants of the correlation have to get past. */
export default defineConfig({
  test: {
    include: ['test/protocol/frame.test.ts', ...ofTransport.map((name) => `test/transport/${name}.test.ts`)],
    // The property of correlation finds what is wrong within a few hundred runs, or not at all.
    env: { CORRELATION_RUNS: '400' },
    testNamePattern: /^(?!.*a million)/,
  },
});
