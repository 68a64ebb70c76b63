import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

describe('a touch whose reply is lost', () => {
  it('may be executed at any time: the deadline has no upper end until something written later is answered', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    const events = world.follow(session);
    world.latency.there = 700;
    world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe().unsubscribe();
    world.clock.advance(705);
    const truth = world.deadlineOf(session.tkn) ?? Number.NaN;
    expect(truth).toBeGreaterThan(61_500);
    expect(types(events)).toEqual(['opened', 'widened']);
    expect(events[1]?.deadline.hi).toBe(Number.POSITIVE_INFINITY);
    world.clock.advance(2000);
    const known = events.at(-1)?.deadline;
    expect(known?.lo).toBeLessThanOrEqual(truth);
    session.state$
      .subscribe((state) => {
        if ('deadline' in state) expect(state.deadline.hi).toBeLessThan(64_000);
      })
      .unsubscribe();
  });

  it('keeps it open though a touch that was written before is answered', () => {
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
    expect(types(events)).toEqual(['opened', 'widened', 'extended']);
    expect(events[2]).toMatchObject({ by: 'self', certainty: 'proven', deadline: { hi: Number.POSITIVE_INFINITY } });
    world.clock.advance(3000);
    session.state$
      .subscribe((state) => {
        if ('deadline' in state) expect(state.deadline.hi).toBeLessThan(64_000);
      })
      .unsubscribe();
  });

  it('has an SH_INFO asked again that was under way before', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    session.events$.subscribe().unsubscribe();
    world.clock.advance(10_000);
    world.latency.there = 300;
    world.follow(session);
    world.clock.advance(5);
    expect(world.sent.at(-1)).toBe('SH_INFO');
    const touch = world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe();
    world.clock.advance(5);
    touch.unsubscribe();
    world.clock.advance(3000);
    expect(world.sent.slice(-3)).toEqual(['SH_INFO', 'SH_GET', 'SH_INFO']);
    const truth = world.deadlineOf(session.tkn) ?? Number.NaN;
    session.state$
      .subscribe((state) => {
        if (!('deadline' in state)) return;
        expect(state.deadline.lo).toBeLessThanOrEqual(truth);
        expect(state.deadline.hi).toBeGreaterThanOrEqual(truth);
        expect(state.deadline.hi).toBeLessThan(80_000);
      })
      .unsubscribe();
  });

  it('with the connection, is looked at before the session goes on', () => {
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
    expect(types(events)).toEqual(['opened', 'suspended', 'widened', 'extended', 'resumed']);
    expect(events[3]).toMatchObject({ by: 'self', certainty: 'presumed' });
    expect(events[4]?.deadline.hi).toBeLessThan(68_000);
  });

  it('is told once, however many are lost', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    const events = world.follow(session);
    world.losing = true;
    for (let times = 0; times < 3; times++) world.run('SH_GET', { tkn: session.tkn, keys: [] });
    expect(types(events)).toEqual(['opened', 'widened']);
    const [opened] = events;
    world.losing = false;
    world.clock.advance(10_000);
    expect(events.length).toBe(2); // within a second of the deadline that was known before: it may not have moved
    expect(opened?.deadline.hi).toBeLessThan(62_000);
  });
});
