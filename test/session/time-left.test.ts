import { distinctUntilChanged, EMPTY, map, switchMap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ValueError } from '../../src/errors.js';
import type { SessionState } from '../../src/session/events.js';
import { World } from './support/world.js';

describe('remaining$', () => {
  it('counts down in steps, stays at 0, starts again when the deadline moves, and completes with the session', () => {
    const world = new World();
    const session = world.create({ seconds: 3, deleteSession: true, extendOnGet: true });
    const left: number[] = [];
    let completed = false;
    session
      .remaining$(1000)
      .subscribe({ next: (ms) => left.push(Math.round(ms / 10) * 10), complete: () => (completed = true) });
    world.clock.advance(2000);
    expect(left).toEqual([3000, 2000, 1000]);
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    expect(left.at(-1)).toBe(3000);
    world.clock.advance(20_000);
    expect(left.filter((ms) => ms === 0).length).toBeGreaterThan(0);
    expect(completed).toBe(true);
    expect(world.clock.timers).toBe(0);
  });

  it('promises nothing that a sleep of the machine has taken away, not even in the moment in which that is noticed', () => {
    const world = new World();
    const session = world.create({ seconds: 100, deleteSession: true });
    const left: number[] = [];
    session.remaining$(1000).subscribe((ms) => left.push(ms));
    world.clock.advance(500);
    world.clock.sleep(50_000);
    world.clock.advance(1000);
    expect(left.length).toBe(2);
    expect(left[1]).toBeLessThan(50_000);
    world.clock.sleep(30_000);
    session.remaining$(1000).subscribe((ms) => left.push(ms));
    world.clock.advance(10);
    for (const ms of left.slice(2)) expect(ms).toBeLessThan(20_000);
  });

  it('nor while other work keeps the session from being suspended at once; states say that it is', () => {
    const world = new World();
    const session = world.create({ seconds: 100, deleteSession: true, extendOnGet: true });
    world.clock.advance(5000);
    session.events$.subscribe();
    world.clock.sleep(50_000); // a question about the session is about to be sent
    const left: number[] = [];
    session.remaining$(1000).subscribe((ms) => left.push(ms));
    let state: string | undefined;
    session.state$.subscribe((now) => (state ??= now.state));
    expect([left, state]).toEqual([[], 'suspended']);
    world.clock.advance(10);
    expect(left[0]).toBeLessThan(50_000);
  });

  it('is infinite for a session that never expires, and sets no timer', () => {
    const world = new World();
    const left: number[] = [];
    world
      .create()
      .remaining$(1000)
      .subscribe((ms) => left.push(ms));
    world.clock.advance(10_000);
    expect(left).toEqual([Number.POSITIVE_INFINITY]);
    expect(world.clock.timers).toBe(0);
  });

  it('is a ValueError for a period that can not be', () => {
    const session = new World().create({ seconds: 3 });
    for (const period of [0, -1, 1e-14, 0.99, Number.NaN, Number.POSITIVE_INFINITY]) {
      let error: unknown;
      session.remaining$(period).subscribe({ error: (e: unknown) => (error = e) });
      expect(error).toBeInstanceOf(ValueError);
    }
    const left: number[] = [];
    session.remaining$(1).subscribe((ms) => left.push(ms));
    expect(left.length).toBe(1);
  });
});

describe("a warning before a lapse, as the README's recipe gives it", () => {
  const warned = (world: World, flags: { readonly extendOnGet?: boolean; readonly deleteSession?: boolean }) => {
    const session = world.create({ seconds: 10, expiringBefore: 2000, ...flags });
    const warnings: { readonly seconds: number; readonly state: string }[] = [];
    let state = '';
    let completed = false;
    session.state$.subscribe((now) => (state = now.state));
    session.state$
      .pipe(
        map((now) => now.state === 'expiring'),
        distinctUntilChanged(),
        switchMap((isNear) => (isNear ? session.remaining$(500) : EMPTY)),
      )
      .subscribe({
        next: (ms) => warnings.push({ seconds: Math.ceil(ms / 1000), state }),
        complete: () => (completed = true),
      });
    return { session, warnings, completed: () => completed };
  };

  it('counts down while the deadline is near, in each cycle, and says nothing else', () => {
    for (const flags of [{}, { extendOnGet: true }, { deleteSession: true }]) {
      const world = new World();
      const { warnings, completed } = warned(world, flags);
      world.clock.advance(60_000);
      expect(warnings.slice(0, 4).map(({ seconds }) => seconds)).toEqual([2, 2, 1, 1]);
      expect(new Set(warnings.map(({ state }) => state))).toEqual(new Set(['expiring']));
      expect(Math.max(...warnings.map(({ seconds }) => seconds))).toBe(2);
      expect(completed()).toBe(flags.deleteSession === true);
    }
  });

  it('stops where the session is extended, or out of sight, and goes on from there', () => {
    const world = new World();
    const { session, warnings } = warned(world, { extendOnGet: true });
    world.clock.advance(8600);
    expect(warnings.length).toBeGreaterThan(0);
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    const { length } = warnings;
    world.clock.advance(7000);
    expect(warnings.length).toBe(length);
    world.clock.advance(1200);
    const { length: again } = warnings;
    expect(again).toBeGreaterThan(length);
    world.disconnect();
    world.clock.advance(500);
    expect(warnings.length).toBe(again);
    world.reconnect();
    world.clock.advance(10);
    expect(warnings.length).toBe(again + 1);
  });
});

describe('state$', () => {
  it('replays what is known, tells each change, and ends with the end', () => {
    const world = new World();
    const session = world.create({ seconds: 10, deleteSession: true });
    const states: SessionState['state'][] = [];
    session.state$.subscribe(({ state }) => states.push(state));
    world.clock.advance(9500);
    const later: SessionState['state'][] = [];
    session.state$.subscribe(({ state }) => later.push(state));
    expect(later).toEqual(['expiring']);
    world.clock.advance(20_000);
    expect(states).toEqual(['alive', 'expiring', 'overdue', 'expired']);
    const last: string[] = [];
    session.state$.subscribe({ next: ({ state }) => last.push(state), complete: () => last.push('complete') });
    expect(last).toEqual(['expired', 'complete']);
  });

  it('says closed once the client is closed', () => {
    const world = new World();
    const session = world.create({ seconds: 10 });
    const states: string[] = [];
    session.state$.subscribe({ next: ({ state }) => states.push(state), complete: () => states.push('complete') });
    world.close();
    expect(states).toEqual(['alive', 'closed', 'complete']);
    expect(world.clock.timers).toBe(0);
  });
});
