import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

describe('a session that is deleted when it expires', () => {
  it('opens, is about to expire, is overdue, and expired once the server says that it is gone', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 10, deleteSession: true }));
    world.clock.advance(30_000);
    expect(types(events)).toEqual(['opened', 'expiring', 'overdue', 'expired']);
    const [opened, expiring, overdue, expired] = events;
    expect(opened?.deadline.lo).toBeCloseTo(11_000 - 2, 0);
    expect(expiring).toMatchObject({ certainty: 'local', seq: 2 });
    expect(overdue?.at).toBeGreaterThanOrEqual(overdue?.deadline.lo ?? Number.NaN);
    expect(expired).toMatchObject({ outcome: 'sessionDeleted', certainty: 'presumed', seq: 4, cycle: 0 });
    expect(world.clock.timers).toBe(0);
  });

  it('is extended by its own gets, and by nothing else', () => {
    const world = new World();
    const session = world.create({ seconds: 10, deleteSession: true, extendOnGet: true });
    const events = world.follow(session);
    world.clock.advance(5000);
    world.run('SH_SET', { tkn: session.tkn, keys: { a: 1 } });
    world.run('SH_COUNT', { tkn: session.tkn });
    expect(types(events)).toEqual(['opened']);
    const before = world.clock.now();
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    expect(events[1]).toMatchObject({ type: 'extended', by: 'self', certainty: 'proven' });
    expect(events[1]?.deadline.lo).toBeCloseTo(before + 10_000 - 2, 0);
    world.clock.advance(8000);
    expect(types(events)).toEqual(['opened', 'extended']);
    world.clock.advance(20_000);
    expect(types(events)).toEqual(['opened', 'extended', 'expiring', 'overdue', 'expired']);
  });

  it('ends when this client ends it', () => {
    const world = new World();
    const session = world.create({ seconds: 10, deleteSession: true });
    const events = world.follow(session);
    world.run('SH_END', { tkn: session.tkn });
    expect(events[1]).toMatchObject({ type: 'ended', by: 'self', certainty: 'proven' });
    expect(session.isValid).toBe(false);
    expect(world.clock.timers).toBe(0);
  });

  it('is suspended while the connection is down, and resumed after it was asked about', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 60, deleteSession: true }));
    world.clock.advance(1000);
    world.disconnect();
    world.clock.advance(10_000);
    world.reconnect();
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
    world.disconnect();
    world.clock.advance(100_000);
    world.reconnect();
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed', 'suspended', 'expired']);
  });
});
