import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

describe('a wall clock that is set back by a little', () => {
  it('makes the countdown pause, not jump to 0', () => {
    const world = new World();
    const session = world.create({ seconds: 600, deleteSession: true });
    const left: number[] = [];
    session.remaining$(60_000).subscribe((ms) => left.push(ms));
    world.clock.setWall(-60);
    world.clock.advance(5010);
    expect(left.length).toBe(2);
    for (const ms of left) expect(ms).toBeGreaterThan(590_000);
  });

  it('suspends, and shows no deadline from before the session', () => {
    const world = new World();
    const session = world.create({ seconds: 600, deleteSession: true });
    const begun = world.clock.now();
    const states: string[] = [];
    session.state$.subscribe((state) => {
      states.push(state.state);
      if ('deadline' in state) expect(state.deadline.lo).toBeGreaterThan(begun - 1000);
    });
    const events = world.follow(session);
    world.clock.setWall(-60);
    world.clock.advance(5010);
    expect(states.filter((state, index) => state !== states[index - 1])).toEqual(['alive', 'suspended', 'alive']);
    for (const { deadline } of events) expect(deadline.lo).toBeGreaterThan(begun - 1000);
  });

  it('is seen first by a reply: suspended comes before any other deadline all the same', () => {
    const world = new World();
    const session = world.create({ seconds: 600, deleteSession: true, extendOnGet: true });
    const events = world.follow(session);
    const states: string[] = [];
    session.state$.subscribe(({ state }) => states.push(state));
    world.latency.back = 50;
    world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe();
    world.clock.advance(10);
    world.clock.setWall(-60);
    world.clock.advance(300);
    expect(types(events)).toEqual(['opened', 'suspended', 'extended', 'resumed']);
    expect(states.slice(0, 2)).toEqual(['alive', 'suspended']);
    for (const { deadline } of events) expect(deadline.lo).toBeGreaterThan(0);
  });

  it('while a session is created, leaves its deadline without a beginning: it is asked for, and none from before is shown', () => {
    const world = new World();
    world.latency.back = 100;
    world.clock.schedule(() => world.clock.setWall(-60), 50);
    const session = world.create({ seconds: 600, deleteSession: true });
    world.latency.back = 1;
    const left: number[] = [];
    session.remaining$(60_000).subscribe((ms) => left.push(ms));
    const events = world.follow(session);
    world.clock.advance(10);
    for (const { deadline } of events) expect(deadline.lo).toBeGreaterThan(0);
    expect(world.sent).toContain('SH_INFO');
    expect(types(events)).toEqual([]);
    expect(left.length).toBe(1);
    expect(left[0]).toBeGreaterThan(590_000);
  });

  it('was so before a session was created: a sleep after that is as long as it is seen to be', () => {
    const world = new World();
    world.follow(world.create({ seconds: 6000, deleteSession: true }));
    world.clock.setWall(-60);
    world.clock.advance(5010);
    const session = world.create({ seconds: 600, deleteSession: true });
    const events = world.follow(session);
    const asked = world.sent.length;
    world.clock.sleep(10_000);
    world.clock.advance(5010);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
    expect(world.sent.slice(asked)).toEqual(['SH_EXISTS']); // no SH_INFO: its deadline is known
  });

  it('leaves a deadline that states go on to tell as it comes earlier by a sleep, while nobody answers', () => {
    const world = new World();
    const session = world.create({ seconds: 600, deleteSession: true });
    const known: number[] = [];
    session.state$.subscribe((state) => {
      if ('deadline' in state) known.push(state.deadline.lo);
    });
    world.losing = true;
    world.clock.setWall(-60);
    world.clock.advance(5010);
    const { length } = known;
    world.clock.sleep(10_000);
    world.clock.advance(5010);
    expect(known.length).toBe(length + 1);
    expect((known.at(-2) ?? Number.NaN) - (known.at(-1) ?? Number.NaN)).toBeCloseTo(10_000, -2);
  });

  it('leaves missed cycles bounded by the time that the client ran', () => {
    const world = new World();
    const session = world.create({ seconds: 600 });
    const events = world.follow(session);
    world.run('SH_SET', { tkn: session.tkn, keys: { a: 1 } });
    world.clock.setWall(-60);
    world.clock.advance(5010);
    for (const event of events) {
      if (event.type === 'reset' || event.type === 'expired') expect(event.missedCycles.atMost).toBeLessThanOrEqual(1);
    }
    expect(types(events).at(-1)).toBe('resumed');
  });

  it('has every session looked at whose deadline is not known any more, before it goes on', () => {
    const world = new World();
    for (const flags of [{ deleteSession: true }, {}, { deleteSession: true, extendOnGet: true }]) {
      const events = world.follow(world.create({ seconds: 600, ...flags }));
      world.clock.setWall(-60);
      world.clock.advance(5010);
      const resumed = events.at(-1);
      expect(resumed?.type).toBe('resumed');
      expect((resumed?.deadline.hi ?? 0) - (resumed?.deadline.lo ?? 0)).toBeLessThan(2500);
    }
  });
});

describe('a wall clock that is set back time and again, on a machine that sleeps in between', () => {
  it('leaves no deadline absurd, and has nothing told that is not so, however often', () => {
    for (const shift of [0.1, 0.3, 0.7]) {
      const world = new World();
      const session = world.create({ seconds: 86_400, deleteSession: true });
      const events = world.follow(session);
      const left: number[] = [];
      session.remaining$(1e9).subscribe((ms) => left.push(ms));
      for (let times = 0; times < 40; times++) {
        world.clock.sleep(1000 + ((times * 37) % 997));
        world.clock.block(shift);
        world.clock.advance(6000);
        world.clock.setWall(-1000);
        world.clock.block(shift);
        world.clock.advance(6000);
      }
      for (const { deadline } of events) expect(deadline.lo).toBeGreaterThan(-200_000);
      for (const ms of left) expect(ms).toBeGreaterThan(80_000_000);
      expect(new Set(types(events))).toEqual(new Set(['opened', 'suspended', 'resumed']));
    }
  });
});
