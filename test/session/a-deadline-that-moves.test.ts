import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

describe('a deadline that others move', () => {
  it('is found moved when it would have come near: extended by other, and nothing is said to be overdue', () => {
    const world = new World();
    const session = world.create({ seconds: 20, deleteSession: true, extendOnGet: true });
    const events = world.follow(session);
    world.clock.advance(10_000);
    world.other('SH_GET', { tkn: session.tkn, keys: [] });
    world.clock.advance(12_000);
    expect(types(events)).toEqual(['opened', 'extended']);
    expect(events[1]).toMatchObject({ by: 'other', certainty: 'presumed' });
    world.clock.advance(20_000);
    expect(types(events)).toEqual(['opened', 'extended', 'expiring', 'overdue', 'expired']);
  });

  it('may be rescued when it was overdue: of a session that goes when it expires, that is an extension', () => {
    const world = new World();
    const session = world.create({ seconds: 6, deleteSession: true, extendOnGet: true });
    const events = world.follow(session);
    world.clock.advance(6500);
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    expect(types(events)).toEqual(['opened', 'expiring', 'overdue', 'extended']);
  });

  it('may be rescued or begun anew when the keys alone expire: reset, which says so', () => {
    const world = new World();
    const session = world.create({ seconds: 6, extendOnGet: true });
    const events = world.follow(session);
    world.clock.advance(6500);
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    expect(events.at(-1)).toMatchObject({ type: 'reset', candidates: ['extended', 'expired'], cycle: 0 });
  });

  it('moves by gets with extendOnGet, by sets and adds with extendOnSetAdd, and never by errors', () => {
    for (const flag of ['extendOnGet', 'extendOnSetAdd'] as const) {
      const world = new World();
      const session = world.create({ seconds: 60, [flag]: true });
      const events = world.follow(session);
      const { tkn } = session;
      const extended = (command: string, members = {}) => {
        const before = events.length;
        world.run(command, { tkn, ...members });
        return events.length > before;
      };
      expect(extended('SH_GET', { keys: [] })).toBe(flag === 'extendOnGet');
      expect(extended('SH_SET', { keys: {} })).toBe(flag === 'extendOnSetAdd');
      expect(extended('SH_ADD', { keys: {} })).toBe(flag === 'extendOnSetAdd');
      for (const other of ['SH_COUNT', 'SH_INFO', 'SH_CLEAR']) expect(extended(other)).toBe(false);
      expect(extended('SH_RMV', { keys: ['a'] })).toBe(false); // refused by this server: no success
    }
  });

  it('moved without any flag: the session was ended and loaded again', () => {
    const world = new World({ persistEnabled: true });
    const session = world.create({ seconds: 60, deleteSession: true });
    const events = world.follow(session);
    world.clock.advance(10_000);
    const truth = world.server.sessions.get(session.tkn);
    if (truth !== undefined) truth.deadline += 10_000;
    world.run('SH_INFO', { tkn: session.tkn });
    expect(events.at(-1)).toMatchObject({ type: 'reset', candidates: ['reloaded'] });
  });
});

describe('keys that expire while the session stays', () => {
  it('are told each time, in a new cycle, and nothing completes', () => {
    const world = new World();
    let completed = false;
    const session = world.create({ seconds: 10 });
    const events = world.follow(session);
    session.expired$.subscribe({ complete: () => (completed = true) });
    world.clock.advance(50_000);
    const expired = events.filter(({ type }) => type === 'expired');
    expect(expired.map(({ cycle }) => cycle)).toEqual([1, 2, 3]);
    expect(expired[0]).toMatchObject({
      outcome: 'keysCleared',
      certainty: 'proven',
      missedCycles: 0,
    });
    expect(completed).toBe(false);
    expect(session.isValid).toBe(true);
  });

  it('are presumed to have, where the server can load datasets', () => {
    const world = new World({ persistEnabled: true });
    const events = world.follow(world.create({ seconds: 10 }));
    world.clock.advance(16_000);
    expect(events.at(-1)).toMatchObject({ type: 'expired', certainty: 'presumed' });
  });

  it('are bounded where cycles were missed offline', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 10 }));
    world.disconnect();
    world.clock.advance(100_000);
    world.reconnect();
    world.clock.advance(10);
    expect(types(events).slice(0, 4)).toEqual(['opened', 'suspended', 'expired', 'resumed']);
    const [, , expired] = events;
    const cleared = world.server.events.filter(({ what }) => what === 'cleared').length;
    if (expired?.type !== 'expired') throw new Error('not expired');
    expect(1 + expired.missedCycles).toBeGreaterThanOrEqual(cleared);
    expect(expired.missedCycles).toBeLessThan(10);
  });

  it('are presumed to have, with a flag on, where they were there before and are not now', () => {
    const world = new World();
    const session = world.create({ seconds: 10, extendOnGet: true });
    const events = world.follow(session);
    world.run('SH_SET', { tkn: session.tkn, keys: { a: 1 } });
    world.clock.advance(16_000);
    expect(events.at(-1)).toMatchObject({ type: 'expired', outcome: 'keysCleared', certainty: 'presumed', cycle: 1 });
  });
});
