import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Happening, happenings } from './support/happenings.js';
import type { Observed } from './support/observed.js';
import { Scenario } from './support/scenario.js';
import type { TrueEvent } from './support/simulated-server.js';
import { World } from './support/world.js';

/** What clocks may hide: sleeps too short to be seen, and rounding. */
const slack = 252;

/** How long it may take until a lapse is told, while nothing comes in the way: two looks of the server's, and questions under way. */
const bound = 14_000;

/** `SH_INFO` tells a deadline to a second, and to how long it is under way. */
const second = 1000 + 1400;

/** How long a question may be on its way, with those that it waits for. */
const unknowable = 3000;

interface History {
  readonly scenario: Scenario;
  readonly world: World;
  /** What was done to a session in truth, among the first `happened` things. Times are the client's outside time. */
  readonly truth: (tkn: bigint, happened?: number) => readonly (TrueEvent & { readonly index: number })[];
}

interface Setting {
  readonly rate: number;
  readonly firstSweep: number;
  readonly jumps: 'sleep' | 'set-back';
  readonly persistEnabled: boolean;
  readonly glances: boolean;
}

function history(list: readonly Happening[], { rate, firstSweep, jumps, persistEnabled, glances }: Setting): History {
  const world = new World({ rate, firstSweep, persistEnabled });
  const scenario = new Scenario(world, { jumps, loads: persistEnabled, glances }).play(list);
  scenario.settle();
  const truth = (tkn: bigint, happened = Number.POSITIVE_INFINITY) =>
    world.server.events
      .map((event, index) => ({ ...event, at: event.at / rate, index }))
      .filter((event) => event.tkn === tkn && event.index < happened);
  return { scenario, world, truth };
}

const settings = fc.record({
  rate: fc.constantFrom(1, 1 + 190e-6, 1 - 190e-6),
  firstSweep: fc.integer({ min: 1, max: 5000 }),
  jumps: fc.constantFrom('sleep' as const, 'set-back' as const),
  persistEnabled: fc.boolean(),
  // A look finds out a sleep: not in every history.
  glances: fc.boolean(),
});

/** Seed and path of one that failed: `SEED=… FAST_PATH=…`. */
const { SEED, FAST_PATH, RUNS } = process.env;
const again = SEED === undefined ? {} : { seed: Number(SEED), path: FAST_PATH ?? '' };

function inAnyHistory(check: (history: History, observed: Observed) => void): void {
  fc.assert(
    fc.property(happenings, settings, (list, setting) => {
      const result = history(list, setting);
      for (const observed of result.scenario.observed) check(result, observed);
    }),
    { numRuns: Number(RUNS ?? 1000), ...again },
  );
}

const terminal = (observed: Observed) =>
  observed.told.filter(
    ({ event }) => event.type === 'ended' || (event.type === 'expired' && event.outcome === 'sessionDeleted'),
  );

const isEnd = ({ what }: TrueEvent) => what === 'ended' || what === 'lapsed' || what === 'lost';

describe('whatever happens', () => {
  it('events are numbered without gaps, and come in the order of time', () => {
    inAnyHistory((_, { told }) => {
      for (const [index, { event, follow }] of told.entries()) {
        if (event.type === 'opened') expect(event.seq).toBe(1);
        const before = told[index - 1];
        if (before === undefined) continue;
        // Others may have watched the session before it was followed again.
        if (before.follow === follow) expect(event.seq).toBe(before.event.seq + 1);
        expect(event.at).toBeGreaterThanOrEqual(before.event.at);
      }
    });
  });

  it('what is said to be proven is true, and by whom', () => {
    inAnyHistory(({ truth }, { told, session: { tkn } }) => {
      // Each proof takes an event of its own.
      const proofs = { extended: 0, expired: 0, reset: 0 };
      for (const { event, happened } of told) {
        const events = truth(tkn, happened);
        const times = (...kinds: TrueEvent['what'][]) => events.filter(({ what }) => kinds.includes(what)).length;
        if (event.certainty !== 'proven') continue;
        switch (event.type) {
          case 'ended': {
            const end = events.filter(isEnd).at(-1);
            if (event.by === 'self') expect(end).toMatchObject({ what: 'ended', by: 'us' });
            else if (event.by === 'other') expect(end).toMatchObject({ what: 'ended', by: 'other' });
            else expect(end?.what).toMatch(/ended|lost/);
            break;
          }
          case 'extended':
            expect(event.by).toBe('self');
            expect(events.filter(({ what, by }) => what === 'touched' && by === 'us').length).toBeGreaterThanOrEqual(
              ++proofs.extended,
            );
            break;
          case 'expired':
            expect(times('cleared')).toBeGreaterThanOrEqual(++proofs.expired);
            break;
          case 'reset':
            if (event.candidates.includes('unmoved')) break;
            expect(times('touched', 'cleared', 'loaded')).toBeGreaterThanOrEqual(++proofs.reset);
            break;
          case 'resumed':
            expect(events.filter(({ what }) => what !== 'touched').at(-1)?.what).not.toBe('lost');
        }
      }
    });
  });

  it('what is gone is said to be gone, once, and nothing else is', () => {
    inAnyHistory(({ world, truth }, observed) => {
      const { tkn } = observed.session;
      const exists = world.server.sessions.has(tkn);
      const ends = terminal(observed).length;
      const { followedSince } = observed;
      if (truth(tkn).some(({ what }) => what === 'loaded')) expect(ends).toBeLessThanOrEqual(1);
      else if (exists) expect([ends, observed.completed]).toEqual([0, false]);
      // Another handle may have heard of its end before: then its streams just complete.
      else if (followedSince !== undefined) expect(observed.completed).toBe(true);
      if (ends === 1) expect(observed.told.at(-1)).toBe(terminal(observed)[0]);
    });
  });

  it('a deadline lies within its interval, as far as the client was answered, and no interval is absurd', () => {
    inAnyHistory((_, { told }) => {
      for (const [index, { event, deadline, seen }] of told.entries()) {
        // After a doubt about the clocks it has no beginning, until a probe is answered.
        if (event.deadline.lo !== Number.NEGATIVE_INFINITY) expect(event.deadline.lo).toBeGreaterThan(-200_000);
        expect(event.deadline.lo).toBeLessThanOrEqual(event.deadline.hi);
        if (deadline === undefined) continue;
        expect(event.deadline.lo).toBeLessThanOrEqual(deadline + slack);
        // Where a reply betrays that the machine slept, that is told before what the reply says.
        const known = event.type === 'suspended' ? (told[index - 1]?.seen ?? Number.NEGATIVE_INFINITY) : seen;
        expect(event.deadline.hi).toBeGreaterThanOrEqual(known - slack);
      }
    });
  });

  it('and once a session goes on that was loaded as the server was started again', () => {
    inAnyHistory(({ truth }, { told, session: { tkn } }) => {
      for (const { event, unslept, happened } of told) {
        if (event.type !== 'resumed' || event.reason !== 'connection' || unslept === undefined) continue;
        const [before, last] = truth(tkn, happened).slice(-2);
        if (before?.what !== 'lost' || last?.what !== 'loaded') continue;
        expect(event.deadline.hi).toBeGreaterThanOrEqual(unslept - slack);
      }
    });
  });

  it('and at any other time, what states tell of it', () => {
    inAnyHistory((_, { glances }) => {
      for (const { known, deadline, seen } of glances) {
        if (deadline === undefined) continue;
        expect(known.lo).toBeLessThanOrEqual(deadline + slack);
        expect(known.hi).toBeGreaterThanOrEqual(seen - slack);
      }
    });
  });

  it('overdue is never said before the server could have let it lapse, and once only, after expiring', () => {
    inAnyHistory(({ truth, scenario, world }, { told, session: { tkn } }) => {
      let said: string | undefined;
      let dueFrom: number | undefined;
      let begun: number | undefined;
      for (const { event, deadline, happened, outside } of told) {
        if (event.type === 'overdue') {
          expect(event.at).toBeGreaterThanOrEqual(event.deadline.lo);
          expect(said).toBe('expiring');
          expect(said).not.toBe('overdue');
          // Where the deadline moved while the question was on its way, or nobody answered, it can't be known.
          const moved = truth(tkn, happened).at(-1)?.at ?? 0;
          const since = outside - unknowable;
          const before = scenario.troubles.filter((trouble) => trouble.at <= since).at(-1);
          const meanwhile = scenario.troubles.some((trouble) => trouble.at > since && trouble.at <= outside);
          const isKnown = moved < since && before?.works !== false && !meanwhile;
          if (isKnown && deadline !== undefined) expect(event.at).toBeGreaterThanOrEqual(deadline - second - slack);
          // A cycle that was proven to have begun lasts as long as the one before, at the least.
          const lasts = world.server.sessions.get(tkn)?.settings.duration ?? 0;
          if (begun !== undefined) expect(event.at).toBeGreaterThanOrEqual(begun + lasts * (1 - 400e-6) - slack);
        }
        // By its deadline: where that was vague, the server was asked first, and it may have lapsed before it was said.
        if (event.type === 'overdue') dueFrom = event.deadline.lo;
        if (event.type === 'expired' && event.certainty === 'proven') begun = dueFrom;
        // Of what moves it otherwise, or sleeps, the time is not known.
        else if (!['overdue', 'expiring'].includes(event.type)) begun = dueFrom = undefined;
        if (event.type === 'expiring') {
          expect(said).toBeUndefined();
          if (deadline !== undefined && event.inMs > 0)
            expect(event.at + event.inMs).toBeLessThanOrEqual(deadline + slack);
        }
        if (event.type === 'overdue' || event.type === 'expiring') said = event.type;
        else if (!['suspended', 'resumed', 'widened'].includes(event.type)) said = undefined;
      }
    });
  });

  it('each lapse is told in time once it can be known', () => {
    inAnyHistory(({ truth, scenario, world }, { told, session: { tkn }, followedSince }) => {
      if (followedSince === undefined) return;
      const duration = world.server.sessions.get(tkn)?.settings.duration;
      for (const { what, at, index } of truth(tkn)) {
        // Of a second or two, several lapses may look like one.
        if (what !== 'lapsed' && !(what === 'cleared' && (duration ?? 0) >= 6000)) continue;
        const before = scenario.troubles.filter((trouble) => trouble.at <= at).at(-1);
        const meanwhile = scenario.troubles.some((trouble) => trouble.at > at && trouble.at <= at + bound);
        const now = world.clock.outside();
        if (at < followedSince || before?.works === false || meanwhile || now < at + bound) continue;
        const tells = told.filter(
          ({ event, happened, outside }) =>
            ['expired', 'reset', 'ended'].includes(event.type) && happened > index && outside <= at + bound,
        );
        expect(tells.length).toBeGreaterThan(0);
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
          if (event.certainty === 'proven') least += 1;
          most += 1 + event.missedCycles;
        } else if (event.type === 'reset') {
          most += event.missedCycles;
        }
      }
      const now = world.clock.outside();
      const cleared = (until: number) =>
        truth(tkn).filter(({ what, at, index }) => what === 'cleared' && at <= until && index >= first.happened).length;
      expect(cleared(now)).toBeGreaterThanOrEqual(least);
      const loaded = truth(tkn).some(({ what }) => what === 'loaded');
      if (world.server.sessions.has(tkn) && !loaded) expect(cleared(now - 12_000)).toBeLessThanOrEqual(most);
    });
  });

  it('keepAlive touches nothing that was cleared before that was told', () => {
    inAnyHistory(({ truth }, { told, touches, session: { tkn } }) => {
      for (const touch of touches) {
        // One that comes while the touch is on its way can't be known.
        const cleared = truth(tkn, touch.happened)
          .filter(({ what }) => what === 'cleared')
          .at(-1);
        if (cleared === undefined || cleared.at > touch.outside - 1500) continue;
        const tells = told
          .slice(0, touch.told)
          .filter(({ event, happened }) => ['expired', 'reset'].includes(event.type) && happened > cleared.index);
        const since = told.find(({ event }) => event.type === 'opened')?.happened ?? 0;
        if (cleared.index >= since) expect(tells.length).toBeGreaterThan(0);
      }
    });
  });

  it('countdowns never promise more than is left, and states are told when they change', () => {
    inAnyHistory((_, { countdowns, states }) => {
      for (const { value, deadline, now } of countdowns) {
        expect(value).toBeGreaterThanOrEqual(0);
        if (deadline !== undefined) expect(value).toBeLessThanOrEqual(Math.max(0, deadline - now) + slack);
      }
      for (const list of states) {
        for (const [index, { value }] of list.entries()) expect(value).not.toEqual(list[index - 1]?.value);
      }
    });
  });

  it('nothing is left running when nobody follows', () => {
    inAnyHistory(({ scenario, world }) => {
      for (const observed of scenario.observed) {
        observed.unfollow();
        observed.leave();
      }
      world.clock.advance(6000);
      expect(world.clock.timers).toBe(0);
    });
  });
});
