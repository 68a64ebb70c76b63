import { describe, expect, it } from 'vitest';
import type { SessionSettings } from '../../src/session/port.js';
import { types, World } from './support/world.js';

/** A session of a server that restarts, and loads it from a dataset, while the connection is down. */
function loadedAgain(flags: Partial<SessionSettings>, after: number, persistEnabled = true) {
  const world = new World({ persistEnabled });
  const session = world.create({ seconds: 60, ...flags });
  const events = world.follow(session);
  world.clock.advance(after);
  world.disconnect();
  const truth = world.server.sessions.get(session.tkn);
  world.server.restart();
  if (truth === undefined) throw new Error('not there');
  world.server.sessions.set(session.tkn, { ...truth, deadline: world.clock.outside() + 60_000 });
  world.clock.advance(2000);
  world.reconnect();
  world.clock.advance(100);
  return { world, session, events };
}

describe('a session of a server that restarted and loaded it', () => {
  it('is looked at before it goes on: its deadline began anew', () => {
    const { world, session, events } = loadedAgain({ deleteSession: true }, 30_000);
    expect(types(events)).toEqual(['opened', 'suspended', 'reset', 'resumed']);
    const [, , reset] = events;
    expect(reset).toMatchObject({ candidates: ['reloaded'], certainty: 'proven' });
    const deadline = world.deadlineOf(session.tkn) ?? Number.NaN;
    expect(reset?.deadline.lo).toBeLessThanOrEqual(deadline);
    expect(reset?.deadline.hi).toBeGreaterThanOrEqual(deadline);
    world.clock.advance(31_000); // past the deadline that it had before
    expect(types(events).slice(4)).toEqual([]);
  });

  it('is said to be extended, presumed, where that could be as well', () => {
    const { events } = loadedAgain({ deleteSession: true, extendOnGet: true }, 30_000);
    expect(types(events)).toEqual(['opened', 'suspended', 'extended', 'resumed']);
    expect(events[2]).toMatchObject({ by: 'other', certainty: 'presumed' });
  });

  it('so soon that SH_INFO can not tell, still has its deadline in the interval', () => {
    const { world, session, events } = loadedAgain({ deleteSession: true }, 300);
    const deadline = world.deadlineOf(session.tkn) ?? Number.NaN;
    expect(events.at(-1)?.type).toBe('resumed');
    expect(events.at(-1)?.deadline.hi).toBeGreaterThanOrEqual(deadline);
  });

  it('is not looked at, one by one, where the server has no datasets', () => {
    const { world } = loadedAgain({ deleteSession: true }, 30_000, false);
    expect(world.sent).toEqual(['SH_NEW', 'SH_EXISTS']);
  });

  it('is looked at once: what is known of the new connection is not asked again', () => {
    const { world } = loadedAgain({ deleteSession: true }, 30_000);
    const { length } = world.sent;
    world.clock.advance(20_000);
    expect(world.sent.length).toBe(length);
    world.clock.advance(50_000);
    // Again before it is said to be overdue, as a load may move that; after, it is enough to hear whether it is there.
    const asked = world.sent.slice(length);
    const looks = asked.filter((command) => command === 'SH_INFO').length;
    expect(looks).toBeLessThanOrEqual(2); // the first may tell the deadline closer
    expect(new Set(asked.slice(looks))).toEqual(new Set(['SH_EXISTS']));
  });

  it('is not looked at where it never expires', () => {
    const world = new World({ persistEnabled: true });
    const events = world.follow(world.create());
    world.disconnect();
    world.reconnect();
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
    expect(world.sent).toEqual(['SH_NEW', 'SH_EXISTS']);
  });
});

describe('a session that nobody followed as the server was started again and loaded it', () => {
  it.each(['connected', 'disconnected'])('is opened with room for that, %s', (how) => {
    const world = new World({ persistEnabled: true });
    const session = world.create({ seconds: 60, deleteSession: true });
    world.clock.advance(30_000);
    world.disconnect();
    reload(world);
    if (how === 'connected') world.reconnect();
    const events = world.follow(session);
    const deadline = world.deadlineOf(session.tkn) ?? Number.NaN;
    expect(events[0]?.deadline.lo).toBeLessThan(62_000);
    expect(events[0]?.deadline.hi).toBeGreaterThanOrEqual(deadline);
    world.reconnect();
    world.clock.advance(100);
    expect(types(events)).toEqual(how === 'connected' ? ['opened'] : ['opened', 'suspended', 'resumed']);
    expect(world.sent.filter((command) => command === 'SH_INFO').length).toBe(1);
  });

  it('is not, where another one that was followed proves that it was not', () => {
    const world = new World({ persistEnabled: true });
    world.follow(world.create({ seconds: 600, deleteSession: true }));
    world.clock.advance(5000);
    const session = world.create({ seconds: 60, deleteSession: true });
    world.clock.advance(5000);
    world.disconnect();
    world.reconnect();
    world.clock.advance(100);
    expect(world.follow(session)[0]?.deadline.hi).toBeLessThan(67_000);
  });
});

/** The server is started again, and loads what it held. */
function reload(world: World): void {
  world.server.save();
  world.server.restart();
  world.server.load();
}

describe('after a loss of the connection, where the server has datasets', () => {
  /** Sessions that are followed, made one second after the other, as the connection is lost and comes back 2 s later. */
  function manyLosing(flags: Partial<SessionSettings>, meanwhile: (world: World, tkns: readonly bigint[]) => void) {
    const world = new World({ persistEnabled: true });
    const followed = Array.from({ length: 30 }, () => {
      world.clock.advance(1000);
      const session = world.create({ seconds: 600, deleteSession: true, ...flags });
      return { session, events: world.follow(session) };
    });
    world.clock.advance(60_000);
    world.disconnect();
    meanwhile(
      world,
      followed.map(({ session }) => session.tkn),
    );
    world.clock.advance(2000);
    world.sent.length = 0;
    world.reconnect();
    world.clock.advance(100);
    for (const { session, events } of followed) {
      const deadline = world.deadlineOf(session.tkn) ?? Number.NaN;
      expect(events.at(-1)?.type).toBe('resumed');
      expect(events.at(-1)?.deadline.lo).toBeLessThanOrEqual(deadline);
      expect(events.at(-1)?.deadline.hi).toBeGreaterThanOrEqual(deadline);
    }
    const asked = (what: string) => world.sent.filter((command) => command === what).length;
    return { infos: asked('SH_INFO'), exists: asked('SH_EXISTS') };
  }

  it('a few that have their old deadlines prove that the server was not started again: no other is looked at', () => {
    expect(manyLosing({}, () => {})).toEqual({ infos: 3, exists: 1 });
  });

  it('none has its old deadline: the server was started again, and all are looked at', () => {
    expect(manyLosing({}, reload).infos).toBe(30);
    expect(manyLosing({ extendOnGet: true }, reload).infos).toBe(30);
  });

  it('others may have extended some of those: one that has its old deadline is enough', () => {
    const losing = (extended: number) =>
      manyLosing({ extendOnGet: true }, (world, tkns) => {
        for (const tkn of tkns.slice(0, extended)) world.other('SH_GET', { tkn, keys: [] });
      });
    expect(losing(2).infos).toBe(3);
    expect(losing(3).infos).toBe(30);
  });

  it('those that others can not extend are asked first, and none that never expires', () => {
    const world = new World({ persistEnabled: true });
    const kinds = [{ seconds: 600, extendOnGet: true }, { seconds: 600 }, { seconds: 0 }];
    const make = (kind: (typeof kinds)[number]) => Array.from({ length: 5 }, () => world.create(kind));
    const sessions = kinds.flatMap(make);
    const events = sessions.map((session) => world.follow(session));
    world.clock.advance(5000);
    world.run('SV_INFO');
    world.disconnect();
    for (const { tkn } of sessions.slice(0, 5)) world.other('SH_GET', { tkn, keys: [] });
    world.sent.length = 0;
    world.reconnect();
    world.clock.advance(100);
    expect(world.sent.filter((command) => command === 'SH_INFO').length).toBe(3);
    expect(events.map((of) => of.at(-1)?.type)).toEqual(sessions.map(() => 'resumed'));
  });

  it('and nobody followed as it was lost before: those made since bear witness', () => {
    const world = new World({ persistEnabled: true });
    world.disconnect();
    world.reconnect();
    const sessions = Array.from({ length: 5 }, () => world.create({ seconds: 600 }));
    for (const session of sessions) world.follow(session);
    world.clock.advance(5000);
    world.run('SV_INFO');
    world.disconnect();
    world.sent.length = 0;
    world.reconnect();
    world.clock.advance(100);
    expect(world.sent.filter((command) => command === 'SH_INFO').length).toBe(3);
  });

  it('another server of the same port may have loaded the same sessions, long ago: all are looked at', () => {
    const earlier = (world: World) => {
      for (const session of world.server.sessions.values()) session.deadline -= 100_000;
    };
    expect(manyLosing({}, earlier).infos).toBe(30);
  });

  it('it was lost twice: what was proven the first time holds, and what was not is asked about', () => {
    const again = (world: World, ms: number) => {
      world.reconnect();
      world.clock.advance(ms);
      world.disconnect();
    };
    expect(manyLosing({}, (world) => again(world, 100)).infos).toBe(3);
    expect(manyLosing({}, (world) => again(world, 1)).infos).toBe(3);
    for (const ms of [1, 100]) {
      const reloadedLast = (world: World) => {
        again(world, ms);
        reload(world);
      };
      const reloadedFirst = (world: World) => {
        reload(world);
        again(world, ms);
      };
      expect(manyLosing({}, reloadedLast).infos).toBe(30);
      manyLosing({}, reloadedFirst);
    }
  });

  it('the machine slept, and the server was started again in the meantime: all are looked at', () => {
    // By the clock that slept, it was started before the last answer, and before some sessions were made.
    const slept = (world: World) => {
      reload(world);
      world.clock.sleep(95_000);
    };
    expect(manyLosing({}, slept).infos).toBe(30);
  });

  it('nothing was answered since all of them were made: all are looked at, as it may have been started again at once', () => {
    const world = new World({ persistEnabled: true });
    const sessions = Array.from({ length: 10 }, () => world.create({ seconds: 600, deleteSession: true }));
    const events = sessions.map((session) => world.follow(session));
    world.clock.advance(60_000);
    world.disconnect();
    world.reconnect();
    world.clock.advance(100);
    expect(world.sent.filter((command) => command === 'SH_INFO').length).toBe(10);
    expect(events.map((of) => of.at(-1)?.type)).toEqual(sessions.map(() => 'resumed'));
  });
});
