import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { after, deadlineFrom, intersect, setFrom, timeLeft } from '../../src/session/lease/interval.js';

const milliseconds = fc.double({ min: 0, max: 1e9, noNaN: true });
const duration = fc.integer({ min: 1, max: 9_000_000_000 }).map((seconds) => seconds * 1000);
const rate = fc.double({ min: 1 - 199e-6, max: 1 + 199e-6, noNaN: true });

/** Sums of such numbers round. */
const rounding = (...values: number[]) => 1e-3 + Math.max(...values.map(Math.abs)) * 1e-12;

describe('the seconds that remain', () => {
  it('are cut toward zero by the server', () => {
    expect(timeLeft(7)).toEqual({ lo: 7000, hi: 8000 });
    expect(timeLeft(1)).toEqual({ lo: 1000, hi: 2000 });
    expect(timeLeft(0)).toEqual({ lo: -1000, hi: 1000 });
    expect(timeLeft(-1)).toEqual({ lo: -2000, hi: -1000 });
    expect(timeLeft(-3)).toEqual({ lo: -4000, hi: -3000 });
  });

  it('always hold the true time left', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e7, max: 1e10, noNaN: true }), (left) => {
        const told = timeLeft(Math.trunc(left / 1000));
        expect(told.lo).toBeLessThanOrEqual(left);
        expect(told.hi).toBeGreaterThanOrEqual(left);
      }),
    );
  });
});

describe('an interval', () => {
  it('holds the deadline that a request set, whenever it was executed, however the clocks run', () => {
    fc.assert(
      fc.property(
        milliseconds,
        milliseconds,
        fc.double({ min: 0, max: 1, noNaN: true }),
        duration,
        rate,
        (start, length, share, time, speed) => {
          const span = { lo: start, hi: start + length };
          const deadline = start + length * share + time / speed;
          const known = after(span, time);
          expect(known.lo).toBeLessThanOrEqual(deadline + rounding(deadline));
          expect(known.hi).toBeGreaterThanOrEqual(deadline - rounding(deadline));
        },
      ),
    );
  });

  it('holds the deadline that SH_INFO tells, and the moment at which it was set', () => {
    fc.assert(
      fc.property(
        milliseconds,
        fc.double({ min: 0, max: 5000, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        duration,
        fc.double({ min: 0, max: 1.2, noNaN: true }),
        rate,
        (start, length, share, time, gone, speed) => {
          const span = { lo: start, hi: start + length };
          const executed = start + length * share;
          const left = time * (1 - gone);
          const deadline = executed + left / speed;
          const set = executed - (time * gone) / speed;
          const remaining = Math.trunc(left / 1000) + 0;
          const known = deadlineFrom(span, remaining);
          const error = rounding(deadline, set);
          expect(known.lo).toBeLessThanOrEqual(deadline + error);
          expect(known.hi).toBeGreaterThanOrEqual(deadline - error);
          const setAt = setFrom(span, remaining, time);
          expect(setAt.lo).toBeLessThanOrEqual(set + error);
          expect(setAt.hi).toBeGreaterThanOrEqual(set - error);
          expect(setAt.hi).toBeLessThanOrEqual(span.hi);
        },
      ),
    );
  });

  it('meets another where they overlap, and only there', () => {
    expect(intersect({ lo: 1, hi: 5 }, { lo: 3, hi: 9 })).toEqual({ lo: 3, hi: 5 });
    expect(intersect({ lo: 1, hi: 3 }, { lo: 3, hi: 9 })).toEqual({ lo: 3, hi: 3 });
    expect(intersect({ lo: 1, hi: 2 }, { lo: 3, hi: 9 })).toBeUndefined();
  });
});
