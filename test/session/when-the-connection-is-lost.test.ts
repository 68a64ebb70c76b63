import { describe, expect, it } from 'vitest';
import type { SessionState } from '../../src/session/events.js';
import { types, World } from './support/world.js';

describe('while the connection is lost', () => {
  it('only suspended is emitted; after the reconnect one request settles all', () => {
    const world = new World();
    const sessions = Array.from({ length: 20 }, () => world.create({ seconds: 600, deleteSession: true }));
    const events = sessions.map((session) => world.follow(session));
    world.disconnect();
    world.clock.advance(700_000);
    expect(events.map((of) => types(of))).toEqual(sessions.map(() => ['opened', 'suspended']));
    expect(world.clock.timers).toBe(0);
    const asked = world.sent.length;
    world.reconnect();
    expect(events.map((of) => of.length)).toEqual(sessions.map(() => 2));
    world.clock.advance(10);
    expect(world.sent.slice(asked)).toEqual(['SH_EXISTS']);
    expect(events.map((of) => of.at(-1)?.type)).toEqual(sessions.map(() => 'expired'));
  });

  it('nothing is sent, though replies are lost with it that leave open what became of a session', () => {
    for (const command of ['SH_GET', 'SH_END']) {
      const world = new World();
      const session = world.create({ seconds: 600, deleteSession: true, extendOnGet: true });
      const events = world.follow(session);
      const members = command === 'SH_GET' ? { tkn: session.tkn, keys: [] } : { tkn: session.tkn };
      world.command(command, members).subscribe({ error: () => {} });
      world.disconnect();
      world.clock.advance(10_000);
      expect(world.refused).toEqual([]);
      expect(types(events)).toEqual(['opened', 'suspended']);
    }
  });
});

describe('after a reconnect', () => {
  it('a touch of our own that is answered first settles the deadline: extended by self, then resumed', () => {
    const world = new World();
    const session = world.create({ seconds: 60, deleteSession: true, extendOnGet: true });
    const events = world.follow(session);
    const states: SessionState[] = [];
    session.state$.subscribe((state) => states.push(state));
    world.clock.advance(1000);
    world.disconnect();
    world.clock.advance(5000);
    world.reconnect();
    world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe();
    world.clock.advance(100);
    expect(types(events)).toEqual(['opened', 'suspended', 'extended', 'resumed']);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(events[2]).toMatchObject({ by: 'self', certainty: 'proven', deadline: events[3]?.deadline });
    expect(states.map(({ state }) => state).slice(0, 3)).toEqual(['alive', 'suspended', 'alive']);
  });

  it('an extension by another client is emitted before resumed, though the old deadline is past', () => {
    const world = new World();
    const session = world.create({ seconds: 10, deleteSession: true, extendOnGet: true });
    const events = world.follow(session);
    world.clock.advance(1000);
    world.disconnect();
    world.clock.advance(7000);
    world.other('SH_GET', { tkn: session.tkn, keys: [] });
    world.clock.advance(4000);
    world.reconnect();
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened', 'suspended', 'extended', 'resumed']);
  });

  it('that keys expired, or may have, is emitted before resumed', () => {
    for (const [flags, type] of [
      [{}, 'expired'],
      [{ extendOnGet: true }, 'reset'],
    ] as const) {
      const world = new World();
      const session = world.create({ seconds: 60, ...flags });
      const events = world.follow(session);
      world.disconnect();
      world.clock.advance(70_000);
      world.reconnect();
      world.clock.advance(10);
      expect(types(events)).toEqual(['opened', 'suspended', type, 'resumed']);
    }
  });

  it('only sessions that may have moved are asked for their deadline', () => {
    const world = new World();
    for (const flags of [{ deleteSession: true }, {}, { deleteSession: true, extendOnGet: true }]) {
      world.follow(world.create({ seconds: 600, ...flags }));
    }
    world.follow(world.create());
    world.disconnect();
    const asked = world.sent.length;
    world.reconnect();
    world.clock.advance(100);
    expect(world.sent.slice(asked)).toEqual(['SH_EXISTS', 'SH_INFO']);
  });

  it('a session that is past its deadline is expiring and overdue after resumed', () => {
    const world = new World({ firstSweep: 3000 });
    const events = world.follow(world.create({ seconds: 4, deleteSession: true }));
    world.clock.advance(1000);
    world.disconnect();
    world.clock.advance(4500);
    world.reconnect();
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed', 'expiring', 'overdue']);
  });

  it('a session stays suspended while nobody answers its probe, which is sent again each second', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 600, deleteSession: true }));
    world.disconnect();
    world.losing = true;
    world.reconnect();
    world.clock.advance(5500);
    expect(types(events)).toEqual(['opened', 'suspended']);
    world.losing = false;
    world.clock.advance(1000);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
  });

  it('a session resumes though another one is left that was probed with it', () => {
    const world = new World();
    const [one, two] = [world.create({ seconds: 600 }), world.create({ seconds: 600 })];
    const watching = one.events$.subscribe();
    const events = world.follow(two);
    world.disconnect();
    world.latency.back = 100;
    world.reconnect();
    world.clock.advance(10);
    watching.unsubscribe();
    world.clock.advance(200);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
  });
});

describe('once the client is closed', () => {
  it('a session that nobody watched until then is closed for whoever subscribes', () => {
    const world = new World();
    const session = world.create({ seconds: 600 });
    world.close();
    const seen: string[] = [];
    session.events$.subscribe({ next: ({ type }) => seen.push(type), complete: () => seen.push('complete') });
    session.state$.subscribe({ next: ({ state }) => seen.push(state), complete: () => seen.push('complete') });
    expect(seen).toEqual(['complete', 'closed', 'complete']);
    expect(world.clock.timers).toBe(0);
  });
});

describe('several subscribers', () => {
  it('receive the same events, each once, though one of them closes the client', () => {
    const world = new World();
    const session = world.create({ seconds: 10, deleteSession: true });
    const received: [number[], number[]] = [[], []];
    session.events$.subscribe((event) => {
      received[0].push(event.seq);
      if (event.type === 'expiring') world.close();
    });
    session.events$.subscribe((event) => received[1].push(event.seq));
    world.clock.advance(20_000);
    expect(received).toEqual([[1, 2], [2]]);
    expect(world.clock.timers).toBe(0);
  });
});
