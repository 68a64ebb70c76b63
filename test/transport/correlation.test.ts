import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { correlationProperty, type Tally } from '../support/correlation/property.js';

/** Fewer if a thousand mutants have to be tried; many more before a release. */
const runs = Number(process.env.CORRELATION_RUNS ?? 4000);

/** The ways in which requests end, each of which must occur: otherwise the runs tried nothing. */
const ends = {
  fences: [
    'answered',
    'unsubscribed',
    'NDB_REPLY_LOST unknown',
    'NDB_REPLY_LOST executed',
    'NDB_TIMEOUT not-sent',
    'NDB_TIMEOUT unknown',
    'NDB_QUEUE_FULL not-sent',
  ],
  ids: ['answered', 'unsubscribed', 'NDB_REPLY_LOST unknown', 'NDB_TIMEOUT unknown', 'NDB_QUEUE_FULL not-sent'],
};

describe.each(['fences', 'ids'] as const)('with %s', (strategy) => {
  it('each request ends in its own reply or a true, typed error, whatever the server drops, delays or cuts', async () => {
    const tally: Tally = { sent: 0, connections: 0, ends: new Map() };
    await fc.assert(correlationProperty(tally, strategy), { numRuns: runs });
    expect([...tally.ends.keys()]).toEqual(expect.arrayContaining(ends[strategy]));
  }, 600_000);
});
