import { defineConfig } from 'vitest/config';

/** The tests that mutants of the correlation have to survive: quick ones first, those over real sockets not at all. */
export default defineConfig({
  test: {
    include: [
      'test/transport/correlator.test.ts',
      'test/transport/frames.test.ts',
      'test/transport/opening.test.ts',
      'test/transport/bounds.test.ts',
      'test/transport/lost-replies.test.ts',
      'test/transport/correlation.test.ts',
    ],
    env: { CORRELATION_RUNS: '400' },
    testTimeout: 10_000,
  },
});
