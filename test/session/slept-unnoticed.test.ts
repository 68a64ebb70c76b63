import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

describe('after the machine slept, before any timer rings', () => {
  it('a handle that is followed then tells nobody anything by the deadline of before', () => {
    const world = new World();
    const session = world.create({ seconds: 10, deleteSession: true });
    const other = world.attach(session.tkn, 9000);
    const events = world.follow(session);
    const states: string[] = [];
    session.state$.subscribe(({ state }) => states.push(state));
    world.clock.advance(3000);
    world.clock.sleep(40_000);
    other.events$.subscribe();
    world.clock.advance(10_000);
    expect(types(events)).toEqual(['opened', 'expiring', 'suspended', 'expired']);
    const changes = states.filter((state, index) => state !== states[index - 1]);
    expect(changes).toEqual(['alive', 'expiring', 'suspended', 'expired']);
  });
});

describe('while sessions are suspended one after the other, as the machine slept', () => {
  it('whoever subscribes to the countdown of one that is yet to be is told no more than is left', () => {
    const world = new World();
    const sessions = Array.from({ length: 2 }, () => world.create({ seconds: 10, deleteSession: true }));
    const [first, second] = sessions;
    if (first === undefined || second === undefined) throw new Error('not created');
    first.events$.subscribe(() => world.clock.block(1));
    const events = world.follow(second);
    const left: number[] = [];
    world.clock.advance(3000);
    world.clock.sleep(40_000);
    world.clock.block(1);
    first.events$.subscribe({
      next: ({ type }) => {
        if (type === 'suspended') second.remaining$(1000).subscribe((ms) => left.push(ms));
      },
    });
    world.clock.advance(10_000);
    expect(types(events)).toEqual(['opened', 'suspended', 'expired']);
    expect(left).toEqual([]);
  });
});
