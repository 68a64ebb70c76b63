import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

const kept = { deleteSession: true, extendOnGet: true } as const;

describe('keepAlive over a connection that is dead without saying so', () => {
  it('has the connection checked in time for another touch', () => {
    const world = new World();
    const session = world.create({ seconds: 10, ...kept });
    const events = world.follow(session);
    session.keepAlive().subscribe();
    world.clock.advance(3000);
    world.latency.there = 1_000_000; // nothing arrives any more
    world.clock.advance(2000);
    expect(world.sent.at(-1)).toBe('SH_GET');
    expect(world.checks.length).toBe(1);
    const [within = Number.NaN] = world.checks;
    // What the check may take, and what it took until then, leave half of the time for a new connection.
    expect(within).toBeLessThan(1500);
    world.clock.advance(within);
    world.latency.there = 1;
    world.disconnect();
    world.reconnect();
    world.clock.advance(60_000);
    expect(types(events)).not.toContain('expired');
    expect(session.isValid).toBe(true);
  });

  it('does not have it checked if touches are answered', () => {
    const world = new World();
    world
      .create({ seconds: 10, ...kept })
      .keepAlive()
      .subscribe();
    world.clock.advance(60_000);
    expect(world.checks).toEqual([]);
  });
});

describe('a page that is hidden or shown', () => {
  it('touches at once what is kept alive', () => {
    const world = new World();
    const session = world.create({ seconds: 60, ...kept });
    let touches = 0;
    session.keepAlive().subscribe(() => {
      touches += 1;
    });
    world.clock.advance(5000);
    world.visibility$.next();
    world.clock.advance(10);
    expect(touches).toBe(1);
  });

  it('does what is due, though its timers are late', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 10, deleteSession: true }));
    world.clock.block(9500);
    world.visibility$.next();
    expect(types(events)).toEqual(['opened', 'expiring']);
  });

  it('compares the clocks: a session whose machine slept is suspended', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 600, deleteSession: true }));
    world.clock.sleep(10_000);
    world.visibility$.next();
    expect(types(events)).toEqual(['opened', 'suspended']);
  });

  it('is listened to only while somebody watches', () => {
    const world = new World();
    const watching = world.create({ seconds: 60 }).events$.subscribe();
    expect(world.visibility$.observed).toBe(true);
    watching.unsubscribe();
    expect(world.visibility$.observed).toBe(false);
  });
});

describe('keepAlive of a session that lasts longer than a timer can', () => {
  it('does not touch again and again', () => {
    const world = new World();
    world
      .create({ seconds: 9_000_000_000, ...kept })
      .keepAlive()
      .subscribe();
    world.clock.advance(60_000);
    expect(world.sent).toEqual(['SH_NEW']);
  });
});
