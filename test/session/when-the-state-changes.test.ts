import { describe, expect, it } from 'vitest';
import type { SessionState } from '../../src/session/events.js';
import { World } from './support/world.js';

describe('state$', () => {
  it('does not repeat itself where something changed that it does not tell, such as whether there are keys', () => {
    const world = new World();
    const session = world.create({ seconds: 60, deleteSession: true });
    const states: SessionState[] = [];
    session.state$.subscribe((state) => states.push(state));
    for (const [command, keys] of [
      ['SH_SET', { a: 1 }],
      ['SH_CLEAR', undefined],
      ['SH_SET', { a: 1 }],
      ['SH_COUNT', undefined],
    ] as const) {
      world.run(command, { tkn: session.tkn, ...(keys && { keys }) });
    }
    expect(states.length).toBe(1);
  });

  it('tells each change of the deadline, even if the phase is the same', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    const states: SessionState[] = [];
    session.state$.subscribe((state) => states.push(state));
    world.clock.advance(10_000);
    world.losing = true;
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    expect(states.map(({ state }) => state)).toEqual(['alive', 'alive']);
    const deadlines = states.flatMap((state) => ('deadline' in state ? [state.deadline] : []));
    expect(deadlines[1]?.lo).toBe(deadlines[0]?.lo);
    expect(deadlines[1]?.hi).toBeGreaterThan((deadlines[0]?.hi ?? 0) + 9000);
  });

  it('tells each new cycle, and why it is suspended', () => {
    const world = new World();
    const session = world.create({ seconds: 10 });
    const states: SessionState[] = [];
    session.state$.subscribe((state) => states.push(state));
    world.clock.advance(16_000);
    world.disconnect();
    const told = states.map(({ state, cycle }) => `${state} ${cycle}`);
    expect([...new Set(told)]).toEqual(['alive 0', 'expiring 0', 'overdue 0', 'alive 1', 'suspended 1']);
    // Asked about while it is overdue, its deadline is known better: the same is never told twice.
    for (const [index, state] of states.entries()) expect(state).not.toEqual(states[index - 1]);
    expect(states.at(-1)).toMatchObject({ reason: 'connection' });
  });

  it('never goes back to what was before, for who subscribes while something is told', () => {
    const world = new World();
    const [one, two] = [world.create({ seconds: 60 }), world.create({ seconds: 60 })];
    const states: string[] = [];
    world.follow(two);
    one.events$.subscribe(({ type }) => {
      if (type === 'suspended') two.state$.subscribe(({ state }) => states.push(state));
    });
    world.disconnect();
    expect(states).toEqual(['suspended']);
  });
});

describe('remaining$', () => {
  /** What it tells, and when; in ms from the beginning, without the 2 ms per 10 s by which the clocks may part. */
  function countdown(world: World, session: ReturnType<World['create']>, period: number): [number, number][] {
    const told: [number, number][] = [];
    const start = world.clock.now();
    session.remaining$(period).subscribe((ms) => told.push([world.clock.now() - start, Math.round(ms / 100) * 100]));
    return told;
  }

  it('keeps its beat where something changed that it does not count, such as whether there are keys', () => {
    const world = new World();
    const session = world.create({ seconds: 60, deleteSession: true });
    const told = countdown(world, session, 1000);
    world.clock.advance(500);
    world.run('SH_SET', { tkn: session.tkn, keys: { a: 1 } });
    world.clock.advance(2000);
    expect(told).toEqual([
      [0, 60_000],
      [1000, 59_000],
      [2000, 58_000],
    ]);
  });

  it('keeps its beat where the deadline comes near, or may have come later by a touch whose reply was lost', () => {
    const world = new World();
    const session = world.create({ seconds: 60, deleteSession: true, extendOnSetAdd: true, expiringBefore: 58_500 });
    const told = countdown(world, session, 1000);
    const types: string[] = [];
    session.events$.subscribe(({ type }) => types.push(type));
    world.clock.advance(300);
    world.losing = true;
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    world.losing = false;
    world.sessions.observer.lost({ row: { command: 'SH_SET', extends: 'set' }, tkn: session.tkn, argument: {} });
    world.clock.advance(2000);
    expect(types).toEqual(['expiring']);
    expect(told).toEqual([
      [0, 60_000],
      [1000, 59_000],
      [2000, 58_000],
    ]);
  });

  it('is silent for who subscribes while it is being told that the session is suspended', () => {
    const world = new World();
    const [one, two] = [world.create({ seconds: 60 }), world.create({ seconds: 60 })];
    const left: number[] = [];
    one.events$.subscribe(({ type }) => {
      if (type === 'suspended') two.remaining$(1000).subscribe((ms) => left.push(ms));
    });
    world.disconnect();
    expect(left).toEqual([]);
  });

  it('tells 0 once, at the deadline, and counts anew from when that has moved', () => {
    const world = new World({ firstSweep: 2000 });
    const session = world.create({ seconds: 2, deleteSession: true, extendOnGet: true });
    const told = countdown(world, session, 1500);
    world.clock.advance(4000);
    expect(told.map(([, left]) => left)).toEqual([2000, 500, 0]);
    expect(told.at(-1)?.[0]).toBeCloseTo(2000, -1);
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    expect(told.at(-1)?.[1]).toBe(2000);
  });
});

describe('the last states of two sessions', () => {
  it('are two objects: who writes on one, or leaves out what is the same, does so with one session', () => {
    const world = new World();
    const last = [
      world.create({ seconds: 10, deleteSession: true }),
      world.create({ seconds: 10, deleteSession: true }),
    ];
    const states = last.map((session) => {
      const seen: SessionState[] = [];
      session.state$.subscribe((state) => seen.push(state));
      return seen;
    });
    world.clock.advance(30_000);
    const [one, other] = states.map((seen) => seen.at(-1));
    expect(one).toMatchObject({ state: 'expired' });
    expect(one).toEqual(other);
    expect(one).not.toBe(other);
  });
});
