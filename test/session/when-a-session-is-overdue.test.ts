import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

describe('overdue', () => {
  it('is never emitted before the server could let the session lapse, for one that was attached to', () => {
    for (let phase = 0; phase < 1000; phase += 90) {
      for (const flags of [{ deleteSession: true }, {}, { deleteSession: true, extendOnGet: true }]) {
        const world = new World({ firstSweep: 4999 });
        const created = world.create({ seconds: 10, ...flags });
        world.clock.advance(3000 + phase);
        const events = world.follow(world.attach(created.tkn));
        const truth = world.deadlineOf(created.tkn) ?? Number.NaN;
        world.clock.advance(10_000);
        const overdue = events.find(({ type }) => type === 'overdue');
        if (overdue !== undefined) expect(overdue.at).toBeGreaterThanOrEqual(truth - 4);
      }
    }
  });

  it('is emitted although nobody answers', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 20, deleteSession: true }));
    world.losing = true;
    world.clock.advance(21_000);
    expect(types(events)).toEqual(['opened', 'expiring', 'overdue']);
  });
});

describe('an overdue session', () => {
  it('is probed each fifth of the sweep interval, together with others', () => {
    const world = new World({ firstSweep: 1 });
    for (let index = 0; index < 30; index++) {
      world.follow(world.create({ seconds: 20, deleteSession: true }));
    }
    world.clock.advance(19_900);
    const asked = world.sent.length;
    world.server.stall(60_000);
    world.clock.advance(4100);
    const probes = world.sent.slice(asked);
    expect(new Set(probes)).toEqual(new Set(['SH_EXISTS']));
    expect(probes.length).toBeLessThanOrEqual(5);
    expect(probes.length).toBeGreaterThanOrEqual(4);
  });

  it('that still exists one sweep interval later is asked for its deadline: it was extended', () => {
    const world = new World({ firstSweep: 1 });
    const session = world.create({ seconds: 10, deleteSession: true, extendOnGet: true });
    const events = world.follow(session);
    world.clock.advance(10_500);
    world.server.stall(60_000);
    world.other('SH_GET', { tkn: session.tkn, keys: [] });
    world.clock.advance(8000);
    expect(types(events)).toEqual(['opened', 'expiring', 'overdue', 'extended']);
  });

  it('of a server that does not sweep is asked about once in a sweep interval in the end', () => {
    const world = new World({ firstSweep: 1 });
    world.follow(world.create({ seconds: 10, deleteSession: true }));
    world.server.stall(1_000_000);
    world.clock.advance(30_000);
    const asked = world.sent.length;
    world.clock.advance(50_000);
    expect(world.sent.length - asked).toBe(10);
  });
});
