import { describe, expect, it } from 'vitest';
import { commands } from '../../src/protocol/commands.js';
import type { Session } from '../../src/session/session.js';
import { types, World } from './support/world.js';

/** The deadline that `state$` shows now. */
function shown(session: Session) {
  let deadline = { lo: Number.NaN, hi: Number.NaN };
  session.state$
    .subscribe((state) => {
      if ('deadline' in state) deadline = state.deadline;
    })
    .unsubscribe();
  return deadline;
}

describe('a touch whose reply is lost', () => {
  it('was executed: the server is probed, and extended by unknown is emitted, and nothing before', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnSetAdd: true });
    const events = world.follow(session);
    world.clock.advance(10_000);
    world.losing = true;
    world.run('SH_SET', { tkn: session.tkn, keys: {} });
    world.losing = false;
    expect(types(events)).toEqual(['opened']);
    expect(shown(session)).toMatchObject({ lo: events[0]?.deadline.lo, hi: Number.POSITIVE_INFINITY });
    world.clock.advance(10);
    expect(world.sent).toEqual(['SH_NEW', 'SH_SET', 'SH_INFO']);
    expect(types(events)).toEqual(['opened', 'extended']);
    expect(events[1]).toMatchObject({ by: 'unknown', certainty: 'presumed' });
  });

  it('was not executed: nothing is emitted', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnSetAdd: true });
    const events = world.follow(session);
    world.clock.advance(10_000);
    world.sessions.observer.lost({ row: { command: 'SH_SET', extends: 'set' }, tkn: session.tkn, argument: {} });
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened']);
    world.clock.advance(52_000);
    expect(types(events)).toEqual(['opened', 'expiring', 'overdue']);
  });

  it('may yet be executed until something written later is answered: the deadline has no end until then', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    const events = world.follow(session);
    world.latency.there = 700;
    world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe().unsubscribe();
    world.clock.advance(5);
    expect(shown(session).hi).toBe(Number.POSITIVE_INFINITY);
    world.clock.advance(700);
    const truth = world.deadlineOf(session.tkn) ?? Number.NaN;
    expect(truth).toBeGreaterThan(61_500);
    world.clock.advance(2000);
    expect(types(events)).toEqual(['opened']); // it moved by less than SH_INFO can tell
    expect(shown(session).lo).toBeLessThanOrEqual(truth);
    expect(shown(session).hi).toBeGreaterThanOrEqual(truth);
    expect(shown(session).hi).toBeLessThan(64_000);
  });

  it('stays in doubt if only what was written before is answered', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    const events = world.follow(session);
    world.latency.back = 50;
    world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe();
    world.clock.advance(5);
    world.latency.there = 700;
    const second = world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe();
    world.clock.advance(5);
    second.unsubscribe();
    world.clock.advance(100);
    expect(types(events)).toEqual(['opened', 'extended']);
    expect(events[1]).toMatchObject({ by: 'self', certainty: 'proven', deadline: { hi: Number.POSITIVE_INFINITY } });
    world.clock.advance(3000);
    expect(shown(session).hi).toBeLessThan(64_000);
  });

  it('is probed again if another one is lost while a probe is under way', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    world.follow(session);
    world.clock.advance(10_000);
    world.latency.there = 300;
    const giveUp = () => {
      const touch = world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe();
      world.clock.advance(5);
      touch.unsubscribe();
    };
    giveUp();
    world.clock.advance(5);
    expect(world.sent.at(-1)).toBe('SH_INFO');
    world.latency.there = 600;
    giveUp();
    for (let times = 0; times < 30; times++) {
      world.clock.advance(100);
      const truth = world.deadlineOf(session.tkn) ?? Number.NaN;
      expect(shown(session).lo).toBeLessThanOrEqual(truth);
      expect(shown(session).hi).toBeGreaterThanOrEqual(truth);
    }
    expect(world.sent.slice(-2)).toEqual(['SH_GET', 'SH_INFO']);
  });

  it('with the connection, is settled by a probe before the session resumes', () => {
    const world = new World();
    const session = world.create({ seconds: 60, deleteSession: true, extendOnGet: true });
    const events = world.follow(session);
    world.clock.advance(5000);
    world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe({ error: () => {} });
    world.clock.advance(1);
    world.disconnect();
    world.clock.advance(5000);
    world.reconnect();
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened', 'suspended', 'extended', 'resumed']);
    expect(events[2]).toMatchObject({ by: 'unknown', certainty: 'presumed' });
    expect(events[3]?.deadline.hi).toBeLessThan(68_000);
  });

  it('is probed once a second while nobody answers, and nothing is emitted', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    const events = world.follow(session);
    world.losing = true;
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    world.clock.advance(10_000);
    expect(types(events)).toEqual(['opened']);
    expect(world.sent.filter((command) => command === 'SH_INFO').length).toBe(10);
  });

  it('of a command that does not extend the session is no reason to probe', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnSetAdd: true });
    world.follow(session);
    for (const row of [commands.sh_get, commands.sh_clear, commands.sh_count]) {
      world.sessions.observer.lost({ row, tkn: session.tkn, argument: [] });
    }
    world.clock.advance(10_000);
    expect(world.sent).toEqual(['SH_NEW']);
  });
});
