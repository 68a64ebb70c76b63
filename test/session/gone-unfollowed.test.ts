import { describe, expect, it } from 'vitest';
import type { SessionSettings } from '../../src/session/port.js';
import type { Session } from '../../src/session/session.js';
import { types, World } from './support/world.js';

/** A session that another client ends, as a reply to our own command says `after` ms later, while nobody follows. */
function endedByOther(flags: Partial<SessionSettings>, after = 0, followedBefore = false) {
  const world = new World();
  const session = world.create({ seconds: 4, ...flags });
  if (followedBefore) session.state$.subscribe().unsubscribe();
  world.other('SH_END', { tkn: session.tkn });
  world.clock.advance(after);
  world.run('SH_GET', { tkn: session.tkn, keys: [] });
  return { world, session };
}

describe('a session that a reply says is gone, before anybody follows', () => {
  for (const followedBefore of [false, true]) {
    const name = followedBefore ? 'that was followed once' : 'that never was followed';
    it(`${name}, is known to be gone, and told to be ended`, () => {
      for (const flags of [{ deleteSession: true }, {}, { deleteSession: true, extendOnGet: true }]) {
        const { world, session } = endedByOther(flags, 0, followedBefore);
        expect(session.isValid).toBe(false);
        world.clock.advance(1000);
        const events = world.follow(session);
        world.clock.advance(10);
        expect(types(events)).toEqual(['opened', 'ended']);
        expect(events[1]).toMatchObject({ by: 'other', certainty: 'proven' });
      }
    });
  }

  it('after its deadline, is said to have expired', () => {
    const { world, session } = endedByOther({ deleteSession: true }, 10_000);
    const asked = world.sent.length;
    const events = world.follow(session);
    world.clock.advance(100);
    expect(world.sent.slice(asked)).toEqual([]);
    expect(types(events).at(-1)).toBe('expired');
    expect(events.at(-1)).toMatchObject({ certainty: 'presumed' });
  });

  it('and another says that it is there again, is alive', () => {
    for (const attaches of [true, false]) {
      const world = new World({ persistEnabled: true });
      const session = world.create({ seconds: 60, deleteSession: true });
      world.server.save();
      world.other('SH_END', { tkn: session.tkn });
      world.run('SH_GET', { tkn: session.tkn, keys: [] });
      world.server.load();
      let handle: Session = session;
      if (attaches) handle = world.attach(session.tkn);
      else world.run('SH_GET', { tkn: session.tkn, keys: [] });
      expect(handle.isValid).toBe(true);
      const events = world.follow(handle);
      world.clock.advance(1000);
      expect(types(events)).toEqual(['opened']);
    }
  });

  it('while the connection is down, is told of once it is back', () => {
    const { world, session } = endedByOther({ deleteSession: true });
    world.disconnect();
    const events = world.follow(session);
    world.clock.advance(100);
    world.reconnect();
    world.clock.advance(100);
    expect(types(events)).toEqual(['opened', 'suspended', 'ended']);
  });

  it('is told to be ended, however many there are', () => {
    const world = new World();
    const sessions = Array.from({ length: 300 }, () => world.create({ seconds: 60, deleteSession: true }));
    world.other('SH_END_ALL', {});
    for (const { tkn } of sessions) world.run('SH_GET', { tkn, keys: [] });
    for (const session of sessions) {
      const events = world.follow(session);
      world.clock.advance(20);
      expect(types(events)).toEqual(['opened', 'ended']);
    }
    const asked = world.sent.length;
    world.follow(world.create({ seconds: 60, deleteSession: true }));
    world.clock.advance(100);
    expect(world.sent.slice(asked)).toEqual(['SH_NEW']);
  });
});
