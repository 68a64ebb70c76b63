import { describe, expect, it } from 'vitest';
import { World } from './support/world.js';

describe('many sessions', () => {
  it('run on one timer, and are asked about in few requests that fit maxPayload', () => {
    const world = new World();
    const events: string[] = [];
    for (let index = 0; index < 500; index++) {
      const session = world.create({ seconds: 30 + (index % 7), deleteSession: true });
      session.events$.subscribe(({ type }) => events.push(type));
      expect(world.clock.timers).toBe(1);
    }
    const asked = world.sent.length;
    world.clock.advance(60_000);
    for (const type of ['opened', 'expiring', 'overdue', 'expired']) {
      expect(events.filter((told) => told === type).length).toBe(500);
    }
    const questions = world.sent.slice(asked);
    expect(questions.every((command) => command === 'SH_EXISTS')).toBe(true);
    expect(questions.length).toBeLessThan(150);
    expect(world.longest).toBeLessThanOrEqual(1024);
    expect(world.clock.timers).toBe(0);
  });

  it('leave ordinary requests room: at most 64 probes are under way', () => {
    const world = new World();
    for (let index = 0; index < 300; index++) world.create({ seconds: 10, extendOnGet: true }).events$.subscribe();
    world.clock.advance(20_000);
    expect(world.mostUnderWay).toBeLessThanOrEqual(65); // one that is being answered
    expect(world.mostUnderWay).toBeGreaterThan(1);
  });

  it('over a slow link are asked about many at a time: verdicts on all come within seconds', () => {
    const world = new World();
    const told: number[] = [];
    for (let index = 0; index < 800; index++) {
      world.create({ seconds: 20 }).expired$.subscribe(({ at }) => told.push(at));
    }
    world.latency.there = 50;
    world.latency.back = 50;
    world.clock.advance(40_000);
    const first = told.slice(0, 800);
    expect(Math.max(...first) - Math.min(...first)).toBeLessThan(3000);
    expect(world.mostUnderWay).toBeLessThanOrEqual(65);
  });

  it('may be followed and left a hundred thousand times without anything growing', () => {
    const world = new World();
    const session = world.create({ seconds: 3600, extendOnGet: true });
    const others = [world.create({ seconds: 60 }), world.create({ seconds: 60 })];
    for (const other of others) other.events$.subscribe();
    for (let times = 0; times < 100_000; times++) session.events$.subscribe().unsubscribe();
    expect(world.clock.timers).toBe(1);
  });

  it('may each have many subscribers: what they cost does not grow with the square of their number', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    let told = 0;
    const started = performance.now();
    const subscriptions = Array.from({ length: 50_000 }, () => session.extended$.subscribe(() => (told += 1)));
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    expect(told).toBe(50_000);
    for (const subscription of subscriptions.reverse()) subscription.unsubscribe();
    expect(performance.now() - started).toBeLessThan(4000); // with the square: half a minute
    expect(world.clock.timers).toBe(0);
  }, 120_000);

  it('may last longer than a timer can: 2^31 ms and more', () => {
    const world = new World();
    const session = world.create({ seconds: 9_000_000_000, deleteSession: true });
    const events = world.follow(session);
    world.clock.advance(20_000);
    expect(events.map(({ type }) => type)).toEqual(['opened']);
    expect(events[0]?.deadline.lo).toBeGreaterThan(8.9e12);
  });
});
