import { describe, expect, it } from 'vitest';
import type { SessionSettings } from '../../src/session/events.js';
import { types, World } from './support/world.js';

/** A session of a server that restarts, and loads it from a dataset, while the connection is lost. */
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
  it('is reset, reloaded, before it resumes: its deadline began anew', () => {
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

  it('is extended, presumed, if that could be as well', () => {
    const { events } = loadedAgain({ deleteSession: true, extendOnGet: true }, 30_000);
    expect(types(events)).toEqual(['opened', 'suspended', 'extended', 'resumed']);
    expect(events[2]).toMatchObject({ by: 'other', certainty: 'presumed' });
  });

  it('after its keys may have expired is reset: expired or reloaded', () => {
    const { events } = loadedAgain({}, 59_900);
    expect(types(events)).toEqual(['opened', 'expiring', 'suspended', 'reset', 'resumed']);
    expect(events[3]).toMatchObject({ candidates: ['expired', 'reloaded'] });
  });

  it('so soon that SH_INFO can not tell has its deadline in the interval', () => {
    const { world, session, events } = loadedAgain({ deleteSession: true }, 300);
    const deadline = world.deadlineOf(session.tkn) ?? Number.NaN;
    expect(events.at(-1)?.type).toBe('resumed');
    expect(events.at(-1)?.deadline.hi).toBeGreaterThanOrEqual(deadline);
  });

  it('is not asked for its deadline if the server has no datasets, or it never expires', () => {
    const { world } = loadedAgain({ deleteSession: true }, 30_000, false);
    expect(world.sent).toEqual(['SH_NEW', 'SH_EXISTS']);
    const other = new World({ persistEnabled: true });
    const events = other.follow(other.create());
    other.disconnect();
    other.reconnect();
    other.clock.advance(10);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
    expect(other.sent).toEqual(['SH_NEW', 'SH_EXISTS']);
  });
});

describe('a session that another client ends and loads again while it is watched', () => {
  it('is reset, reloaded, and not overdue by the deadline that it had', () => {
    const world = new World({ persistEnabled: true });
    const session = world.create({ seconds: 5, deleteSession: true });
    const events = world.follow(session);
    world.clock.advance(3000);
    world.server.save();
    world.other('SH_END', { tkn: session.tkn });
    world.server.load();
    const truth = world.deadlineOf(session.tkn) ?? Number.NaN;
    world.clock.advance(9000);
    expect(types(events).filter((type) => type !== 'expiring')).toEqual(['opened', 'reset', 'overdue', 'expired']);
    expect(events.find(({ type }) => type === 'reset')).toMatchObject({ candidates: ['reloaded'] });
    expect(events.find(({ type }) => type === 'overdue')?.at).toBeGreaterThan(truth);
  });
});
