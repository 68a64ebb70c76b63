import { type Subscription, take, takeUntil } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

describe('whoever leaves while something is told', () => {
  it('no longer keeps the session alive, though an earlier follower unsubscribed it', () => {
    const world = new World();
    const session = world.create({ seconds: 30, deleteSession: true, extendOnGet: true });
    let keeping: Subscription | undefined;
    session.events$.subscribe(({ type }) => {
      if (type === 'extended') keeping?.unsubscribe();
    });
    keeping = session.keepAlive().subscribe();
    world.run('SH_GET', { tkn: session.tkn, keys: ['a'] });
    world.clock.advance(60_000);
    expect(world.sent.filter((command) => command === 'SH_GET').length).toBe(1);
    expect(world.server.sessions.has(session.tkn)).toBe(false);
    expect(world.clock.timers).toBe(0);
  });

  it('touches nothing more, where its own stream of events ends it', () => {
    const world = new World();
    const session = world.create({ seconds: 30, deleteSession: true, extendOnGet: true });
    let completed = false;
    session
      .keepAlive()
      .pipe(takeUntil(session.extended$))
      .subscribe({ complete: () => (completed = true) });
    world.clock.advance(1000);
    world.run('SH_GET', { tkn: session.tkn, keys: ['a'] });
    expect(completed).toBe(true);
    expect(world.clock.timers).toBe(0);
    const { length } = world.sent;
    world.clock.advance(60_000);
    expect(world.sent.length).toBe(length);
  });

  it('counts down no further, and leaves no timer', () => {
    const world = new World();
    const session = world.create({ seconds: 3600, extendOnGet: true });
    const left: number[] = [];
    session
      .remaining$(1000)
      .pipe(takeUntil(session.extended$))
      .subscribe((ms) => left.push(ms));
    world.clock.advance(2000);
    const { length } = left;
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    expect(left.length).toBe(length);
    expect(world.clock.timers).toBe(0);
  });

  it('be it by a beat of its own countdown', () => {
    for (const beats of [1, 2]) {
      const world = new World();
      const session = world.create({ seconds: 3600, extendOnGet: true });
      const left: number[] = [];
      session
        .remaining$(1000)
        .pipe(take(beats))
        .subscribe((ms) => left.push(ms));
      world.clock.advance((beats - 1) * 1000);
      expect(left.length).toBe(beats);
      expect(world.clock.timers).toBe(0);
    }
  });

  it('is told nothing more, while the others hear all', () => {
    const world = new World();
    const session = world.create({ seconds: 10, deleteSession: true });
    const states: string[] = [];
    let second: Subscription | undefined;
    session.events$.subscribe(({ type }) => {
      if (type === 'expiring') second?.unsubscribe();
    });
    second = session.state$.subscribe(({ state }) => states.push(state));
    const third = world.follow(session);
    world.clock.advance(20_000);
    expect(states).toEqual(['alive']);
    expect(types(third)).toEqual(['expiring', 'overdue', 'expired']);
  });
});

describe('whoever comes while something is told', () => {
  it('finds events numbered without gaps, though others left before they could be told; all who hear one, by the same number', () => {
    const world = new World();
    const [one, other] = [world.create({ seconds: 60 }), world.create({ seconds: 60, extendOnGet: true })];
    const glimpses: string[] = [];
    one.events$.subscribe(() => other.state$.pipe(take(1)).subscribe(({ state }) => glimpses.push(state)));
    expect(glimpses).toEqual(['alive']);
    const first = world.follow(other);
    const second = world.follow(other);
    world.clock.advance(10);
    world.run('SH_GET', { tkn: other.tkn, keys: [] });
    expect(first.map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'opened'],
      [2, 'extended'],
    ]);
    expect(second.map(({ seq, type }) => [seq, type])).toEqual(first.map(({ seq, type }) => [seq, type]));
  });

  it('after all had left, hears nothing of what was to be told to them: it begins with opened', () => {
    for (const glimpses of [0, 1, 3]) {
      const world = new World();
      const session = world.create({ seconds: 60, extendOnSetAdd: true });
      const set = () => world.command('SH_SET', { tkn: session.tkn, keys: {} }).subscribe();
      const told: string[] = [];
      let again = false;
      const pending: Subscription[] = [];
      const following = session.events$.subscribe(({ type }) => {
        if (type !== 'extended' || again) return;
        again = true;
        for (const command of pending) command.unsubscribe();
        following.unsubscribe();
        for (let times = 0; times < glimpses; times++) session.state$.pipe(take(1)).subscribe();
        session.events$.subscribe((event) => told.push(`${event.type} ${event.seq}`));
      });
      set();
      world.clock.advance(1);
      pending.push(set());
      world.clock.advance(10);
      expect(told).toEqual(['opened 1']);
    }
  });
});
