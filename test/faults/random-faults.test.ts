import fc from 'fast-check';
import { expect, it } from 'vitest';
import { program, run } from '../support/faults/program.js';

/**
 * Any commands, over any faults, restarts and reconnects: no wrong answer, no double execution, every call settles once, and
 * what each was told is what the server's store says. A failure prints its seed; `FAULT_SEED` runs it again, `FAULT_RUNS` more
 * of them.
 */
it('whatever happens to the network, nothing is lost without a word, and nothing is wrong', async () => {
  const { FAULT_SEED: seed, FAULT_RUNS: runs = '15' } = process.env;
  await fc.assert(
    fc.asyncProperty(program, fc.constantFrom('hidden' as const, 'shown' as const), async (steps, features) => {
      expect(await run(steps, features)).toEqual([]);
    }),
    {
      numRuns: Number(runs),
      ...(seed === undefined ? {} : { seed: Number(seed) }),
      interruptAfterTimeLimit: Number(runs) * 2400,
      markInterruptAsFailure: true,
    },
  );
}, 600_000);
