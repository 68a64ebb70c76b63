import { describe, expect, it } from 'vitest';
import type { Session } from '../../src/session/session.js';
import { types, World } from './support/world.js';

const goes = { deleteSession: true } as const;

/** This client ends a session of which it keeps nothing. */
function endAnother(world: World): void {
  const { tkn } = world.server.execute('SH_NEW', {});
  world.run('SH_END', { tkn: tkn as bigint });
}

/** A session is not asked about as it is followed, and where another client ends it, that is told as proven. */
function expectUndoubted(world: World, session: Session): void {
  const asked = world.sent.length;
  const events = world.follow(session);
  world.clock.advance(1000);
  expect(world.sent.slice(asked)).toEqual([]);
  world.other('SH_END', { tkn: session.tkn });
  world.run('SH_COUNT', { tkn: session.tkn });
  expect(events.at(-1)).toMatchObject({ type: 'ended', by: 'other', certainty: 'proven' });
}

describe('a session that was attached to again, while nobody followed it', () => {
  it('over a new connection, is not asked about as it is followed: it was just seen, and its deadline told', () => {
    for (const persistEnabled of [false, true]) {
      const world = new World({ persistEnabled });
      const session = world.create({ seconds: 60, ...goes });
      world.clock.advance(5000);
      world.disconnect();
      world.reconnect();
      world.attach(session.tkn);
      const asked = world.sent.length;
      const events = world.follow(session);
      world.clock.advance(1000);
      expect(world.sent.slice(asked)).toEqual([]);
      expect(types(events)).toEqual(['opened']);
    }
  });

  it('after this client ended others, is not asked about, and not taken for one that it may have ended', () => {
    const world = new World();
    const session = world.create({ seconds: 60, ...goes });
    endAnother(world);
    world.attach(session.tkn);
    expectUndoubted(world, session);
  });

  it('after a sleep of the machine, has its deadline of now: the sleep does not count once more', () => {
    const world = new World();
    const session = world.create({ seconds: 600, ...goes });
    world.clock.sleep(100_000);
    world.attach(session.tkn);
    const [opened] = world.follow(session);
    const deadline = world.deadlineOf(session.tkn) ?? Number.NaN;
    expect(opened?.deadline.lo).toBeGreaterThan(deadline - 2000);
    expect(opened?.deadline.lo).toBeLessThanOrEqual(deadline);
  });
});

describe('a session that is created', () => {
  it('after the machine slept, and this client ended others, has nothing to do with either', () => {
    const world = new World();
    world.follow(world.create({ seconds: 6000, ...goes }));
    world.clock.sleep(100_000);
    world.clock.advance(5010);
    endAnother(world);
    const session = world.create({ seconds: 600, ...goes });
    const asked = world.sent.length;
    const [opened] = world.follow(session);
    world.clock.advance(1000);
    expect(world.sent.slice(asked)).toEqual([]);
    expect(opened?.deadline.lo).toBeGreaterThan((world.deadlineOf(session.tkn) ?? Number.NaN) - 200);
  });
});

describe('a session that was followed while this client ended others', () => {
  it('is not asked about for that when it is followed again', () => {
    const world = new World();
    const session = world.create({ seconds: 60, ...goes });
    const following = session.events$.subscribe();
    endAnother(world);
    following.unsubscribe();
    expectUndoubted(world, session);
  });
});

describe('a session that was left overdue', () => {
  it('is told to be near its end, and past it, anew', () => {
    const world = new World();
    const session = world.create({ seconds: 10, ...goes });
    world.server.stall(600_000);
    const following = session.events$.subscribe();
    world.clock.advance(11_000);
    following.unsubscribe();
    expect(types(world.follow(session))).toEqual(['opened', 'expiring', 'overdue']);
  });

  it('and slept through, is followed again as one of which nothing was told: no state from before is shown', () => {
    const world = new World({ firstSweep: 5000 });
    const session = world.create({ seconds: 60, extendOnGet: true });
    const following = session.events$.subscribe();
    world.server.stall(600_000);
    world.clock.advance(61_000);
    following.unsubscribe();
    world.clock.sleep(10_000);
    const states: string[] = [];
    session.state$.subscribe(({ state }) => states.push(state));
    expect(states[0]).toBe('alive');
  });
});
