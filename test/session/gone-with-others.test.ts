import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

const goes = { deleteSession: true } as const;

describe('a session that lapsed, while another one was ended', () => {
  it('expired: one that is ended does not make it likely that all were', () => {
    const world = new World();
    const [long, short] = [world.create({ seconds: 600 }), world.create({ seconds: 3, ...goes })];
    const [first, second] = [world.follow(long), world.follow(short)];
    world.other('SH_END', { tkn: long.tkn });
    world.clock.sleep(10_000);
    world.clock.advance(5010);
    expect(first.at(-1)).toMatchObject({ type: 'ended', by: 'other', certainty: 'proven' });
    expect(second.at(-1)).toMatchObject({ type: 'expired', outcome: 'sessionDeleted', certainty: 'presumed' });
  });

  it('expired: several that are ended do not, either, where one that ought to live does', () => {
    const world = new World();
    const long = [world.create({ seconds: 600 }), world.create({ seconds: 600 }), world.create({ seconds: 600 })];
    const short = world.create({ seconds: 3, ...goes });
    const events = [...long, short].map((session) => world.follow(session));
    for (const { tkn } of long.slice(0, 2)) world.other('SH_END', { tkn });
    world.clock.sleep(10_000);
    world.clock.advance(5010);
    expect(events.map((of) => of.at(-1)?.type)).toEqual(['ended', 'ended', 'resumed', 'expired']);
  });

  it('is presumed to be ended where the server may have restarted: one that ought to live is enough', () => {
    const world = new World();
    const [long, short] = [world.create({ seconds: 600 }), world.create({ seconds: 3, ...goes })];
    const [first, second] = [world.follow(long), world.follow(short)];
    world.disconnect();
    world.server.restart();
    world.clock.advance(10_000);
    world.reconnect();
    world.clock.advance(10);
    expect(first.at(-1)).toMatchObject({ type: 'ended', by: 'other-or-restart', certainty: 'proven' });
    expect(second.at(-1)).toMatchObject({ type: 'ended', by: 'other-or-restart', certainty: 'presumed' });
  });
});

describe('a session that is gone so shortly before its deadline that the machine may have slept', () => {
  it('is told at once, and nobody else is asked about: it need not be one that ought to live', () => {
    const world = new World();
    const session = world.create({ seconds: 10, ...goes });
    const other = world.follow(world.create({ seconds: 600, ...goes }));
    const events = world.follow(session);
    world.clock.advance((events[0]?.deadline.lo ?? 0) - 22 - world.clock.now());
    world.other('SH_END', { tkn: session.tkn });
    const asked = world.sent.length;
    world.run('SH_COUNT', { tkn: session.tkn });
    expect(events.at(-1)).toMatchObject({ type: 'expired', certainty: 'presumed' });
    world.clock.advance(10);
    expect(world.sent.slice(asked)).toEqual(['SH_COUNT']);
    expect(types(other)).toEqual(['opened']);
  });
});

describe('sh_end_all', () => {
  it('whose reply is lost: all are asked about, and who ended those that are gone is unknown', () => {
    const world = new World();
    const sessions = [world.create({ seconds: 600 }), world.create({ seconds: 600, ...goes })];
    const events = sessions.map((session) => world.follow(session));
    world.losing = true;
    world.run('SH_END_ALL');
    world.losing = false;
    world.clock.advance(10);
    expect(events.map((of) => of.at(-1))).toMatchObject([
      { type: 'ended', by: 'unknown' },
      { type: 'ended', by: 'unknown' },
    ]);
  });

  it('that was lost on its way: all are there, and nothing is said', () => {
    const world = new World();
    const events = [world.create({ seconds: 600 }), world.create({ seconds: 600 })].map((of) => world.follow(of));
    const asked = world.sent.length;
    world.tracker.listener.lost({ row: { command: 'SH_END_ALL' }, tkn: undefined, argument: {} });
    world.clock.advance(10);
    expect(world.sent.slice(asked)).toEqual(['SH_EXISTS']);
    expect(events.map(types)).toEqual([['opened'], ['opened']]);
  });

  it('ended each session, though another reply says that one is gone while that is being told', () => {
    const world = new World();
    const [one, two] = [world.create({ seconds: 600 }), world.create({ seconds: 3, ...goes })];
    one.events$.subscribe(({ type }) => {
      if (type === 'ended') world.clock.block(1);
    });
    const events = world.follow(two);
    world.clock.advance(3500);
    world.command('SH_END_ALL').subscribe();
    world.command('SH_COUNT', { tkn: two.tkn }).subscribe();
    world.clock.advance(20);
    expect(events.at(-1)).toMatchObject({ type: 'ended', by: 'self' });
  });
});
