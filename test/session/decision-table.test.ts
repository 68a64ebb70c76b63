import { describe, expect, it } from 'vitest';
import type { EndedBy, SessionSettings } from '../../src/session/events.js';
import type { Interval } from '../../src/session/lease/interval.js';
import { type Move, type Verdict, verdictOnGone, verdictOnMoved } from '../../src/session/lease/verdict.js';

const second = 1000;
const D: Interval = { lo: 100 * second, hi: 101 * second };

const settings = (flags: Partial<SessionSettings> = {}): SessionSettings => ({
  duration: 60 * second,
  deleteSession: false,
  extendOnSetAdd: false,
  extendOnGet: false,
  ...flags,
});
const staysFixed = settings();
const staysExtendable = settings({ extendOnGet: true });
const goesFixed = settings({ deleteSession: true });
const goesExtendable = settings({ deleteSession: true, extendOnSetAdd: true });

const early: Interval = { lo: 90 * second, hi: 91 * second };
const across: Interval = { lo: 99.5 * second, hi: 100.5 * second };
const late: Interval = { lo: 102 * second, hi: 103 * second };

const moved = (setAt: Interval, more: Partial<Move> = {}): Move => ({
  by: 'other',
  setAt,
  emptied: false,
  perhaps: false,
  reload: 'impossible',
  ...more,
});
const gone = (answeredAt: number, by: EndedBy = 'other') => ({ answeredAt, by });
const told = (kind: SessionSettings, shown: Move | ReturnType<typeof gone>): Verdict =>
  'setAt' in shown ? verdictOnMoved(kind, D, shown) : verdictOnGone(kind, D, shown);

describe('a deadline that moved', () => {
  it('before the old one could pass, with a flag: extended by other, presumed', () => {
    expect(told(staysExtendable, moved(early))).toEqual({ type: 'extended', by: 'other', certainty: 'presumed' });
    expect(told(goesExtendable, moved(early))).toEqual({ type: 'extended', by: 'other', certainty: 'presumed' });
  });

  it('by our own touch in time: extended by self, proven', () => {
    expect(told(staysExtendable, moved(early, { by: 'self' }))).toEqual({
      type: 'extended',
      by: 'self',
      certainty: 'proven',
    });
  });

  it('before the old one could pass, without flags: a reload, as nothing else can', () => {
    expect(told(staysFixed, moved(early))).toMatchObject({ type: 'reset', candidates: ['reloaded'] });
    expect(told(goesFixed, moved(early))).toMatchObject({ type: 'reset', candidates: ['reloaded'] });
  });

  it('at any time, of a session that goes when it expires: it did not expire', () => {
    for (const setAt of [early, across, late]) {
      expect(told(goesExtendable, moved(setAt))).toMatchObject({ type: 'extended', certainty: 'presumed' });
      expect(told(goesExtendable, moved(setAt, { by: 'self' }))).toMatchObject({
        type: 'extended',
        certainty: 'proven',
      });
      expect(told(goesFixed, moved(setAt))).toMatchObject({ type: 'reset', candidates: ['reloaded'] });
    }
  });

  it('after the old one, without flags: its keys expired, proven where a reload is excluded', () => {
    const expired = { type: 'expired', outcome: 'keysCleared', missedCycles: 0 };
    expect(told(staysFixed, moved(late))).toEqual({ ...expired, certainty: 'proven' });
    expect(told(staysFixed, moved(across))).toEqual({ ...expired, certainty: 'proven' });
    expect(told(staysFixed, moved(late, { reload: 'possible' }))).toEqual({ ...expired, certainty: 'presumed' });
  });

  it('after the old one, with a flag, and its keys are gone: expired, presumed', () => {
    expect(told(staysExtendable, moved(late, { emptied: true }))).toMatchObject({
      type: 'expired',
      outcome: 'keysCleared',
      certainty: 'presumed',
    });
  });

  it('after or across the old one, with a flag: reset, with its candidates', () => {
    for (const setAt of [across, late]) {
      for (const by of ['self', 'other'] as const) {
        expect(told(staysExtendable, moved(setAt, { by }))).toMatchObject({
          type: 'reset',
          candidates: ['extended', 'expired'],
          certainty: 'proven',
        });
      }
    }
    expect(told(staysExtendable, moved(late, { reload: 'possible' }))).toMatchObject({
      candidates: ['extended', 'expired', 'reloaded'],
    });
  });

  it('perhaps, as little was known of it: reset, and it may not have moved', () => {
    expect(told(staysFixed, moved(late, { perhaps: true }))).toMatchObject({
      type: 'reset',
      candidates: ['expired', 'unmoved'],
    });
    expect(told(staysExtendable, moved(late, { perhaps: true }))).toMatchObject({
      candidates: ['extended', 'expired', 'unmoved'],
    });
  });

  it('perhaps, without flags, and its keys are gone: expired, presumed, as another client may have cleared them', () => {
    expect(told(staysFixed, moved(late, { perhaps: true, emptied: true }))).toMatchObject({
      type: 'expired',
      certainty: 'presumed',
    });
  });

  it('long after the old one: how often it expired unseen is bounded', () => {
    const verdictOn = told(staysFixed, moved({ lo: 400 * second, hi: 401 * second }));
    // At most every 60 s from 100 on.
    expect(verdictOn).toMatchObject({ type: 'expired', missedCycles: 5 });
    const resets = told(staysExtendable, moved({ lo: 400 * second, hi: 401 * second }));
    expect(resets).toMatchObject({ type: 'reset', missedCycles: 6 });
  });

  it('by our own touch, after the old one, and its keys are gone: reset, as the keys were not seen just then', () => {
    const verdictOn = told(staysExtendable, moved(late, { by: 'self', emptied: true }));
    expect(verdictOn).toMatchObject({ type: 'reset', candidates: ['extended', 'expired'] });
  });

  it('after the old one, without flags, and its keys are gone: as proven as without looking at its keys', () => {
    const expired = { type: 'expired', outcome: 'keysCleared' };
    const sight = { emptied: true };
    expect(told(staysFixed, moved(late, sight))).toMatchObject({ ...expired, certainty: 'proven' });
    expect(told(staysFixed, moved(late, { ...sight, reload: 'possible' }))).toMatchObject({
      ...expired,
      certainty: 'presumed',
    });
  });

  it('within wide intervals: expired at most as often as the earliest of the one and the latest of the other allow', () => {
    const wide = { lo: 100_000, hi: 400_000 };
    // From 250 ms before 100 s to 699.65 s: 599.9 s. Ten times 60 s by a clock that is 200 millionths faster.
    const setAt = { lo: 410_000, hi: 699_650 };
    expect(verdictOnMoved(staysFixed, wide, moved(setAt))).toMatchObject({ missedCycles: 10 });
    expect(verdictOnMoved(staysExtendable, wide, moved(setAt, { emptied: true }))).toMatchObject({
      missedCycles: 10,
    });
    expect(verdictOnMoved(staysExtendable, wide, moved(setAt))).toMatchObject({
      missedCycles: 11,
    });
  });

  it('at the very moment from which it may have expired: it may have', () => {
    const until = (hi: number) => told(staysExtendable, moved({ lo: hi - 1000, hi }));
    expect(until(D.lo - 250)).toMatchObject({ type: 'reset' });
    expect(until(D.lo - 250.001)).toMatchObject({ type: 'extended' });
  });

  it('so little before the old one that the machine may have slept for as long unseen: it may have expired', () => {
    const close = { lo: D.lo - 1000, hi: D.lo - 20 };
    expect(told(staysExtendable, moved(close, { by: 'self' }))).toMatchObject({ type: 'reset' });
  });
});

describe('a session that is gone', () => {
  it('and would stay when it expires: ended, proven', () => {
    for (const at of [90 * second, 200 * second]) {
      expect(told(staysExtendable, gone(at))).toEqual({ type: 'ended', by: 'other', certainty: 'proven' });
    }
  });

  it('before it could expire: ended, proven', () => {
    expect(told(goesFixed, gone(99 * second, 'unknown'))).toEqual({
      type: 'ended',
      by: 'unknown',
      certainty: 'proven',
    });
  });

  it('after it could expire: expired, presumed', () => {
    expect(told(goesFixed, gone(D.lo))).toMatchObject({
      type: 'expired',
      outcome: 'sessionDeleted',
      certainty: 'presumed',
    });
    expect(told(goesFixed, gone(D.lo - 20))).toMatchObject({ type: 'expired', certainty: 'presumed' });
  });

  it('at the very moment from which it may have expired: expired, presumed', () => {
    expect(told(goesFixed, gone(D.lo - 250))).toMatchObject({ type: 'expired', certainty: 'presumed' });
    expect(told(goesFixed, gone(D.lo - 250.001))).toMatchObject({ type: 'ended', certainty: 'proven' });
  });
});
