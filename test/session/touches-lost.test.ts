import { describe, expect, it } from 'vitest';
import { commands } from '../../src/protocol/commands.js';
import { type Interval, never } from '../../src/session/deadline.js';
import type { SessionEvent, SessionState } from '../../src/session/events.js';
import type { Session } from '../../src/session/session.js';
import { types, World } from './support/world.js';

describe('a touch whose reply is lost', () => {
  it('may be executed at any time: the deadline has no upper end until something written later is answered', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    const events = world.follow(session);
    world.latency.there = 700;
    world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe().unsubscribe();
    world.clock.advance(705);
    const truth = world.deadlineOf(session.tkn) ?? Number.NaN;
    expect(truth).toBeGreaterThan(61_500);
    expect(types(events)).toEqual(['opened', 'widened']);
    expect(events[1]?.deadline.hi).toBe(Number.POSITIVE_INFINITY);
    world.clock.advance(2000);
    const known = events.at(-1)?.deadline;
    expect(known?.lo).toBeLessThanOrEqual(truth);
    session.state$
      .subscribe((state) => {
        if ('deadline' in state) expect(state.deadline.hi).toBeLessThan(64_000);
      })
      .unsubscribe();
  });

  it('keeps it open though a touch that was written before is answered', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    const events = world.follow(session);
    world.latency.back = 50;
    world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe();
    world.clock.advance(5);
    world.latency.there = 700;
    const second = world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe();
    world.clock.advance(5);
    second.unsubscribe();
    world.clock.advance(100);
    expect(types(events)).toEqual(['opened', 'widened', 'extended']);
    expect(events[2]).toMatchObject({ by: 'self', certainty: 'proven', deadline: { hi: Number.POSITIVE_INFINITY } });
    world.clock.advance(3000);
    session.state$
      .subscribe((state) => {
        if ('deadline' in state) expect(state.deadline.hi).toBeLessThan(64_000);
      })
      .unsubscribe();
  });

  it('and was not executed, is not said to have extended what one before it did, which was answered later', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    const events = world.follow(session);
    world.clock.advance(10_000);
    world.latency.back = 50;
    world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe();
    world.clock.advance(5);
    world.tracker.listener.lost({ row: commands.sh_get, tkn: session.tkn, argument: [] });
    world.clock.advance(3000);
    expect(types(events)).toEqual(['opened', 'widened', 'extended']);
    expect(events[2]).toMatchObject({ by: 'self', certainty: 'proven' });
  });

  it('keeps it open though what was written before it, and after another that is lost, is answered', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    world.follow(session);
    world.clock.advance(10_000);
    world.latency.there = 300;
    const giveUp = () => {
      const touch = world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe();
      world.clock.advance(5);
      touch.unsubscribe();
    };
    giveUp();
    world.clock.advance(5);
    expect(world.sent.at(-1)).toBe('SH_INFO');
    world.latency.there = 600;
    giveUp();
    let known: Interval = never;
    session.state$.subscribe((state) => {
      if ('deadline' in state) known = state.deadline;
    });
    for (let times = 0; times < 30; times++) {
      world.clock.advance(100);
      const truth = world.deadlineOf(session.tkn) ?? Number.NaN;
      expect(known.lo).toBeLessThanOrEqual(truth);
      expect(known.hi).toBeGreaterThanOrEqual(truth);
    }
  });

  it('has an SH_INFO asked again that was under way before', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    session.events$.subscribe().unsubscribe();
    world.clock.advance(10_000);
    world.latency.there = 300;
    world.follow(session);
    world.clock.advance(5);
    expect(world.sent.at(-1)).toBe('SH_INFO');
    const touch = world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe();
    world.clock.advance(5);
    touch.unsubscribe();
    world.clock.advance(3000);
    expect(world.sent.slice(-3)).toEqual(['SH_INFO', 'SH_GET', 'SH_INFO']);
    const truth = world.deadlineOf(session.tkn) ?? Number.NaN;
    session.state$
      .subscribe((state) => {
        if (!('deadline' in state)) return;
        expect(state.deadline.lo).toBeLessThanOrEqual(truth);
        expect(state.deadline.hi).toBeGreaterThanOrEqual(truth);
        expect(state.deadline.hi).toBeLessThan(80_000);
      })
      .unsubscribe();
  });

  it('with the connection, is looked at before the session goes on', () => {
    const world = new World();
    const session = world.create({ seconds: 60, deleteSession: true, extendOnGet: true });
    const events = world.follow(session);
    world.clock.advance(5000);
    world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe({ error: () => {} });
    world.clock.advance(1);
    world.disconnect();
    world.clock.advance(5000);
    world.reconnect();
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened', 'suspended', 'widened', 'extended', 'resumed']);
    expect(events[3]).toMatchObject({ by: 'self', certainty: 'presumed' });
    expect(events[4]?.deadline.hi).toBeLessThan(68_000);
  });

  it('is told once, however many are lost', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    const events = world.follow(session);
    world.losing = true;
    for (let times = 0; times < 3; times++) world.run('SH_GET', { tkn: session.tkn, keys: [] });
    expect(types(events)).toEqual(['opened', 'widened']);
    const [opened] = events;
    world.losing = false;
    world.clock.advance(10_000);
    expect(events.length).toBe(2); // within a second of the deadline that was known before: it may not have moved
    expect(opened?.deadline.hi).toBeLessThan(62_000);
  });
});

describe('a touch whose reply is lost while nobody follows', () => {
  /** Gives up a touch that takes long to arrive. */
  function giveUp(world: World, command: 'SH_GET' | 'SH_SET', { tkn }: { readonly tkn: bigint }): void {
    world.latency.there = 700;
    world
      .command(command, { tkn, keys: command === 'SH_GET' ? [] : {} })
      .subscribe()
      .unsubscribe();
    world.latency.there = 1;
  }

  /** What `state$` says of the deadline now. */
  function known(session: Session): Interval {
    let deadline: Interval = never;
    const take = (state: SessionState) => {
      if ('deadline' in state) deadline = state.deadline;
    };
    session.state$.subscribe(take).unsubscribe();
    return deadline;
  }

  /** Follows, and holds each moment until all is known against the truth. */
  function followClosely(world: World, session: Session): SessionEvent[] {
    const events = world.follow(session);
    for (let at = 0; at < 3000; at += 50) {
      const truth = world.deadlineOf(session.tkn) ?? Number.NaN;
      expect(known(session).lo).toBeLessThanOrEqual(truth);
      expect(known(session).hi).toBeGreaterThanOrEqual(truth);
      world.clock.advance(50);
    }
    expect(known(session).hi).toBeLessThan(64_000);
    return events;
  }

  it('may yet be executed: whoever follows is told no upper end, and the server is asked', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    giveUp(world, 'SH_GET', session);
    const events = followClosely(world, session);
    expect(events[0]).toMatchObject({ type: 'opened', deadline: { hi: Number.POSITIVE_INFINITY } });
    expect(world.sent.slice(1)).toEqual(['SH_GET', 'SH_INFO']);
  });

  it('is known of one that was followed before, as others are now', () => {
    const world = new World();
    const [session, other] = [world.create({ seconds: 60, extendOnSetAdd: true }), world.create({ seconds: 60 })];
    world.follow(other);
    session.events$.subscribe().unsubscribe();
    giveUp(world, 'SH_SET', session);
    expect(followClosely(world, session)[0]?.deadline.hi).toBe(Number.POSITIVE_INFINITY);
  });

  it('says nothing where that command does not extend, or another session was touched', () => {
    const world = new World();
    const [session, other] = [
      world.create({ seconds: 60, extendOnSetAdd: true }),
      world.create({ seconds: 60, extendOnGet: true }),
    ];
    giveUp(world, 'SH_GET', session);
    giveUp(world, 'SH_SET', other);
    expect(world.follow(session)[0]?.deadline.hi).toBeLessThan(64_000);
    expect(world.follow(other)[0]?.deadline.hi).toBeLessThan(64_000);
  });

  it('is over once anything that was written later is answered, followed or not', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    giveUp(world, 'SH_GET', session);
    world.clock.advance(1);
    world.run('SH_COUNT', { tkn: world.create().tkn });
    world.clock.advance(1000);
    const events = world.follow(session);
    expect(events[0]?.deadline.hi).toBeLessThan(64_000);
    expect(events[0]?.deadline.hi).toBeGreaterThanOrEqual(world.deadlineOf(session.tkn) ?? Number.NaN);
  });

  it('is not over while only what was written before is answered', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    world.latency.back = 50;
    world.command('SH_COUNT', { tkn: session.tkn }).subscribe();
    world.clock.advance(10);
    giveUp(world, 'SH_GET', session);
    world.clock.advance(100);
    expect(followClosely(world, session)[0]?.deadline.hi).toBe(Number.POSITIVE_INFINITY);
  });

  it('is told of one to which a handle is made by an answer to a question that was asked before', () => {
    const world = new World();
    const created = world.create({ seconds: 60, extendOnGet: true });
    world.latency.back = 50;
    let session: Session | undefined;
    world.attached(created.tkn).subscribe((handle) => {
      session = handle;
    });
    world.clock.advance(10);
    giveUp(world, 'SH_GET', created);
    world.clock.advance(100);
    if (session === undefined) throw new Error('not attached');
    expect(followClosely(world, session)[0]?.deadline.hi).toBe(Number.POSITIVE_INFINITY);
  });

  it('of more sessions than are kept in mind may have moved any of them', () => {
    const world = new World();
    const sessions = Array.from({ length: 200 }, () => world.create({ seconds: 60, extendOnGet: true }));
    const untouched = world.create({ seconds: 60, extendOnGet: true });
    for (const session of sessions) giveUp(world, 'SH_GET', session);
    for (const session of [...sessions, untouched]) {
      expect(world.follow(session)[0]?.deadline.hi).toBe(Number.POSITIVE_INFINITY);
    }
    world.clock.advance(3000);
    expect(known(untouched).hi).toBeLessThan(64_000);
  });
});
