import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { Frame, Settlement, Waiter } from '../../src/transport/requests/correlator.js';
import { correlationProperty, type Tally } from '../support/correlation/property.js';

/** Correlation as other clients do it: the first reply is that of the first request, and so on. */
vi.mock('../../src/transport/requests/correlator.js', () => ({
  Correlator: class ByOrder<W extends Waiter> {
    readonly #waiters: W[] = [];
    readonly batches = 0;

    get inFlight(): number {
      return this.#waiters.length;
    }

    waiting(): W[] {
      return [...this.#waiters];
    }

    written(waiters: readonly W[]): undefined {
      this.#waiters.push(...waiters);
    }

    probe(): undefined {}

    count(): undefined {}

    received(frame: Frame): Settlement<W> {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) return { type: 'confused', reason: 'nothing was asked' };
      return { type: 'delivered', waiters: [waiter], frames: [frame], fenced: false };
    }
  },
}));

it('correlation by order alone gives one caller the data of another, and the property of correlation tells', async () => {
  const tally: Tally = { sent: 0, connections: 0, ends: new Map() };
  const result = await fc.check(correlationProperty(tally), { numRuns: 1000, seed: 1, endOnFailure: true });
  expect(result.failed).toBe(true);
  expect(String(result.errorInstance)).toMatch(/was given the reply of request \d+/);
});
