import { describe, expect, it } from 'vitest';
import { Agenda, type Planned } from '../../src/session/agenda.js';
import { TestClock } from '../support/clocks/sleeping-clock.js';
import { types, World } from './support/world.js';

describe('a callback that is slow', () => {
  it('does not keep other sessions from being asked about and told of', () => {
    const world = new World();
    const counted = world.create({ seconds: 600, deleteSession: true });
    const other = world.create({ seconds: 2, deleteSession: true });
    counted.remaining$(10).subscribe(() => world.clock.block(12));
    const events = world.follow(other);
    world.clock.advance(20_000);
    expect(types(events)).toEqual(['opened', 'expiring', 'overdue', 'expired']);
    expect(events.at(-1)?.at).toBeLessThan(12_000);
  });

  it('does not let an answer that waits for its turn override what a later reply has told', () => {
    const world = new World();
    // It is looked at before `expiring`, at the same time at which the others are found to have expired.
    const touched = world.create({ seconds: 10, deleteSession: true, extendOnSetAdd: true, expiringBefore: 4848 });
    const events = world.follow(touched);
    let isFirst = true;
    const whenOneExpires = () => {
      world.clock.block(3);
      if (isFirst) world.clock.schedule(() => world.command('SH_SET', { tkn: touched.tkn, keys: {} }).subscribe(), 6);
      isFirst = false;
    };
    for (let index = 0; index < 40; index++) {
      world.create({ seconds: 2, deleteSession: true }).expired$.subscribe(whenOneExpires);
    }
    world.clock.advance(9000);
    expect(types(events)).toEqual(['opened', 'extended']); // by the answer alone, it would be said to be near its end
    const { lo = Number.NaN, hi } = events.at(-1)?.deadline ?? {};
    const deadline = world.server.sessions.get(touched.tkn)?.deadline;
    expect(deadline).toBeGreaterThanOrEqual(lo);
    expect(deadline).toBeLessThanOrEqual(hi ?? Number.NaN);
    expect(world.sent.filter((command) => command === 'SH_INFO')).toHaveLength(1); // and was taken in first
  });

  it('does not keep long jobs from getting on: they have as long as it took', () => {
    const clock = new TestClock();
    const agenda = new Agenda(clock, () => {});
    const slow: Planned = {
      dueAt: Number.POSITIVE_INFINITY,
      queuedAt: Number.POSITIVE_INFINITY,
      due: (now) => {
        agenda.plan(slow, now + 1);
        clock.block(4);
      },
    };
    let steps = 0;
    agenda.plan(slow, clock.now() + 1);
    clock.advance(1);
    agenda.work(() => {
      clock.block(0.01);
      steps += 1;
      return true;
    });
    clock.advance(1000);
    expect(steps * 0.01).toBeGreaterThan(400);
  });

  it('of a job does not keep appointments waiting: one at least is kept between two steps', () => {
    const clock = new TestClock();
    const agenda = new Agenda(clock, () => {});
    let kept = 0;
    const often: Planned = {
      dueAt: Number.POSITIVE_INFINITY,
      queuedAt: Number.POSITIVE_INFINITY,
      due: (now) => {
        kept += 1;
        agenda.plan(often, now + 1);
      },
    };
    agenda.plan(often, clock.now() + 1);
    let steps = 0;
    agenda.work(() => {
      clock.block(10);
      steps += 1;
      return steps < 50;
    });
    clock.advance(500);
    expect(kept).toBeGreaterThanOrEqual(49);
  });

  it('leaves the time between two slices to those who wait for replies, 2 ms of it, and none where nobody does', () => {
    const lastsFor = (isBusy: boolean) => {
      const clock = new TestClock();
      const agenda = new Agenda(
        clock,
        () => {},
        () => isBusy,
      );
      let steps = 0;
      agenda.work(() => {
        clock.block(0.1);
        steps += 1;
        return steps < 1000;
      });
      for (let ms = 1; ; ms++) {
        clock.advance(1);
        if (steps === 1000) return ms;
      }
    };
    // 100 ms of work, in slices of about a fifth of a millisecond.
    expect(lastsFor(false)).toBeLessThan(300);
    expect(lastsFor(true)).toBeGreaterThan(900);
    expect(lastsFor(true)).toBeLessThan(1300);
  });
});
