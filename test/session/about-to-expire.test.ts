import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

describe('a session that never expires', () => {
  it('is never about to, however early that is to be told', () => {
    for (const expiringBefore of [0, 1e300, Number.POSITIVE_INFINITY]) {
      const world = new World();
      const session = world.create({ expiringBefore });
      const events = world.follow(session);
      const states: string[] = [];
      session.state$.subscribe(({ state }) => states.push(state));
      world.clock.advance(60_000);
      expect(types(events)).toEqual(['opened']);
      expect(states).toEqual(['alive']);
      expect(world.clock.timers).toBe(0);
    }
  });

  it('nor where the client has all sessions told as early as can be', () => {
    const world = new World({ expiringBefore: Number.POSITIVE_INFINITY });
    const lasting = world.follow(world.create());
    const short = world.follow(world.create({ seconds: 10, deleteSession: true }));
    expect(types(lasting)).toEqual(['opened']);
    expect(types(short)).toEqual(['opened', 'expiring']);
  });
});

describe('expiring', () => {
  const settled = { seconds: 10, deleteSession: true } as const;

  it('comes however late it is to be told, also where that is when it is overdue, and before that', () => {
    for (const expiringBefore of [0, 0.5, 3, 40, 200]) {
      for (const extendOnGet of [false, true]) {
        for (const latency of [1, 60]) {
          const world = new World();
          Object.assign(world.latency, { there: latency, back: latency });
          const session = world.create({ ...settled, extendOnGet, expiringBefore });
          const events = world.follow(session);
          world.clock.advance(20_000);
          expect(types(events)).toEqual(['opened', 'expiring', 'overdue', 'expired']);
          const [, expiring, overdue] = events;
          if (expiring?.type !== 'expiring' || overdue?.type !== 'overdue') throw new Error('neither');
          expect(expiring.inMs).toBeGreaterThanOrEqual(0);
          expect(expiring.inMs).toBeLessThanOrEqual(expiringBefore);
          expect(overdue.at).toBeGreaterThanOrEqual(expiring.at + expiring.inMs);
          expect(overdue.at).toBeGreaterThanOrEqual(overdue.deadline.lo);
        }
      }
    }
  });

  it('comes as early as a session asks for, whatever the client does', () => {
    const world = new World({ expiringBefore: 100 });
    const events = world.follow(world.create({ ...settled, expiringBefore: 3000 }));
    world.clock.advance(7500);
    expect(events.at(-1)).toMatchObject({ type: 'expiring', inMs: expect.closeTo(3000, -2) });
  });

  it('comes in each cycle that is told to be overdue, also where the program was busy when it was near', () => {
    const world = new World();
    const session = world.create({ seconds: 10 });
    const events = world.follow(session);
    const warnings: number[] = [];
    session.expiring$.subscribe(({ cycle }) => warnings.push(cycle));
    world.clock.advance(8500);
    world.clock.block(1600);
    world.clock.advance(30_000);
    const overdue = events.filter(({ type }) => type === 'overdue').map(({ cycle }) => cycle);
    expect(overdue.length).toBeGreaterThan(1);
    expect(warnings.slice(0, overdue.length)).toEqual(overdue);
    expect(events[1]).toMatchObject({ type: 'expiring', inMs: 0 });
  });

  it('is not told again of a deadline of which it was told, though that comes back overdue', () => {
    const world = new World();
    const events = world.follow(world.create(settled));
    world.clock.advance(9500);
    world.disconnect();
    world.clock.advance(600);
    world.reconnect();
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened', 'expiring', 'suspended', 'resumed', 'overdue']);
  });
});
