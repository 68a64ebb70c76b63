import fc from 'fast-check';
import { expect, it } from 'vitest';
import { correlationProperty, type Tally } from '../support/correlation/property.js';

/** Fewer where a thousand mutants have to pass by. */
const runs = Number(process.env.CORRELATION_RUNS ?? 4000);

it('each request ends in its own reply or a true, typed error, whatever the server drops, delays or cuts', async () => {
  const tally: Tally = { sent: 0, connections: 0, ends: new Map() };
  await fc.assert(correlationProperty(tally), { numRuns: runs });
  // The runs tried something: each way to end occurs.
  expect([...tally.ends.keys()]).toEqual(
    expect.arrayContaining([
      'answered',
      'unsubscribed',
      'NDB_REPLY_LOST unknown',
      'NDB_REPLY_LOST executed',
      'NDB_TIMEOUT not-sent',
      'NDB_TIMEOUT unknown',
      'NDB_QUEUE_FULL not-sent',
    ]),
  );
}, 60_000);
