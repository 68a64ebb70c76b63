import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { Frame } from '../../src/protocol/frame.js';
import type { Batch, Correlator, Settlement, WireRequest } from '../../src/transport/requests/correlator.js';
import { correlationProperty, type Tally } from '../support/correlation/property.js';

/** Correlation as other clients do it: the first reply is that of the first request, and so on. */
vi.mock(import('../../src/transport/requests/fences.js'), async (original) => ({
  ...(await original()),
  Fences: class ByOrder implements Correlator {
    readonly #ids: number[] = [];
    readonly fullBatch = 32;

    get inFlight(): number {
      return this.#ids.length;
    }

    pending(): number[] {
      return [...this.#ids];
    }

    room(): number {
      return 8 - this.inFlight;
    }

    write(requests: readonly WireRequest[]): Batch {
      this.#ids.push(...requests.map(({ id }) => id));
      return { frames: requests.map(({ text }) => text), fenced: false };
    }

    probe(): undefined {}

    receive(frame: Frame): Settlement {
      const id = this.#ids.shift();
      if (id === undefined) return { type: 'untrusted', reason: 'nothing was asked' };
      return { type: 'delivered', ids: [id], frames: [frame], fenced: false };
    }
    // It stands in for a class with private members, which no other class can have.
  } as never,
}));

it('correlation by order alone gives one caller the data of another, and the property of correlation finds it', async () => {
  const tally: Tally = { sent: 0, connections: 0, ends: new Map() };
  const result = await fc.check(correlationProperty(tally, 'fences'), { numRuns: 1000, seed: 1, endOnFailure: true });
  expect(result.failed).toBe(true);
  expect(String(result.errorInstance)).toMatch(/was given the reply of request \d+/);
});
