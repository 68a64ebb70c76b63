import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Happening, happenings, type Observed, Scenario } from './support/scenario.js';
import type { TrueEvent } from './support/simulated-server.js';
import { World } from './support/world.js';

/** What clocks may hide: a sleep too short to be seen, and rounding. */
const slack = 52;

interface History {
  readonly scenario: Scenario;
  readonly world: World;
  /** What was done to a session in truth, in the client's outside time. */
  readonly truth: (tkn: bigint, from?: number, to?: number) => readonly TrueEvent[];
}

function history(list: readonly Happening[], rate: number, firstSweep: number, jumps: 'sleep' | 'set-back'): History {
  const world = new World({ rate, firstSweep });
  const scenario = new Scenario(world, jumps).play(list);
  scenario.settle();
  const truth = (tkn: bigint, from = 0, to = Number.POSITIVE_INFINITY) =>
    world.server.events
      .map((event) => ({ ...event, at: event.at / rate }))
      .filter((event) => event.tkn === tkn && event.at >= from && event.at <= to);
  return { scenario, world, truth };
}

function inAnyHistory(check: (history: History, observed: Observed) => void): void {
  fc.assert(
    fc.property(
      happenings,
      fc.constantFrom(1, 1 + 190e-6, 1 - 190e-6),
      fc.integer({ min: 1, max: 5000 }),
      fc.constantFrom('sleep', 'set-back'),
      (list, rate, firstSweep, jumps) => {
        const result = history(list, rate, firstSweep, jumps);
        for (const observed of result.scenario.observed) check(result, observed);
      },
    ),
    { numRuns: Number(process.env.RUNS ?? 1000) },
  );
}

const terminal = (observed: Observed) =>
  observed.told.filter(
    ({ event }) => event.type === 'ended' || (event.type === 'expired' && event.outcome === 'sessionDeleted'),
  );

describe('whatever happens', () => {
  it('events are numbered without gaps, and come in the order of time', () => {
    inAnyHistory((_, { told }) => {
      expect(told.map(({ event }) => event.seq)).toEqual(told.map((_, index) => index + 1));
      for (const [index, { event }] of told.entries())
        expect(event.at).toBeGreaterThanOrEqual(told[index - 1]?.event.at ?? 0);
    });
  });

  it('what is said to be proven is true', () => {
    inAnyHistory(({ truth }, { told, session: { tkn } }) => {
      // Each proof takes an event of its own.
      const proofs = { extended: 0, expired: 0, reset: 0 };
      for (const { event, outside } of told) {
        const happened = truth(tkn, 0, outside).map(({ what }) => what);
        const times = (...kinds: TrueEvent['what'][]) => happened.filter((what) => kinds.includes(what)).length;
        if (event.certainty !== 'proven') continue;
        switch (event.type) {
          case 'ended':
            expect(happened).not.toContain('lapsed');
            expect(times('ended', 'lost')).toBe(1);
            if (event.by === 'self' || event.by === 'other') expect(happened).toContain('ended');
            break;
          case 'extended':
            expect(times('touched')).toBeGreaterThanOrEqual(++proofs.extended);
            break;
          case 'expired':
            expect(times('cleared')).toBeGreaterThanOrEqual(++proofs.expired);
            break;
          case 'reset':
            if (event.candidates.includes('unmoved')) break;
            expect(times('touched', 'cleared')).toBeGreaterThanOrEqual(++proofs.reset);
            break;
          case 'resumed':
            expect(happened.at(-1)).not.toBe('lost');
        }
      }
    });
  });

  it('what is gone is said to be gone, once, and nothing else is', () => {
    inAnyHistory(({ world }, observed) => {
      const exists = world.server.sessions.has(observed.session.tkn);
      const ends = terminal(observed).length;
      if (exists) expect([ends, observed.completed]).toEqual([0, false]);
      else if (observed.followedSince !== undefined) expect([ends, observed.completed]).toEqual([1, true]);
      else expect(ends).toBeLessThanOrEqual(1);
      if (ends === 1) expect(observed.told.at(-1)).toBe(terminal(observed)[0]);
    });
  });

  it('a deadline lies within its interval', () => {
    inAnyHistory(({ truth }, { told, session: { tkn } }) => {
      for (const { event, deadline, outside } of told) {
        if (deadline === undefined) continue;
        expect(event.deadline.lo).toBeLessThanOrEqual(deadline + slack);
        const shown = ['extended', 'expired', 'reset', 'opened'].includes(event.type);
        const movedMeanwhile = truth(tkn, outside - 1500, outside).some(({ what }) => what !== 'created');
        if (shown && (event.type === 'extended' && event.by === 'self' ? true : !movedMeanwhile)) {
          if (!movedMeanwhile || event.type !== 'extended')
            expect(event.deadline.hi).toBeGreaterThanOrEqual(deadline - slack);
        }
      }
    });
  });

  it('overdue is never said before the server could have let it lapse, and once only', () => {
    inAnyHistory((_, { told }) => {
      let said: string | undefined;
      for (const { event, deadline } of told) {
        if (event.type === 'overdue') {
          expect(event.at).toBeGreaterThanOrEqual(event.deadline.lo);
          expect(said).not.toBe('overdue');
        }
        if (event.type === 'expiring') {
          expect(said).toBeUndefined();
          if (deadline !== undefined) expect(event.at + event.inMs).toBeLessThanOrEqual(deadline + slack);
        }
        if (event.type === 'overdue' || event.type === 'expiring') said = event.type;
        else if (!['suspended', 'resumed', 'widened'].includes(event.type)) said = undefined;
      }
    });
  });

  it('each time that keys were cleared is told, or bounded', () => {
    inAnyHistory(({ truth, world }, { told, session: { tkn }, followedSince }) => {
      const first = told[0];
      if (first === undefined || followedSince === undefined) return;
      if (told.filter(({ event }) => event.type === 'opened').length > 1) return;
      let least = 0;
      let most = 0;
      for (const { event } of told) {
        if (event.type === 'expired' && event.outcome === 'keysCleared') {
          if (event.certainty === 'proven') least += 1 + event.missedCycles.atLeast;
          most += 1 + event.missedCycles.atMost;
        } else if (event.type === 'reset') {
          least += event.missedCycles.atLeast;
          most += event.missedCycles.atMost;
        }
      }
      const cleared = (until: number) => truth(tkn, 0, until).filter(({ what }) => what === 'cleared').length;
      const now = world.clock.outside();
      expect(cleared(now)).toBeGreaterThanOrEqual(least);
      if (world.server.sessions.has(tkn)) expect(cleared(now - 12_000)).toBeLessThanOrEqual(most);
    });
  });

  it('nothing is left running when nobody follows', () => {
    inAnyHistory(({ scenario, world }) => {
      for (const observed of scenario.observed) observed.unfollow();
      world.clock.advance(6000);
      expect(world.clock.timers).toBe(0);
    });
  });
});
