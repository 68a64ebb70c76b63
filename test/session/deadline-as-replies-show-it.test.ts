import { describe, expect, it } from 'vitest';
import { commands } from '../../src/protocol/commands.js';
import type { JsonObject } from '../../src/protocol/json.js';
import type { SessionState } from '../../src/session/events.js';
import type { Session } from '../../src/session/session.js';
import { types, World } from './support/world.js';

/** What `state$` tells of a deadline, from now on. */
function deadlines(session: Session): { lo: number; hi: number }[] {
  const told: { lo: number; hi: number }[] = [];
  session.state$.subscribe((state) => {
    if ('deadline' in state) told.push(state.deadline);
  });
  return told;
}

function states(session: Session): SessionState['state'][] {
  const told: SessionState['state'][] = [];
  session.state$.subscribe(({ state }) => told.push(state));
  return told;
}

describe('a deadline', () => {
  it('is never said to come earlier by a touch that was first written before it was known, and answered after', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    const events = world.follow(session);
    world.clock.advance(20_000);
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    const body: JsonObject = { st: 1, keys: {} };
    const now = world.clock.now();
    world.sessions.observer.replied(
      { row: commands.sh_get, tkn: session.tkn, argument: [] },
      { body, writtenAt: now - 15_000, answeredAt: now },
    );
    expect(types(events)).toEqual(['opened', 'extended', 'extended']);
    expect(events[2]?.deadline.lo).toBe(events[1]?.deadline.lo);
    expect(events[2]?.deadline.hi).toBeGreaterThan(now + 60_000);
  });

  it('of a session that nothing extends is never known worse for asking', () => {
    const world = new World();
    const session = world.create({ seconds: 60, deleteSession: true });
    const told = deadlines(session);
    world.clock.advance(19_500);
    for (let times = 0; times < 20; times++) {
      world.clock.advance(117);
      world.run('SH_INFO', { tkn: session.tkn });
    }
    for (const [index, { lo, hi }] of told.entries()) {
      expect(lo).toBeGreaterThanOrEqual(told[index - 1]?.lo ?? 0);
      expect(hi).toBeLessThanOrEqual(told[index - 1]?.hi ?? Number.POSITIVE_INFINITY);
      expect(lo).toBeLessThanOrEqual(world.deadlineOf(session.tkn) ?? 0);
      expect(hi).toBeGreaterThanOrEqual(world.deadlineOf(session.tkn) ?? Number.POSITIVE_INFINITY);
    }
  });

  it('that came earlier by a sleep too short to be seen was not moved by anybody', () => {
    const world = new World();
    const session = world.create({ seconds: 60, deleteSession: true });
    const events = world.follow(session);
    world.clock.advance(20_000);
    world.clock.sleep(45);
    // One of these comes just after the server's count of seconds has changed, and tells the deadline to the ms.
    for (let times = 0; times < 500; times++) world.run('SH_INFO', { tkn: session.tkn });
    expect(types(events)).toEqual(['opened']);
  });
});

describe('keys that expire', () => {
  it('are told at once where they are gone, though the new deadline comes no later than the old one might', () => {
    const world = new World({ firstSweep: 1100 });
    const session = world.create({ seconds: 1 });
    const events = world.follow(session);
    world.run('SH_SET', { tkn: session.tkn, keys: { a: 1 } });
    world.clock.advance(2110 - world.clock.now());
    world.run('SH_INFO', { tkn: session.tkn });
    expect(types(events).slice(0, 3)).toEqual(['opened', 'expiring', 'expired']);
    expect(events[2]).toMatchObject({ outcome: 'keysCleared', certainty: 'presumed', cycle: 1 });
  });

  it('are told at once where they are gone shortly before the deadline, as the machine may have slept for as long', () => {
    const world = new World({ firstSweep: 1002 });
    const session = world.create({ seconds: 1 });
    const events = world.follow(session);
    world.run('SH_SET', { tkn: session.tkn, keys: { a: 1 } });
    world.clock.sleep(45);
    world.clock.advance(1958 - world.clock.now());
    world.run('SH_INFO', { tkn: session.tkn });
    expect(world.server.events.at(-1)?.what).toBe('cleared');
    expect(types(events).slice(0, 3)).toEqual(['opened', 'expiring', 'expired']);
  });
});

describe('a session that is suspended', () => {
  it('when it was overdue, and got a new deadline meanwhile, is not overdue any more, and will be told of anew', () => {
    const world = new World();
    const session = world.create({ seconds: 8 });
    const told = states(session);
    const events = world.follow(session);
    world.clock.advance(8500);
    expect(told.at(-1)).toBe('overdue');
    world.disconnect();
    world.clock.advance(3000);
    world.reconnect();
    world.clock.advance(10);
    expect(types(events).slice(-3)).toEqual(['suspended', 'expired', 'resumed']);
    expect(told.at(-1)).toBe('alive');
    world.clock.advance(7000);
    expect(types(events).slice(-2)).toEqual(['expiring', 'overdue']);
  });
});
