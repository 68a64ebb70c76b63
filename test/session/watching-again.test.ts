import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

describe('a session that nobody watches', () => {
  it('is not probed, and nothing runs', () => {
    const world = new World();
    const session = world.create({ seconds: 10, deleteSession: true });
    session.events$.subscribe().unsubscribe();
    world.clock.advance(60_000);
    expect(world.clock.timers).toBe(0);
    expect(world.sent).toEqual(['SH_NEW']);
  });
});

describe('watching a session', () => {
  it('begins without a probe if its handle was made by the latest reply', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 60, extendOnGet: true }));
    expect(types(events)).toEqual(['opened']);
    world.clock.advance(1000);
    expect(world.sent).toEqual(['SH_NEW']);
  });

  it('begins with a probe if another command was answered since: it may have extended or ended the session', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    world.clock.advance(30_000);
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    const events = world.follow(session);
    const states: string[] = [];
    session.state$.subscribe(({ state }) => states.push(state));
    expect(types(events)).toEqual([]);
    world.clock.advance(10);
    expect(world.sent.at(-1)).toBe('SH_INFO');
    expect(types(events)).toEqual(['opened']);
    expect(events[0]?.deadline.lo).toBeGreaterThan(89_900);
    expect(states).toEqual(['opening', 'alive']);
  });

  it('emits ended by unknown, and no opened, if the session was ended meanwhile', () => {
    for (const by of ['us', 'other'] as const) {
      const world = new World();
      const session = world.create({ seconds: 600, deleteSession: true });
      if (by === 'us') world.run('SH_END', { tkn: session.tkn });
      else {
        world.other('SH_END', { tkn: session.tkn });
        world.run('SV_INFO');
      }
      const events = world.follow(session);
      world.clock.advance(10);
      expect(events).toMatchObject([{ type: 'ended', by: 'unknown', certainty: 'proven' }]);
      expect(session.isValid).toBe(false);
    }
  });

  it('emits expired, presumed, if the session lapsed meanwhile', () => {
    const world = new World();
    const session = world.create({ seconds: 10, deleteSession: true });
    world.clock.advance(30_000);
    const events = world.follow(session);
    world.clock.advance(10);
    expect(events).toMatchObject([{ type: 'expired', outcome: 'sessionDeleted', certainty: 'presumed' }]);
  });

  it('emits nothing of keys that expired meanwhile; opened has the deadline of now', () => {
    const world = new World();
    const session = world.create({ seconds: 8 });
    session.state$.subscribe().unsubscribe();
    world.clock.advance(13_000);
    const events = world.follow(session);
    world.clock.advance(10);
    const truth = world.deadlineOf(session.tkn) ?? Number.NaN;
    expect(types(events)).toEqual(['opened']);
    expect(events[0]?.deadline.lo).toBeLessThanOrEqual(truth);
    expect(events[0]?.deadline.hi).toBeGreaterThanOrEqual(truth);
  });

  it('numbers events anew, from opened', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    const watching = session.events$.subscribe();
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    watching.unsubscribe();
    const events = world.follow(session);
    world.clock.advance(10);
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    expect(events.map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'opened'],
      [2, 'extended'],
    ]);
  });

  it('keeps the cycle, and how the session ended', () => {
    const world = new World();
    const session = world.create({ seconds: 10 });
    const watching = session.events$.subscribe();
    world.clock.advance(16_000);
    watching.unsubscribe();
    const events = world.follow(session);
    world.clock.advance(10);
    expect(events[0]).toMatchObject({ type: 'opened', cycle: 1 });
    world.run('SH_END', { tkn: session.tkn });
    const states: unknown[] = [];
    session.state$.subscribe((state) => states.push(state));
    expect(states).toMatchObject([{ state: 'ended', by: 'self' }]);
  });

  it('begins once the connection is back, if it is lost', () => {
    const world = new World();
    const session = world.create({ seconds: 600 });
    world.disconnect();
    const events = world.follow(session);
    world.clock.advance(10_000);
    expect(types(events)).toEqual([]);
    world.reconnect();
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened']);
  });

  it('is left: a probe under way is cancelled', () => {
    const world = new World();
    const session = world.create({ seconds: 600, extendOnGet: true });
    world.run('SV_INFO');
    world.latency.back = 5000;
    const watching = session.events$.subscribe();
    world.clock.advance(10);
    expect([world.sent.at(-1), world.underWay]).toEqual(['SH_INFO', 1]);
    watching.unsubscribe();
    expect(world.underWay).toBe(0);
  });
});

describe('two handles of one session', () => {
  it('emit the same events, each once, while both are watched', () => {
    const world = new World();
    const first = world.create({ seconds: 60, extendOnGet: true });
    const one = world.follow(first);
    const second = world.attach(first.tkn);
    const two = world.follow(second);
    world.clock.advance(2000);
    world.run('SH_GET', { tkn: first.tkn, keys: [] });
    expect(types(one)).toEqual(['opened', 'extended']);
    expect(two).toEqual([one[1]]);
    world.run('SH_END', { tkn: first.tkn });
    expect([types(one).at(-1), types(two).at(-1)]).toEqual(['ended', 'ended']);
    expect([first.isValid, second.isValid]).toEqual([false, false]);
  });

  it('have one expiring, as early as the one that asks for it earliest', () => {
    const world = new World();
    const first = world.create({ seconds: 10, deleteSession: true, expiringBefore: 100 });
    const events = world.follow(first);
    const others = world.follow(world.attach(first.tkn, 5000));
    world.clock.advance(9000);
    expect(types(events)).toEqual(['opened', 'expiring']);
    expect(types(others)).toEqual(['expiring']);
    const [, expiring] = events;
    if (expiring?.type !== 'expiring') throw new Error('not expiring');
    expect(expiring.inMs).toBeGreaterThan(4900);
  });

  it('of which one was over before a reload of the token are two things: the old one stays gone', () => {
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
