import { describe, expect, it } from 'vitest';
import type { SessionSettings } from '../../src/session/port.js';
import { types, World } from './support/world.js';

/** A session of a server that restarts, and loads it from a dataset, while the connection is down. */
function loadedAgain(flags: Partial<SessionSettings>, after: number, persistEnabled = true) {
  const world = new World({ persistEnabled });
  const session = world.create({ seconds: 60, ...flags });
  const events = world.follow(session);
  world.clock.advance(after);
  world.disconnect();
  const truth = world.server.sessions.get(session.tkn);
  world.server.restart();
  if (truth === undefined) throw new Error('not there');
  world.server.sessions.set(session.tkn, { ...truth, deadline: world.clock.outside() + 60_000 });
  world.clock.advance(2000);
  world.reconnect();
  world.clock.advance(100);
  return { world, session, events };
}

describe('a session of a server that restarted and loaded it', () => {
  it('is looked at before it goes on: its deadline began anew', () => {
    const { world, session, events } = loadedAgain({ deleteSession: true }, 30_000);
    expect(types(events)).toEqual(['opened', 'suspended', 'reset', 'resumed']);
    const [, , reset] = events;
    expect(reset).toMatchObject({ candidates: ['reloaded'], certainty: 'proven' });
    const deadline = world.deadlineOf(session.tkn) ?? Number.NaN;
    expect(reset?.deadline.lo).toBeLessThanOrEqual(deadline);
    expect(reset?.deadline.hi).toBeGreaterThanOrEqual(deadline);
    world.clock.advance(31_000); // past the deadline that it had before
    expect(types(events).slice(4)).toEqual([]);
  });

  it('is said to be extended, presumed, where that could be as well', () => {
    const { events } = loadedAgain({ deleteSession: true, extendOnGet: true }, 30_000);
    expect(types(events)).toEqual(['opened', 'suspended', 'extended', 'resumed']);
    expect(events[2]).toMatchObject({ by: 'other', certainty: 'presumed' });
  });

  it('so soon that SH_INFO can not tell, still has its deadline in the interval', () => {
    const { world, session, events } = loadedAgain({ deleteSession: true }, 300);
    const deadline = world.deadlineOf(session.tkn) ?? Number.NaN;
    expect(events.at(-1)?.type).toBe('resumed');
    expect(events.at(-1)?.deadline.hi).toBeGreaterThanOrEqual(deadline);
  });

  it('is not looked at, one by one, where the server has no datasets', () => {
    const { world } = loadedAgain({ deleteSession: true }, 30_000, false);
    expect(world.sent).toEqual(['SH_NEW', 'SH_EXISTS']);
  });

  it('is looked at once: what is known of the new connection is not asked again', () => {
    const { world } = loadedAgain({ deleteSession: true }, 30_000);
    const { length } = world.sent;
    world.clock.advance(20_000);
    expect(world.sent.length).toBe(length);
  });
});
