import { distinctUntilChanged } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Session } from '../../src/session/session.js';
import { FollowingStreams } from '../../src/session/streams.js';
import { types, World } from './support/world.js';

/** Somebody who follows another session all the time, one that never expires and so needs no timer. */
function withSomebodyElse(world: World): void {
  world.follow(world.create());
}

describe('whoever follows a session again', () => {
  it('after the connection was lost in between: it is asked about, as the server may have restarted', () => {
    const world = new World();
    const session = world.create({ seconds: 600, deleteSession: true });
    world.disconnect();
    world.server.restart();
    world.reconnect();
    const events = world.follow(session);
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened', 'ended']);
    expect(events[1]).toMatchObject({ by: 'other-or-restart', certainty: 'proven' });
  });

  it('after leaving while others were asked about first: that it is gone is found out again', () => {
    const world = new World();
    withSomebodyElse(world);
    const session = world.create({ seconds: 600 });
    const following = session.events$.subscribe();
    world.other('SH_END', { tkn: session.tkn });
    world.run('SH_COUNT', { tkn: session.tkn });
    following.unsubscribe();
    const events = world.follow(session);
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened', 'ended']);
  });

  it('after leaving while others were asked about first, near its deadline: it is not said to be near, as it is known to be gone', () => {
    const world = new World();
    withSomebodyElse(world);
    const session = world.create({ seconds: 20 });
    world.clock.advance(19_000);
    world.other('SH_END', { tkn: session.tkn });
    world.run('SH_COUNT', { tkn: session.tkn });
    const events = world.follow(session);
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened', 'ended']);
  });

  it('after leaving while it was suspended: it is told of as one that is not', () => {
    const world = new World();
    withSomebodyElse(world);
    const session = world.create({ seconds: 20, deleteSession: true });
    const following = session.events$.subscribe();
    world.disconnect();
    following.unsubscribe();
    world.reconnect();
    const told: string[] = [];
    session.state$.pipe(distinctUntilChanged((one, other) => one.state === other.state)).subscribe(({ state }) => {
      told.push(state);
    });
    const events = world.follow(session);
    world.clock.advance(30_000);
    expect(told).toEqual(['alive', 'expiring', 'overdue', 'expired']);
    expect(types(events)).toEqual(['expiring', 'overdue', 'expired']);
  });
});

describe('whoever leaves and comes back in one moment', () => {
  it('is heard all the same: what is asked then is answered', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    world.clock.advance(30_000);
    session.events$.subscribe().unsubscribe();
    let known = Number.POSITIVE_INFINITY;
    session.state$.subscribe((state) => {
      if ('deadline' in state) known = state.deadline.hi;
    });
    expect(known).toBeGreaterThan(90_000);
    world.clock.advance(100);
    expect(known).toBeLessThan(64_000);
    expect(world.sent).toEqual(['SH_NEW', 'SH_INFO']);
  });
});

describe('whoever leaves', () => {
  it('while all are asked about after a loss of the connection does not keep the others suspended', () => {
    const world = new World();
    const [one, two] = [world.create({ seconds: 600 }), world.create({ seconds: 600 })];
    const following = one.events$.subscribe();
    const events = world.follow(two);
    world.disconnect();
    world.latency.back = 100;
    world.reconnect();
    world.clock.advance(10);
    following.unsubscribe();
    world.clock.advance(200);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
  });

  it('as the last one takes back what is asked, though it is under way', () => {
    const world = new World();
    const session = world.create({ seconds: 600, extendOnGet: true });
    world.clock.advance(60_000);
    world.latency.back = 5000;
    const following = session.events$.subscribe();
    world.clock.advance(10);
    expect([world.sent.at(-1), world.underWay]).toEqual(['SH_INFO', 1]);
    following.unsubscribe();
    expect(world.underWay).toBe(0);
  });

  it('before a question about its session was sent takes it back', () => {
    const world = new World();
    withSomebodyElse(world);
    const session = world.create({ seconds: 600 });
    world.disconnect();
    world.reconnect();
    world.clock.advance(10);
    const asked = world.sent.length;
    session.events$.subscribe().unsubscribe();
    world.clock.advance(10);
    expect(world.sent.slice(asked)).toEqual([]);
  });
});

describe('a session that was lost sight of past its deadline', () => {
  it('is asked about before it resumes where others may have extended it: that is told first', () => {
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
});

describe('two handles of one session', () => {
  it('that were made before anybody followed hear the same, once: the second joins the first', () => {
    const world = new World();
    const first = world.create({ seconds: 60, extendOnGet: true });
    const known = {
      settings: { duration: 60_000, deleteSession: false, extendOnSetAdd: false, extendOnGet: true },
      deadline: { lo: world.clock.now() + 59_000, hi: world.clock.now() + 61_000 },
      cycle: 0,
      filled: undefined,
    };
    const second = new Session(
      new FollowingStreams(world.tracker, world.tracker.records.session(first.tkn, known)),
      world.commands,
    );
    const [one, two] = [world.follow(first), world.follow(second)];
    world.clock.advance(1000);
    world.run('SH_GET', { tkn: first.tkn, keys: [] });
    expect(types(one)).toEqual(['opened', 'extended']);
    expect(two).toEqual([one[1]]);
    world.run('SH_END', { tkn: first.tkn });
    expect([types(one).at(-1), types(two).at(-1)]).toEqual(['ended', 'ended']);
    expect([first.isValid, second.isValid]).toEqual([false, false]);
  });
});
