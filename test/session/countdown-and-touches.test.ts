import { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { World } from './support/world.js';

describe('remaining$', () => {
  it('takes its next beat back when it is unsubscribed, though others follow', () => {
    const world = new World();
    world.follow(world.create());
    const session = world.create({ seconds: 9_000_000_000 });
    const counting = session.remaining$(60_000).subscribe();
    const following = session.events$.subscribe();
    expect(world.clock.timers).toBeGreaterThan(0);
    counting.unsubscribe();
    following.unsubscribe();
    expect(world.clock.timers).toBe(0);
  });

  it('is silent while suspended, and goes on as soon as the session does', () => {
    const world = new World();
    const session = world.create({ seconds: 60, deleteSession: true });
    const left: number[] = [];
    session.remaining$(1000).subscribe((ms) => left.push(Math.round(ms / 100) * 100));
    world.clock.advance(1500);
    world.disconnect();
    expect(world.clock.timers).toBe(0);
    world.clock.advance(10_000);
    expect(left).toEqual([60_000, 59_000]);
    world.reconnect();
    world.clock.advance(10);
    expect(left).toEqual([60_000, 59_000, 48_500]);
  });

  it('is never less than 0, though it is told late', () => {
    const world = new World();
    const session = world.create({ seconds: 2, deleteSession: true });
    const left: number[] = [];
    session.remaining$(1000).subscribe((ms) => left.push(ms));
    world.clock.advance(1500);
    world.clock.block(3000);
    world.clock.advance(1);
    expect(left.at(-1)).toBe(0);
    expect(Math.min(...left)).toBe(0);
  });
});

describe('keepAlive', () => {
  it('touches a little before a third of the duration is over: sessions created together shall not touch together', () => {
    const world = new World();
    const session = world.create({ seconds: 30, extendOnGet: true });
    const start = world.clock.now();
    const touched: number[] = [];
    session.keepAlive().subscribe(({ at }) => touched.push(at - start));
    world.clock.advance(11_000);
    expect(touched.length).toBe(1);
    expect(touched[0]).toBeGreaterThan(9000);
    expect(touched[0]).toBeLessThan(9600);
  });

  it('takes a touch under way back when it is unsubscribed', () => {
    const world = new World();
    let [sent, takenBack] = [0, 0];
    Object.assign(world.commands, {
      sh_get: () =>
        new Observable(() => {
          sent += 1;
          return () => {
            takenBack += 1;
          };
        }),
    });
    const session = world.create({ seconds: 30, extendOnGet: true });
    const keeping = session.keepAlive().subscribe();
    world.clock.advance(11_000);
    expect([sent, takenBack]).toEqual([1, 0]);
    keeping.unsubscribe();
    expect([sent, takenBack]).toEqual([1, 1]);
    expect(world.clock.timers).toBe(0);
  });

  it('has nothing planned while the connection is down, though a touch was under way then', () => {
    for (const latency of [1, 20_000]) {
      const world = new World();
      const session = world.create({ seconds: 30, extendOnGet: true });
      session.keepAlive().subscribe();
      world.latency.back = latency;
      world.clock.advance(9510);
      world.latency.back = 1;
      world.disconnect();
      expect(world.clock.timers).toBe(latency === 1 ? 0 : 1); // the reply that nobody waits for
      world.clock.advance(latency + 1000);
      expect(world.clock.timers).toBe(0);
      const sent = world.sent.length;
      world.clock.advance(600_000);
      expect(world.sent.length).toBe(sent);
    }
  });

  it('touches nothing until it is known what became of the session while the machine slept', () => {
    const world = new World();
    const session = world.create({ seconds: 30, extendOnGet: true, deleteSession: true });
    const log: string[] = [];
    session.events$.subscribe(({ type }) => log.push(type));
    session.keepAlive().subscribe(() => log.push('touch'));
    world.clock.advance(4000);
    world.latency.back = 5000;
    world.clock.sleep(1000); // noticed after 5 s
    world.clock.advance(5900); // within which a touch would have been due
    expect(log).toEqual(['opened', 'suspended']);
    expect(world.sent).toEqual(['SH_NEW', 'SH_EXISTS']);
    world.latency.back = 1;
    world.clock.advance(20_000);
    expect(log.slice(2, 5)).toEqual(['resumed', 'extended', 'touch']);
  });
});
