import type {
  EndedEvent,
  ExpiredEvent,
  ExpiringEvent,
  OpenedEvent,
  OverdueEvent,
  ResumedEvent,
  SessionEvent,
  SuspendedEvent,
  SuspensionReason,
  WidenedEvent,
} from './events.js';
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

export const opened = ({ tkn, at }: Stamp, known: Known): OpenedEvent => ({
  type: 'opened',
  tkn,
  seq: unnumbered,
  at,
  cycle: known.cycle,
  deadline: shownDeadline(known),
  certainty: 'local',
});

export const widened = ({ tkn, at }: Stamp, known: Known): WidenedEvent => ({
  type: 'widened',
  tkn,
  seq: unnumbered,
  at,
  cycle: known.cycle,
  deadline: shownDeadline(known),
  certainty: 'local',
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

export const overdue = ({ tkn, at }: Stamp, known: Known): OverdueEvent => ({
  type: 'overdue',
  tkn,
  seq: unnumbered,
  at,
  cycle: known.cycle,
  deadline: shownDeadline(known),
  certainty: 'local',
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

export const ended = (
  { tkn, at }: Stamp,
  known: Known,
  { by, certainty }: Pick<EndedEvent, 'by' | 'certainty'>,
): EndedEvent => ({
  type: 'ended',
  tkn,
  seq: unnumbered,
  at,
  cycle: known.cycle,
  deadline: shownDeadline(known),
  certainty,
  by,
});

const expired = (
  { tkn, at }: Stamp,
  known: Known,
  { outcome, missedCycles, certainty }: Pick<ExpiredEvent, 'outcome' | 'missedCycles' | 'certainty'>,
): ExpiredEvent => ({
  type: 'expired',
  tkn,
  seq: unnumbered,
  at,
  cycle: known.cycle,
  deadline: shownDeadline(known),
  certainty,
  outcome,
  missedCycles,
});

/** What a verdict says. `known`: what is known with it. */
export function told(verdict: Verdict, stamp: Stamp, known: Known): SessionEvent {
  switch (verdict.type) {
    case 'ended':
      return ended(stamp, known, verdict);
    case 'expired':
      return expired(stamp, known, verdict);
    case 'extended':
      return {
        type: 'extended',
        tkn: stamp.tkn,
        seq: unnumbered,
        at: stamp.at,
        cycle: known.cycle,
        deadline: shownDeadline(known),
        certainty: verdict.certainty,
        by: verdict.by,
      };
    case 'reset':
      return {
        type: 'reset',
        tkn: stamp.tkn,
        seq: unnumbered,
        at: stamp.at,
        cycle: known.cycle,
        deadline: shownDeadline(known),
        certainty: verdict.certainty,
        candidates: verdict.candidates,
        missedCycles: verdict.missedCycles,
      };
  }
}
