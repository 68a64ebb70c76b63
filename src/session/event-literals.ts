import type { ExpiringEvent, ResumedEvent, SessionEvent, SuspendedEvent, SuspensionReason } from './events.js';
import { type Known, shownDeadline } from './life.js';
import type { Verdict } from './verdict.js';

/*
 * Events, each written out in full. To spread one object and add members to it was measured to give every single event a hidden class of
 * its own, where the objects come in more than one shape: a kilobyte each, which outlived the collections of young garbage.
 */

/** Of which session something is told, and when it became known. */
export interface Stamp {
  readonly tkn: bigint;
  readonly at: number;
}

/** Events are numbered as they are told. */
const unnumbered = 0;

/** An event that tells nothing besides what all tell. */
export const bare = <Type extends 'opened' | 'widened' | 'overdue'>(type: Type, { tkn, at }: Stamp, known: Known) => ({
  type,
  tkn,
  seq: unnumbered,
  at,
  cycle: known.cycle,
  deadline: shownDeadline(known),
  certainty: 'local' as const,
});

export const expiring = ({ tkn, at }: Stamp, known: Known, inMs: number): ExpiringEvent => ({
  type: 'expiring',
  tkn,
  seq: unnumbered,
  at,
  cycle: known.cycle,
  deadline: shownDeadline(known),
  certainty: 'local',
  inMs,
});

export const suspended = ({ tkn, at }: Stamp, known: Known, reason: SuspensionReason): SuspendedEvent => ({
  type: 'suspended',
  tkn,
  seq: unnumbered,
  at,
  cycle: known.cycle,
  deadline: shownDeadline(known),
  certainty: 'local',
  reason,
});

export const resumed = ({ tkn, at }: Stamp, known: Known, reason: SuspensionReason): ResumedEvent => ({
  type: 'resumed',
  tkn,
  seq: unnumbered,
  at,
  cycle: known.cycle,
  deadline: shownDeadline(known),
  certainty: 'proven',
  reason,
});

/** What a verdict says. `known`: what is known with it. */
export function told(verdict: Verdict, { tkn, at }: Stamp, known: Known): SessionEvent {
  const { cycle } = known;
  const deadline = shownDeadline(known);
  const seq = unnumbered;
  switch (verdict.type) {
    case 'ended': {
      const { type, by, certainty } = verdict;
      return { type, tkn, seq, at, cycle, deadline, certainty, by };
    }
    case 'extended': {
      const { type, by, certainty } = verdict;
      return { type, tkn, seq, at, cycle, deadline, certainty, by };
    }
    case 'expired': {
      const { type, outcome, missedCycles, certainty } = verdict;
      return { type, tkn, seq, at, cycle, deadline, certainty, outcome, missedCycles };
    }
    case 'reset': {
      const { type, candidates, missedCycles, certainty } = verdict;
      return { type, tkn, seq, at, cycle, deadline, certainty, candidates, missedCycles };
    }
  }
}
