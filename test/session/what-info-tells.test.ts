import { describe, expect, it } from 'vitest';
import type { Known } from '../../src/session/life.js';
import type { SessionSettings } from '../../src/session/port.js';
import { next, type Step } from '../../src/session/state.js';

const circumstances = { tkn: 1n, sweepInterval: 5000, reloadExcluded: true };

const settings = (flags: Partial<SessionSettings> = {}): SessionSettings => ({
  duration: 60_000,
  deleteSession: true,
  extendOnSetAdd: false,
  extendOnGet: false,
  ...flags,
});

/** What SH_INFO makes of a deadline known to lie in [100 000, 100 100], asked and answered at once. */
function told(flags: Partial<SessionSettings>, remaining: number, at: number, known: Partial<Known> = {}): Step {
  const life = {
    is: 'alive',
    known: { settings: settings(flags), deadline: { lo: 100_000, hi: 100_100 }, cycle: 0, filled: true, ...known },
  } as const;
  const info = { keyCount: 1, settings: settings(flags), remaining };
  return next(life, { kind: 'info', span: { lo: at, hi: at }, info }, { ...circumstances, at });
}

const deadlineOf = ({ life }: Step) => (life.is === 'over' ? undefined : life.known.deadline);

describe('SH_INFO that agrees with what is known', () => {
  it('narrows the interval from both sides where nothing can have moved the deadline', () => {
    const step = told({}, 20, 79_050);
    expect(step.event).toBeUndefined();
    expect(deadlineOf(step)?.lo).toBe(100_000);
    expect(deadlineOf(step)?.hi).toBeCloseTo(100_054, 0);
  });

  it('narrows it from below alone where another client may have moved it by less than a second', () => {
    const step = told({ extendOnGet: true }, 20, 79_500);
    expect(step.event).toBeUndefined();
    expect(deadlineOf(step)?.lo).toBe(100_000);
    expect(deadlineOf(step)?.hi).toBeGreaterThan(100_500);
  });

  it('keeps the earliest end where the session may just have expired, and have a second to live again', () => {
    const step = told({ deleteSession: false, duration: 1000 }, 0, 100_900);
    expect(step.event).toBeUndefined();
    expect(deadlineOf(step)?.lo).toBe(100_000);
    expect(deadlineOf(step)?.hi).toBeGreaterThan(101_890);
  });
});

describe('SH_INFO that contradicts what is known', () => {
  it('by a later deadline: it moved', () => {
    expect(told({ extendOnGet: true }, 50, 90_000).event).toMatchObject({ type: 'extended', by: 'other' });
  });

  it('by an earlier deadline, or other settings: the session was ended and loaded again', () => {
    expect(told({ extendOnGet: true }, 5, 80_000).event).toMatchObject({ type: 'reset', candidates: ['reloaded'] });
    const other = told({}, 20, 79_500, { settings: settings({ duration: 30_000 }) });
    expect(other.event).toMatchObject({ type: 'reset', candidates: ['reloaded'] });
  });
});
