import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

const last = <Item>(items: readonly Item[]) => items.at(-1);

describe('a session that this client ended while nobody followed it', () => {
  it('is not valid any more where its own end() succeeded, and tells by whom to those who come later', () => {
    const world = new World();
    const session = world.create({ seconds: 600 });
    session.end().subscribe();
    expect(session.isValid).toBe(true);
    world.clock.advance(10);
    expect(session.isValid).toBe(false);
    const states: unknown[] = [];
    session.state$.subscribe({ next: (state) => states.push(state), complete: () => states.push('complete') });
    expect(states).toEqual([{ state: 'ended', by: 'self', certainty: 'proven', cycle: 0 }, 'complete']);
    expect(world.clock.timers).toBe(0);
  });

  it('by its token, is known to be ended by self', () => {
    for (const others of [0, 1]) {
      const world = new World();
      const session = world.create({ seconds: 600 });
      for (let other = 0; other < others; other++) world.follow(world.create({ seconds: 600 }));
      world.run('SH_END', { tkn: session.tkn });
      expect(session.isValid).toBe(false);
      expect(types(world.follow(session))).toEqual([]);
      const states: unknown[] = [];
      session.state$.subscribe((state) => states.push(state));
      expect(states).toEqual([{ state: 'ended', by: 'self', certainty: 'proven', cycle: 0 }]);
    }
  });

  it('with all others, is not said to be ended by another', () => {
    const world = new World();
    const session = world.create({ seconds: 600 });
    world.run('SH_END_ALL');
    const events = world.follow(session);
    world.clock.advance(100);
    expect(last(events)).toMatchObject({ type: 'ended', by: 'unknown', certainty: 'proven' });
  });

  it('or may have: the reply was lost', () => {
    for (const command of ['SH_END', 'SH_END_ALL']) {
      const world = new World();
      const session = world.create({ seconds: 600 });
      world.losing = true;
      world.run(command, command === 'SH_END' ? { tkn: session.tkn } : {});
      world.losing = false;
      const events = world.follow(session);
      world.clock.advance(100);
      expect(last(events)).toMatchObject({ type: 'ended', by: 'unknown', certainty: 'proven' });
    }
  });

  it('after it was followed once, is known to be ended by self', () => {
    const world = new World();
    const session = world.create({ seconds: 600 });
    session.events$.subscribe().unsubscribe();
    world.run('SH_END', { tkn: session.tkn });
    expect(session.isValid).toBe(false);
    const lost = world.create({ seconds: 600 });
    lost.events$.subscribe().unsubscribe();
    world.losing = true;
    world.run('SH_END', { tkn: lost.tkn });
    world.losing = false;
    const events = world.follow(lost);
    world.run('SH_COUNT', { tkn: lost.tkn });
    world.clock.advance(100);
    expect(last(events)).toMatchObject({ type: 'ended', by: 'unknown', certainty: 'proven' });
  });
});

describe('a session that is there after this client ended others', () => {
  it('is ended by other, proven, where another client ends it', () => {
    const world = new World();
    const session = world.create({ seconds: 600 });
    world.run('SH_END', { tkn: world.create({ seconds: 600 }).tkn });
    const events = world.follow(session);
    world.clock.advance(100);
    world.other('SH_END', { tkn: session.tkn });
    world.run('SH_COUNT', { tkn: session.tkn });
    world.clock.advance(100);
    expect(last(events)).toMatchObject({ type: 'ended', by: 'other', certainty: 'proven' });
  });
});

describe('what the server has said of a session', () => {
  it('is not forgotten by unsubscribing and subscribing again before it was told', () => {
    const world = new World();
    const [session, other] = [world.create({ seconds: 600 }), world.create({ seconds: 600 })];
    world.follow(other);
    const following = session.events$.subscribe();
    world.other('SH_END', { tkn: session.tkn });
    world.run('SH_COUNT', { tkn: session.tkn });
    following.unsubscribe();
    expect(session.isValid).toBe(false);
    const events = world.follow(session);
    world.clock.advance(100);
    expect(types(events)).toEqual(['opened', 'ended']);
    expect(last(events)).toMatchObject({ by: 'other', certainty: 'proven' });
  });

  it('nor that our sh_end_all was among it', () => {
    const world = new World();
    const [first, second] = [world.create({ seconds: 600 }), world.create({ seconds: 600 })];
    const told: string[] = [];
    first.events$.subscribe({ complete: () => following.unsubscribe() });
    const following = second.events$.subscribe(({ type }) => told.push(type));
    world.run('SH_END_ALL');
    expect(told).toEqual(['opened']); // it left before its turn
    expect(second.isValid).toBe(false);
    const states: unknown[] = [];
    second.state$.subscribe((state) => states.push(state));
    expect(states).toEqual([{ state: 'ended', by: 'self', certainty: 'presumed', cycle: 0 }]);
  });

  it('holds for the handle that heard it, not for one attached to after a reload', () => {
    const world = new World();
    const [session, other] = [world.create({ seconds: 600 }), world.create({ seconds: 600 })];
    world.follow(other);
    const following = session.events$.subscribe();
    const truth = world.server.sessions.get(session.tkn);
    world.other('SH_END', { tkn: session.tkn });
    world.run('SH_COUNT', { tkn: session.tkn });
    following.unsubscribe();
    if (truth === undefined) throw new Error('never there');
    world.server.sessions.set(session.tkn, truth);
    const loaded = world.attach(session.tkn);
    const events = world.follow(loaded);
    world.clock.advance(100);
    expect(types(events)).toEqual(['opened']);
    expect([session.isValid, loaded.isValid]).toEqual([false, true]);
  });
});
