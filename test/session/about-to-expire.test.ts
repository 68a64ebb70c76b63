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
