import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

describe('a cycle that began as keys expired', () => {
  it('lasts for a duration from the deadline before at the least: nothing is told of its end any earlier', () => {
    // The server looks right after the deadline, and SH_INFO, asked 0.7 s later, leaves a second open.
    const world = new World({ firstSweep: 10, sweepInterval: 3500 });
    const session = world.create({ seconds: 20 });
    const events = world.follow(session);
    const ends: number[] = [];
    session.remaining$(1000).subscribe((left) => ends.push(world.clock.now() + left));
    world.clock.advance(22_000);
    const truth = world.deadlineOf(session.tkn) ?? Number.NaN;
    expect(types(events)).toEqual(['opened', 'expiring', 'overdue', 'expired']);
    expect(events[3]).toMatchObject({ outcome: 'keysCleared', certainty: 'proven' });
    expect(events[3]?.deadline.lo).toBeLessThanOrEqual(truth);
    expect(events[3]?.deadline.lo).toBeGreaterThan(truth - 50);
    expect(ends.at(-1)).toBeGreaterThan(truth - 50);
    world.clock.advance(truth + 1000 - world.clock.now());
    expect(types(events).slice(4)).toEqual(['expiring', 'overdue']);
    expect(events[5]?.at).toBeGreaterThan(truth - 50);
  });

  it('may have begun before, where the session may have been loaded from a dataset', () => {
    const world = new World({ firstSweep: 10, persistEnabled: true });
    const session = world.create({ seconds: 20 });
    const events = world.follow(session);
    world.server.save();
    world.clock.advance(19_900);
    world.other('SH_END', { tkn: session.tkn });
    world.server.load();
    const truth = world.deadlineOf(session.tkn) ?? Number.NaN;
    world.clock.advance(3000);
    const known = events.at(-1)?.deadline;
    expect(known?.lo).toBeLessThanOrEqual(truth);
    expect(known?.hi).toBeGreaterThanOrEqual(truth);
  });
});
