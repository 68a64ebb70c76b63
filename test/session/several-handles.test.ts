import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

describe('two handles of one session', () => {
  it('tell a lapse once, though they are followed one after the other', () => {
    const world = new World();
    const first = world.create({ seconds: 10 });
    const second = world.attach(first.tkn);
    const heard = world.follow(first);
    world.clock.advance(16_000);
    expect(types(heard)).toEqual(['opened', 'expiring', 'overdue', 'expired']);
    const later: string[] = [];
    const following = first.events$.subscribe();
    second.events$.subscribe(({ type }) => later.push(type));
    world.clock.advance(1000);
    following.unsubscribe();
    expect(later).toEqual([]);
    expect(world.attach(first.tkn).isValid).toBe(true);
  });

  it('go on from the same, after the one that was followed is left', () => {
    const world = new World();
    const first = world.create({ seconds: 10 });
    const second = world.attach(first.tkn);
    const following = first.events$.subscribe();
    world.clock.advance(16_000);
    following.unsubscribe();
    const events = world.follow(second);
    expect(events[0]).toMatchObject({ type: 'opened', cycle: 1 });
    world.clock.advance(8_000);
    expect(types(events)).toEqual(['opened', 'expiring']);
  });

  it('are valid, and invalid, together', () => {
    const world = new World();
    const first = world.create({ seconds: 5, deleteSession: true });
    const second = world.attach(first.tkn);
    world.follow(first);
    world.clock.advance(20_000);
    expect([first.isValid, second.isValid]).toEqual([false, false]);
    const states: string[] = [];
    second.state$.subscribe({ next: ({ state }) => states.push(state), complete: () => states.push('complete') });
    expect(states).toEqual(['expired', 'complete']);
  });

  it('have one expiring, as early as the one that asks for it earliest', () => {
    for (const order of ['attached while followed', 'followed after attaching'] as const) {
      const world = new World();
      const first = world.create({ seconds: 10, deleteSession: true, expiringBefore: 100 });
      const early = order === 'attached while followed' ? world.follow(first) : undefined;
      const second = world.attach(first.tkn, 5000);
      const events = early ?? world.follow(first);
      const others = world.follow(second);
      world.clock.advance(9000);
      expect(types(events)).toEqual(['opened', 'expiring']);
      expect(types(others)).toEqual(['expiring']);
      const [, expiring] = events;
      if (expiring?.type !== 'expiring') throw new Error('not expiring');
      expect(expiring.inMs).toBeGreaterThan(4900);
    }
  });

  it('of which one was there before a reload of the token are two things: the old one stays gone', () => {
    const world = new World();
    const old = world.create({ seconds: 5, deleteSession: true });
    const truth = world.server.sessions.get(old.tkn);
    world.follow(old);
    world.clock.advance(20_000);
    expect(old.isValid).toBe(false);
    if (truth === undefined) throw new Error('never there');
    world.server.sessions.set(old.tkn, { ...truth, deadline: world.clock.outside() + 5000 });
    const loaded = world.attach(old.tkn);
    expect([old.isValid, loaded.isValid]).toEqual([false, true]);
    expect(types(world.follow(loaded))).toEqual(['opened']);
    expect(types(world.follow(old))).toEqual([]);
  });
});

describe('a handle that is made while another one is there, which nobody followed', () => {
  it('takes part in what was known of the deadline, as far as that must still hold', () => {
    for (const flags of [{ deleteSession: true }, { deleteSession: true, extendOnGet: true }, {}]) {
      const world = new World();
      const session = world.create({ seconds: 10, ...flags });
      world.clock.advance(500);
      world.attach(session.tkn);
      const [opened] = world.follow(session);
      const truth = world.deadlineOf(session.tkn) ?? Number.NaN;
      expect(opened?.deadline.lo).toBeGreaterThan(truth - 10);
      expect(opened?.deadline.hi).toBeGreaterThanOrEqual(truth);
      if (flags.deleteSession === true && !('extendOnGet' in flags))
        expect(opened?.deadline.hi).toBeLessThan(truth + 10);
    }
  });

  it('knows of an extension by another client, which the first one has missed', () => {
    const world = new World();
    const session = world.create({ seconds: 10, extendOnGet: true });
    world.clock.advance(5000);
    world.other('SH_GET', { tkn: session.tkn, keys: [] });
    world.attach(session.tkn);
    const [opened] = world.follow(session);
    expect(opened?.deadline.lo).toBeGreaterThan(world.clock.now() + 8000);
  });

  it('knows of a reload with an earlier deadline', () => {
    const world = new World({ persistEnabled: true });
    const session = world.create({ seconds: 60, deleteSession: true });
    const truth = world.server.sessions.get(session.tkn);
    if (truth === undefined) throw new Error('never there');
    world.server.sessions.set(session.tkn, { ...truth, deadline: world.clock.outside() + 20_500 });
    world.attach(session.tkn);
    const [opened] = world.follow(session);
    expect(opened?.deadline.lo).toBeLessThanOrEqual(world.deadlineOf(session.tkn) ?? 0);
    expect(opened?.deadline.hi).toBeLessThan(world.clock.now() + 22_000);
  });
});
