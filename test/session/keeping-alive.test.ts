import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ValueError } from '../../src/errors.js';
import type { Touch } from '../../src/session/streams/keep-alive.js';
import { types, World } from './support/world.js';

describe('keepAlive', () => {
  it('touches at about a third of the duration, for as long as it is subscribed to', () => {
    const world = new World();
    const session = world.create({ seconds: 30, deleteSession: true, extendOnGet: true });
    const touches: Touch[] = [];
    const events = world.follow(session);
    const subscription = session.keepAlive().subscribe((touch) => touches.push(touch));
    world.clock.advance(300_000);
    expect(touches.length).toBeGreaterThanOrEqual(30);
    expect(touches.length).toBeLessThanOrEqual(34);
    expect(touches[0]).toMatchObject({ tkn: session.tkn, cycle: 0 });
    expect(new Set(types(events))).toEqual(new Set(['opened', 'extended']));
    subscription.unsubscribe();
    world.clock.advance(60_000);
    expect(types(events).at(-1)).toBe('expired');
    expect(world.clock.timers).toBe(0);
  });

  it('uses an empty set where only that extends', () => {
    const world = new World();
    const session = world.create({ seconds: 30, extendOnSetAdd: true });
    session.keepAlive().subscribe();
    world.clock.advance(11_000);
    expect(world.sent).toEqual(['SH_NEW', 'SH_SET']);
  });

  it('touches nothing while other traffic extends the session', () => {
    const world = new World();
    const session = world.create({ seconds: 30, extendOnGet: true });
    const touches: Touch[] = [];
    session.keepAlive().subscribe((touch) => touches.push(touch));
    for (let times = 0; times < 20; times++) {
      world.clock.advance(5000);
      world.run('SH_GET', { tkn: session.tkn, keys: ['a'] });
    }
    expect(touches).toEqual([]);
  });

  it('tries again soon where a touch failed, and is silent about it', () => {
    const world = new World();
    const session = world.create({ seconds: 30, deleteSession: true, extendOnGet: true });
    const touches: Touch[] = [];
    session.keepAlive().subscribe((touch) => touches.push(touch));
    world.losing = true;
    world.clock.advance(15_000);
    expect(touches).toEqual([]);
    const tries = world.sent.filter((command) => command === 'SH_GET').length; // once a second from 9.5 s on
    expect(tries).toBeGreaterThanOrEqual(5);
    expect(tries).toBeLessThanOrEqual(7);
    world.losing = false;
    world.clock.advance(3000);
    expect(touches.length).toBeGreaterThan(0);
  });

  it('lets a verdict come first after the connection was lost, and then goes on', () => {
    const world = new World();
    const session = world.create({ seconds: 10, extendOnGet: true });
    const log: string[] = [];
    session.events$.subscribe(({ type }) => log.push(type));
    session.keepAlive().subscribe(({ cycle }) => log.push(`touch ${cycle}`));
    world.run('SH_SET', { tkn: session.tkn, keys: { a: 1 } });
    world.disconnect();
    world.clock.advance(60_000);
    world.reconnect();
    world.clock.advance(10);
    expect(log.slice(0, 4)).toEqual(['opened', 'suspended', 'expired', 'resumed']);
    expect(log.slice(4)).toEqual([]);
    world.clock.advance(4000);
    expect(log.slice(4)).toEqual(['extended', 'touch 1']);
  });

  it('goes on after the connection was lost while a touch was under way', () => {
    const world = new World();
    const session = world.create({ seconds: 30, extendOnGet: true });
    const touches: Touch[] = [];
    session.keepAlive().subscribe((touch) => touches.push(touch));
    world.latency.back = 500;
    world.clock.advance(9700);
    world.latency.back = 1;
    world.disconnect();
    world.clock.advance(1000);
    world.reconnect();
    world.clock.advance(15_000);
    expect(touches.length).toBeGreaterThan(0);
  });

  it('has one touch under way at most, though the deadline moves meanwhile; then it goes on', () => {
    const world = new World();
    const answers: Subject<void>[] = [];
    const sh_get = () => {
      const answer = new Subject<void>();
      answers.push(answer);
      return answer;
    };
    Object.assign(world.commands, { sh_get });
    const session = world.create({ seconds: 30, extendOnGet: true });
    session.keepAlive().subscribe();
    world.clock.advance(11_000);
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    world.clock.advance(15_000);
    expect(answers.length).toBe(1);
    answers[0]?.complete();
    world.clock.advance(2000);
    expect(answers.length).toBe(2);
  });

  it('completes when the session is gone', () => {
    const world = new World();
    const session = world.create({ seconds: 30, extendOnGet: true });
    let completed = false;
    session.keepAlive().subscribe({ complete: () => (completed = true) });
    world.run('SH_END', { tkn: session.tkn });
    expect(completed).toBe(true);
    expect(world.clock.timers).toBe(0);
  });

  it('is a ValueError where nothing can extend the session', () => {
    const world = new World();
    for (const session of [world.create({ seconds: 30 }), world.create()]) {
      let error: unknown;
      session.keepAlive().subscribe({ error: (e: unknown) => (error = e) });
      expect(error).toBeInstanceOf(ValueError);
    }
  });
});
