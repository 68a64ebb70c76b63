import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../src/session/events.js';
import type { Session } from '../../src/session/session.js';
import { types, World } from './support/world.js';

/** Another client ends a session and loads it from a dataset: its deadline begins anew. */
function endAndLoad(world: World, { tkn }: Session): void {
  world.server.save();
  world.other('SH_END', { tkn });
  world.server.load();
}

/** Follows a session, and holds what it is told first against the truth. */
function followTruly(world: World, session: Session): readonly SessionEvent[] {
  const truth = world.deadlineOf(session.tkn) ?? Number.NaN;
  const events = world.follow(session);
  expect(events[0]?.deadline.lo).toBeLessThanOrEqual(truth);
  expect(events[0]?.deadline.hi).toBeGreaterThanOrEqual(truth);
  return events;
}

describe('a session that was followed once, and is attached to', () => {
  it('after it was ended and loaded again, has the deadline that SH_INFO told', () => {
    const world = new World({ persistEnabled: true });
    const session = world.create({ seconds: 5, deleteSession: true });
    session.state$.subscribe().unsubscribe();
    world.clock.advance(3000);
    endAndLoad(world, session);
    const events = followTruly(world, world.attach(session.tkn));
    world.clock.advance(12_000);
    expect(types(events)).toEqual(['opened', 'expiring', 'overdue', 'expired']);
    expect(events[1]?.at).toBeGreaterThan(7000);
  });

  it('after its keys expired while nobody followed, is known to be in its next cycle', () => {
    const world = new World();
    const session = world.create({ seconds: 8 });
    session.state$.subscribe().unsubscribe();
    world.clock.advance(13_000);
    const [opened] = followTruly(world, world.attach(session.tkn));
    expect(opened?.cycle).toBe(1);
  });

  it('has the interval that both what was known and SH_INFO allow, where they agree', () => {
    const world = new World();
    const session = world.create({ seconds: 60, deleteSession: true });
    session.state$.subscribe().unsubscribe();
    world.clock.advance(30_300);
    const [opened] = followTruly(world, world.attach(session.tkn));
    expect((opened?.deadline.hi ?? 0) - (opened?.deadline.lo ?? 0)).toBeLessThan(100);
  });
});

describe('a session that is followed all the time, of a server that has datasets', () => {
  it('and is ended and loaded again, is not said to be overdue by the deadline that it had', () => {
    const world = new World({ persistEnabled: true });
    const session = world.create({ seconds: 5, deleteSession: true });
    const events = world.follow(session);
    world.clock.advance(3000);
    endAndLoad(world, session);
    const truth = world.deadlineOf(session.tkn) ?? Number.NaN;
    world.clock.advance(9000);
    expect(types(events)).toEqual(['opened', 'expiring', 'reset', 'expiring', 'overdue', 'expired']);
    expect(events[2]).toMatchObject({ candidates: ['reloaded'], certainty: 'proven' });
    expect(events[4]?.at).toBeGreaterThan(truth - 1010);
  });

  it('costs one question for each deadline, before it is said to be overdue', () => {
    const world = new World({ persistEnabled: true });
    const session = world.create({ seconds: 20 });
    const events = world.follow(session);
    world.clock.advance(20_500);
    expect(types(events)).toEqual(['opened', 'expiring', 'overdue']);
    expect(world.sent).toEqual(['SH_NEW', 'SH_INFO']);
  });

  it('is said to be overdue all the same where nobody answers', () => {
    const world = new World({ persistEnabled: true });
    const session = world.create({ seconds: 20, deleteSession: true });
    const events = world.follow(session);
    world.losing = true;
    world.clock.advance(21_000);
    expect(types(events)).toEqual(['opened', 'expiring', 'overdue']);
  });
});
