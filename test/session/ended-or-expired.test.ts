import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

const last = <Item>(items: readonly Item[]) => items.at(-1);
const deleted = { deleteSession: true } as const;

describe('a session that another client ends', () => {
  it.each([
    ['deleted on expiry', deleted],
    ['deleted on expiry and extendable', { ...deleted, extendOnGet: true }],
    ['keys-only', {}],
  ])('a few seconds before its deadline, %s, is ended by other, proven, and never expired', (_, flags) => {
    for (const before of [1300, 2000, 3000]) {
      const world = new World();
      const session = world.create({ seconds: 20, ...flags });
      const events = world.follow(session);
      world.clock.advance(20_000 - before);
      world.other('SH_END', { tkn: session.tkn });
      world.clock.advance(before + 12_000);
      expect(last(events)).toMatchObject({ type: 'ended', by: 'other', certainty: 'proven' });
    }
  });

  it('is ended by other as soon as a reply shows it, while others live on', () => {
    const world = new World();
    const [one, two] = [world.create({ seconds: 600 }), world.create({ seconds: 600, ...deleted })];
    const [first, second] = [world.follow(one), world.follow(two)];
    world.other('SH_END', { tkn: one.tkn });
    world.run('SH_GET', { tkn: one.tkn, keys: [] });
    expect(last(first)).toMatchObject({ type: 'ended', by: 'other', certainty: 'proven' });
    expect(types(second)).toEqual(['opened']);
  });

  it('is ended by other if the program asks on its own whether it exists', () => {
    const world = new World();
    const session = world.create({ seconds: 600, ...deleted });
    const events = world.follow(session);
    world.other('SH_END', { tkn: session.tkn });
    world.run('SH_EXISTS', { tkns: [session.tkn] });
    expect(last(events)).toMatchObject({ type: 'ended', by: 'other', certainty: 'proven' });
  });

  it('is found ended within probeEvery', () => {
    const world = new World({ probeEvery: 5000 });
    const events = world.follow(world.create({ seconds: 600, ...deleted }));
    world.clock.advance(60_000);
    world.other('SH_END_ALL', {});
    world.clock.advance(5010);
    expect(types(events)).toEqual(['opened', 'ended']);
  });

  it('so shortly before its deadline that the clocks can not tell is expired, presumed', () => {
    const world = new World();
    const session = world.create({ seconds: 10, ...deleted });
    const events = world.follow(session);
    world.clock.advance((events[0]?.deadline.lo ?? 0) - 200 - world.clock.now());
    world.other('SH_END', { tkn: session.tkn });
    world.run('SH_COUNT', { tkn: session.tkn });
    expect(last(events)).toMatchObject({ type: 'expired', certainty: 'presumed' });
  });
});

describe('a session that this client ends', () => {
  it('is ended by self, proven, with sh_end', () => {
    const world = new World();
    const session = world.create({ seconds: 600 });
    const events = world.follow(session);
    world.run('SH_END', { tkn: session.tkn });
    expect(last(events)).toMatchObject({ type: 'ended', by: 'self', certainty: 'proven' });
  });

  it('is ended by self, presumed, with sh_end_all: another client or its deadline may have been first', () => {
    const world = new World();
    const sessions = [world.create({ seconds: 600 }), world.create({ seconds: 3, ...deleted })];
    const events = sessions.map((session) => world.follow(session));
    world.clock.advance(3500);
    world.run('SH_END_ALL');
    expect(events.map((of) => last(of))).toMatchObject([
      { type: 'ended', by: 'self', certainty: 'presumed' },
      { type: 'ended', by: 'self', certainty: 'presumed' },
    ]);
    expect(world.clock.timers).toBe(0);
  });

  it('with sh_end_all, is ended by other if an earlier reply said that it was gone', () => {
    const world = new World();
    const [one, two] = [world.create({ seconds: 600 }), world.create({ seconds: 600 })];
    const [first, second] = [world.follow(one), world.follow(two)];
    world.other('SH_END', { tkn: one.tkn });
    world.command('SH_COUNT', { tkn: one.tkn }).subscribe();
    world.command('SH_END_ALL').subscribe();
    world.clock.advance(100);
    expect(last(first)).toMatchObject({ type: 'ended', by: 'other', certainty: 'proven' });
    expect(last(second)).toMatchObject({ type: 'ended', by: 'self', certainty: 'presumed' });
  });

  it('is probed if the reply to sh_end is lost, and ended by unknown', () => {
    const world = new World();
    const session = world.create({ seconds: 600 });
    const events = world.follow(session);
    world.losing = true;
    world.run('SH_END', { tkn: session.tkn });
    world.losing = false;
    world.clock.advance(10);
    expect(last(events)).toMatchObject({ type: 'ended', by: 'unknown', certainty: 'proven' });
  });

  it('is probed if the reply to sh_end_all is lost, with all others, and ended by unknown', () => {
    const world = new World();
    const sessions = [world.create({ seconds: 600 }), world.create({ seconds: 600, ...deleted })];
    const events = sessions.map((session) => world.follow(session));
    world.losing = true;
    world.run('SH_END_ALL');
    world.losing = false;
    world.clock.advance(10);
    expect(events.map((of) => last(of))).toMatchObject([
      { type: 'ended', by: 'unknown' },
      { type: 'ended', by: 'unknown' },
    ]);
  });

  it('lives on without an event if sh_end_all was lost on its way to the server; another client may end it later', () => {
    const world = new World();
    const sessions = [world.create({ seconds: 600 }), world.create({ seconds: 600 })];
    const events = sessions.map((of) => world.follow(of));
    const asked = world.sent.length;
    world.sessions.observer.lost({ row: { command: 'SH_END_ALL' }, tkn: undefined, argument: {} });
    world.clock.advance(10);
    expect(world.sent.slice(asked)).toEqual(['SH_EXISTS']);
    expect(events.map(types)).toEqual([['opened'], ['opened']]);
    world.other('SH_END_ALL', {});
    world.run('SH_EXISTS', { tkns: sessions.map(({ tkn }) => tkn) });
    expect(events.map((of) => last(of))).toMatchObject([{ by: 'other' }, { by: 'other' }]);
  });
});

describe('after a server restarted', () => {
  it('all sessions are found gone by one request: ended by unknown, and expired if it was past their deadline', () => {
    const world = new World();
    const sessions = [
      world.create({ seconds: 600, ...deleted }),
      world.create({ seconds: 3, ...deleted }),
      world.create(),
    ];
    const events = sessions.map((session) => world.follow(session));
    world.clock.advance(3500);
    world.disconnect();
    world.server.restart();
    world.clock.advance(20_000);
    const asked = world.sent.length;
    world.reconnect();
    world.clock.advance(10);
    expect(world.sent.slice(asked)).toEqual(['SH_EXISTS']);
    expect(events.map((of) => types(of).at(-2))).toEqual(['suspended', 'suspended', 'suspended']);
    expect(events.map((of) => last(of))).toMatchObject([
      { type: 'ended', by: 'unknown', certainty: 'proven' },
      { type: 'expired', certainty: 'presumed' },
      { type: 'ended', by: 'unknown', certainty: 'proven' },
    ]);
  });
});
