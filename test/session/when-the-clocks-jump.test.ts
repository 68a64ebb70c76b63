import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

describe('a machine that slept', () => {
  it('suspends the session, which is probed and resumes with its earlier deadline', () => {
    const world = new World();
    const session = world.create({ seconds: 600, deleteSession: true });
    const events = world.follow(session);
    world.clock.advance(1000);
    world.clock.sleep(300_000);
    world.clock.advance(5010);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
    expect(events[1]).toMatchObject({ reason: 'clock', deadline: { lo: Number.NEGATIVE_INFINITY } });
    expect(events[1]?.expiresAt).toBeUndefined();
    const truth = world.deadlineOf(session.tkn) ?? Number.NaN;
    expect(events[2]?.deadline.lo).toBeLessThanOrEqual(truth);
    expect(events[2]?.deadline.lo).toBeGreaterThan(truth - 1100);
    world.clock.advance(300_000);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed', 'expiring', 'overdue', 'expired']);
  });

  it('slept past the deadline: expired is emitted, presumed, as nobody knows when it lapsed', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 600, deleteSession: true }));
    world.clock.sleep(700_000);
    world.clock.advance(5010);
    expect(types(events)).toEqual(['opened', 'suspended', 'expired']);
    expect(events[2]).toMatchObject({ certainty: 'presumed' });
  });

  it('while another client extended the session: extended is emitted before resumed', () => {
    const world = new World();
    const session = world.create({ seconds: 100, deleteSession: true, extendOnGet: true });
    const events = world.follow(session);
    world.clock.advance(30_000);
    world.clock.sleep(60_000);
    world.clock.advance(1);
    world.other('SH_GET', { tkn: session.tkn, keys: [] });
    world.clock.advance(12_000);
    expect(types(events)).toEqual(['opened', 'suspended', 'extended', 'resumed']);
  });

  it('makes a deadline unknown that is set by a request under way meanwhile, until a probe is answered', () => {
    const world = new World();
    const session = world.create({ seconds: 60, deleteSession: true, extendOnGet: true });
    const events = world.follow(session);
    world.clock.advance(1000);
    world.latency.back = 100;
    world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe();
    world.clock.advance(50);
    world.clock.sleep(30_000);
    world.clock.advance(100);
    expect(types(events).slice(0, 3)).toEqual(['opened', 'suspended', 'extended']);
    expect(events[2]?.deadline.lo).toBe(Number.NEGATIVE_INFINITY);
    world.clock.advance(500);
    expect(events.at(-1)?.type).toBe('resumed');
    expect(events.at(-1)?.deadline.lo).toBeLessThanOrEqual(world.deadlineOf(session.tkn) ?? Number.NaN);
  });

  it('is noticed by whoever subscribes next: no deadline from before is shown', () => {
    const world = new World();
    const session = world.create({ seconds: 600, deleteSession: true });
    world.clock.sleep(500_000);
    const events = world.follow(session);
    expect(events).toEqual([]);
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened']);
    expect(events[0]?.deadline.lo).toBeLessThan(102_000);
  });

  it('while the connection was lost suspends the session once', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 600, deleteSession: true }));
    world.disconnect();
    world.clock.sleep(60_000);
    world.clock.advance(10_000);
    world.reconnect();
    world.clock.advance(100);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
    expect(events[2]).toMatchObject({ reason: 'connection' });
    expect(events[2]?.deadline.hi).toBeLessThan(542_100 + 1000);
  });
});

describe('a wall clock that is set', () => {
  it.each([-60_000, -300, 300, 60_000])('by %s ms suspends the session; it resumes with the same deadline', (ms) => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 600, deleteSession: true }));
    world.clock.setWall(ms);
    world.clock.advance(5010);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
    expect(world.sent).toContain('SH_INFO');
    world.clock.advance(400_000);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
  });

  it('slowly, as time servers do, changes nothing', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 6000 }));
    for (let times = 0; times < 500; times++) {
      world.clock.advance(5000);
      world.clock.setWall(times % 2 === 0 ? 0.9 : 0.1);
    }
    expect(types(events)).toEqual(['opened']);
  });

  it('makes the countdown pause, and not jump to 0', () => {
    const world = new World();
    const session = world.create({ seconds: 60, deleteSession: true });
    const left: number[] = [];
    session.remaining$(1000).subscribe((ms) => left.push(ms));
    world.clock.advance(2500);
    world.clock.setWall(-2000);
    world.clock.advance(10_000);
    expect(Math.min(...left)).toBeGreaterThan(45_000);
    expect(left.length).toBeGreaterThan(10);
  });
});

describe('clocks that go in steps of 100 ms', () => {
  it('are not taken for a machine that slept', () => {
    const world = new World();
    const { now, wall } = world.clock;
    const step = (at: number, phase: number) => Math.floor((at + phase) / 100) * 100;
    Object.assign(world.clock, {
      now: () => step(now.call(world.clock), 0),
      wall: () => step(wall.call(world.clock), 37),
    });
    const events = world.follow(world.create({ seconds: 600, deleteSession: true }));
    for (let times = 0; times < 3000; times++) world.clock.advance(103);
    expect(types(events)).not.toContain('suspended');
  });
});
