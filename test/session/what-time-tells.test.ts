import { describe, expect, it } from 'vitest';
import { notSlept } from '../../src/session/clock-watch.js';
import type { Known, Life } from '../../src/session/life.js';
import type { SessionSettings } from '../../src/session/port.js';
import { type Evidence, next } from '../../src/session/state.js';

const circumstances = { tkn: 1n, sweepInterval: 5000, reloadExcluded: true };
const settings: SessionSettings = { duration: 60_000, deleteSession: true, extendOnSetAdd: false, extendOnGet: true };
const alive = (known: Partial<Known> = {}): Life => ({
  is: 'alive',
  known: { settings, deadline: { lo: 100_000, hi: 100_100 }, cycle: 0, filled: true, ...known },
});
const take = (life: Life, evidence: Evidence, at = 0) => next(life, evidence, { ...circumstances, at });
const knownOf = (life: Life) => (life.is === 'over' ? undefined : life.known);
const endless = { lo: Number.POSITIVE_INFINITY, hi: Number.POSITIVE_INFINITY };

describe('time', () => {
  it('is told of once: near, by how much, and past', () => {
    let life = alive();
    const told = [90_000, 94_999, 95_000, 99_500, 100_000, 100_500].map((now) => {
      const { life: after, event } = take(life, { kind: 'time', lead: 5000 }, now);
      life = after;
      return event?.type === 'expiring' ? event.inMs : event?.type;
    });
    expect(told).toEqual([undefined, undefined, 5000, undefined, 'overdue', undefined]);
  });

  it('tells nothing of a session that is suspended', () => {
    const { life } = take(alive(), { kind: 'suspended', reason: 'connection', slept: notSlept });
    expect(take(life, { kind: 'time', lead: 5000 }, 200_000)).toEqual({ life });
  });
});

describe('a sleep of the machine', () => {
  it('moves the deadline of a session that is suspended already, and tells nothing', () => {
    const { life } = take(alive(), { kind: 'suspended', reason: 'connection', slept: notSlept });
    const step = take(life, { kind: 'suspended', reason: 'clock', slept: { ms: 7000, setBacks: 0 } });
    expect(step.event).toBeUndefined();
    expect(step.life).toMatchObject({
      is: 'suspended',
      reason: 'connection',
      known: { deadline: { lo: 93_000, hi: 100_100 } },
    });
  });

  it('moves where a deadline begins if the machine did not sleep as the wall clock was set back', () => {
    const { life } = take(alive({ awakeLo: 99_000 }), { kind: 'clock-jumped', slept: { ms: 7000, setBacks: 0 } });
    expect(knownOf(life)).toMatchObject({ awakeLo: 92_000 });
  });
});

describe('SH_INFO', () => {
  const info = (keyCount: number, remaining: number, now: SessionSettings): Evidence => ({
    kind: 'info',
    span: { lo: 50_000, hi: 50_000 },
    info: { keyCount, remaining, settings: now },
  });

  it('of a session that never expires tells of its keys alone', () => {
    const forever = { ...settings, duration: 0 };
    const step = take(alive({ settings: forever, deadline: endless }), info(0, 0, forever));
    expect(step.event).toBeUndefined();
    expect(knownOf(step.life)).toMatchObject({ deadline: endless, filled: false });
  });

  it('that tells other settings tells the deadline of now: none where it never expires', () => {
    const loaded = take(alive(), info(1, 29, { ...settings, duration: 30_000 }));
    expect(loaded.event).toMatchObject({
      type: 'reset',
      candidates: ['reloaded'],
      missedCycles: { atLeast: 0, atMost: 0 },
    });
    expect(loaded.event?.deadline.lo).toBeCloseTo(79_000, -2);
    expect(loaded.event?.deadline.hi).toBeCloseTo(80_000, -2);
    expect(knownOf(loaded.life)).toMatchObject({ cycle: 0, settings: { duration: 30_000 } });
    expect(take(alive(), info(1, 0, { ...settings, duration: 0 })).event?.deadline).toEqual(endless);
  });
});
