import { describe, expect, it } from 'vitest';
import type { SessionEvent, SessionState } from '../../src/session/events.js';
import { types, World } from './support/world.js';

describe('while the connection is down', () => {
  it('nothing is said but suspended, and on return one question comes before anything else', () => {
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

  describe('nor what a command shows that waited, and is answered before', () => {
    /** A get is the first to be answered once the connection is back. */
    const shown = (flags: { readonly extendOnGet?: boolean }, next: (world: World, tkn: bigint) => void = () => {}) => {
      const world = new World();
      const session = world.create({ seconds: 60, deleteSession: true, ...flags });
      const events = world.follow(session);
      world.clock.advance(1000);
      world.disconnect();
      world.clock.advance(10);
      world.reconnect();
      let toldByThen: string[] = [];
      world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe({
        complete: () => {
          toldByThen = types(events);
          next(world, session.tkn);
        },
      });
      world.clock.advance(20);
      expect(toldByThen).toEqual(['opened', 'suspended']);
      return { world, events };
    };

    it('that it was extended is told after the verdict, with what is known then', () => {
      const { events } = shown({ extendOnGet: true });
      expect(types(events)).toEqual(['opened', 'suspended', 'extended', 'resumed']);
      expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
      expect(events[2]).toMatchObject({ by: 'self', certainty: 'proven', deadline: events[3]?.deadline });
    });

    it('by when it was learned, and states show it at once', () => {
      const world = new World();
      const session = world.create({ seconds: 60, deleteSession: true, extendOnGet: true });
      const events = world.follow(session);
      const states: SessionState[] = [];
      session.state$.subscribe((state) => states.push(state));
      world.clock.advance(1000);
      world.disconnect();
      world.clock.advance(5000);
      const reconnected = world.clock.now();
      world.losing = true; // the question what became of the session is answered when it is asked again
      world.reconnect();
      world.latency.back = 10;
      world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe();
      world.clock.advance(5);
      world.losing = false;
      world.clock.advance(95);
      expect(types(events)).toEqual(['opened', 'suspended']);
      expect(states.map(({ state }) => state)).toEqual(['alive', 'suspended', 'suspended']);
      expect(states.at(-1)).toMatchObject({ deadline: { lo: expect.closeTo(reconnected + 60_000, -2) } });
      world.clock.advance(2000);
      expect(types(events)).toEqual(['opened', 'suspended', 'extended', 'resumed']);
      const [, , extended, resumed] = events;
      expect(extended?.at).toBe(reconnected + 11);
      expect(resumed?.at).toBeGreaterThan(reconnected + 500);
    });

    it('each thing, in its order, with what is known in the end', () => {
      const world = new World();
      const session = world.create({ seconds: 60, deleteSession: true, extendOnGet: true });
      const events = world.follow(session);
      world.disconnect();
      world.clock.advance(10);
      world.losing = true;
      world.reconnect();
      world.clock.advance(5);
      world.losing = false;
      world.run('SH_GET', { tkn: session.tkn, keys: [] });
      world.clock.advance(100);
      world.run('SH_GET', { tkn: session.tkn, keys: [] });
      expect(types(events)).toEqual(['opened', 'suspended']);
      world.clock.advance(2000);
      expect(types(events)).toEqual(['opened', 'suspended', 'extended', 'extended', 'resumed']);
      const [, , first, second, resumed] = events;
      expect((second?.at ?? 0) - (first?.at ?? 0)).toBe(102);
      expect(first?.deadline).toEqual(resumed?.deadline);
    });

    it('nor that keys expired, or may have', () => {
      for (const [flags, type] of [
        [{}, 'expired'],
        [{ extendOnGet: true }, 'reset'],
      ] as const) {
        const world = new World();
        const session = world.create({ seconds: 60, ...flags });
        const events = world.follow(session);
        world.disconnect();
        world.clock.advance(70_000);
        world.losing = true;
        world.reconnect();
        world.clock.advance(5);
        world.losing = false;
        world.run('SH_INFO', { tkn: session.tkn });
        expect(types(events)).toEqual(['opened', 'suspended']);
        world.clock.advance(3000);
        expect(types(events)).toEqual(['opened', 'suspended', type, 'resumed']);
      }
    });

    it('where nothing moved, nothing is told', () => {
      expect(types(shown({}).events)).toEqual(['opened', 'suspended', 'resumed']);
    });

    it('and before the end, where that is the verdict', () => {
      const { world, events } = shown({ extendOnGet: true }, (there, tkn) => {
        there.disconnect();
        there.other('SH_END', { tkn });
      });
      expect(types(events)).toEqual(['opened', 'suspended']);
      world.reconnect();
      world.clock.advance(20);
      expect(types(events)).toEqual(['opened', 'suspended', 'extended', 'ended']);
    });

    it('and not to those who come when all have left', () => {
      const world = new World();
      const session = world.create({ seconds: 60, deleteSession: true, extendOnGet: true });
      const following = session.events$.subscribe();
      world.disconnect();
      world.reconnect();
      world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe(() => following.unsubscribe());
      world.clock.advance(20);
      const events = world.follow(session);
      world.clock.advance(20);
      world.disconnect();
      world.reconnect();
      world.clock.advance(20);
      expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
    });
  });

  it('nor is anything asked, though replies are lost with it that leave open what became of a session', () => {
    for (const command of ['SH_GET', 'SH_END']) {
      const world = new World();
      const session = world.create({ seconds: 600, deleteSession: true, extendOnGet: true });
      const events = world.follow(session);
      const members = command === 'SH_GET' ? { tkn: session.tkn, keys: [] } : { tkn: session.tkn };
      world.command(command, members).subscribe({ error: () => {} });
      world.disconnect();
      world.clock.advance(10_000);
      expect(world.refused).toEqual([]);
      expect(types(events).slice(0, 2)).toEqual(['opened', 'suspended']);
    }
  });

  it('a session that is followed then is suspended at once', () => {
    const world = new World();
    const session = world.create({ seconds: 600 });
    world.disconnect();
    const events = world.follow(session);
    expect(types(events)).toEqual(['opened', 'suspended']);
    world.reconnect();
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
  });

  it('a session that comes back overdue says so after resumed', () => {
    const world = new World({ firstSweep: 3000 });
    const events = world.follow(world.create({ seconds: 4, deleteSession: true }));
    world.clock.advance(1000);
    world.disconnect();
    world.clock.advance(4500);
    world.reconnect();
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed', 'expiring', 'overdue']);
  });
});

describe('when the clocks part', () => {
  it('the machine slept: suspended, asked about, resumed; the deadline comes earlier by the sleep', () => {
    const world = new World();
    const session = world.create({ seconds: 600, deleteSession: true });
    const events = world.follow(session);
    world.clock.advance(1000);
    world.clock.sleep(300_000);
    world.clock.advance(5010);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
    expect(events[1]).toMatchObject({ reason: 'clock' });
    expect(events[2]?.deadline.lo).toBeLessThan(302_000);
    world.clock.advance(300_000);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed', 'expiring', 'overdue', 'expired']);
  });

  it('the session expired in its sleep: the verdict comes first', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 600, deleteSession: true }));
    world.clock.sleep(700_000);
    world.clock.advance(5010);
    expect(types(events)).toEqual(['opened', 'suspended', 'expired']);
  });

  it('what was asked before the sleep tells nothing of what others did in it: they are asked again before a warning', () => {
    const world = new World();
    const session = world.create({ seconds: 100, deleteSession: true, extendOnGet: true });
    world.clock.advance(30_000);
    const events = world.follow(session);
    world.clock.advance(10);
    expect(world.sent.at(-1)).toBe('SH_INFO'); // as others may have extended it
    world.clock.sleep(60_000);
    world.other('SH_GET', { tkn: session.tkn, keys: [] });
    world.clock.advance(12_000);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed', 'extended']);
  });

  it('somebody set the wall clock: nothing is taken for granted, and SH_INFO tells the deadline again', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 600, deleteSession: true }));
    world.clock.setWall(-60_000);
    world.clock.advance(5010);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
    expect(world.sent).toContain('SH_INFO');
    world.clock.advance(400_000);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
  });

  it('slowly, as time servers make them: nothing happens', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 6000 }));
    for (let times = 0; times < 500; times++) {
      world.clock.advance(5000);
      world.clock.setWall(times % 2 === 0 ? 0.9 : 0.1);
    }
    expect(types(events)).toEqual(['opened']);
  });
});

describe('while nobody follows', () => {
  it('nothing runs, and nothing is asked', () => {
    const world = new World();
    const session = world.create({ seconds: 10, deleteSession: true });
    session.events$.subscribe().unsubscribe();
    world.clock.advance(60_000);
    expect(world.clock.timers).toBe(0);
    expect(world.sent).toEqual(['SH_NEW']);
    expect(world.tracker.listener.listening).toBe(false);
  });

  it('an extension may go unseen: who follows again hears a wider interval, and a question tightens it', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    session.events$.subscribe().unsubscribe();
    world.clock.advance(30_000);
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    const events = world.follow(session);
    expect(events[0]?.deadline.hi).toBeGreaterThan(90_000);
    expect(events[0]?.deadline.lo).toBeLessThan(61_100);
    world.clock.advance(10);
    expect(world.sent.at(-1)).toBe('SH_INFO');
    world.clock.advance(50_000);
    expect(types(events)).toEqual(['opened']);
    world.clock.advance(10_000);
    expect(types(events)).toEqual(['opened', 'expiring', 'overdue']);
  });

  it('the machine may sleep: who follows again is told no deadline that has come earlier since', () => {
    const world = new World();
    const session = world.create({ seconds: 600, deleteSession: true });
    world.clock.sleep(500_000);
    const events = world.follow(session);
    expect(events[0]?.deadline.lo).toBeLessThan(102_000);
  });
});

describe('once the client is closed', () => {
  it('a session that nobody followed until then is over for who does', () => {
    const world = new World();
    const session = world.create({ seconds: 600 });
    world.close();
    const told: string[] = [];
    session.events$.subscribe({ next: ({ type }) => told.push(type), complete: () => told.push('complete') });
    session.state$.subscribe({ next: ({ state }) => told.push(state), complete: () => told.push('complete') });
    expect(told).toEqual(['complete', 'closed', 'complete']);
    expect(world.clock.timers).toBe(0);
  });
});

describe('several followers', () => {
  it('hear the same, each event once, even if one of them acts on it', () => {
    const world = new World();
    const session = world.create({ seconds: 10, deleteSession: true });
    const heard: [SessionEvent['seq'][], SessionEvent['seq'][]] = [[], []];
    session.events$.subscribe((event) => {
      heard[0].push(event.seq);
      if (event.type === 'expiring') world.close();
    });
    session.events$.subscribe((event) => heard[1].push(event.seq));
    world.clock.advance(20_000);
    expect(heard).toEqual([[1, 2], [2]]);
    expect(world.clock.timers).toBe(0);
  });
});
