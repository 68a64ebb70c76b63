import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

const last = <Item>(items: readonly Item[]) => items.at(-1);

describe('a session that another client ends', () => {
  it('is said to be ended by other, once a reply shows it, while others live on', () => {
    const world = new World();
    const [one, two] = [world.create({ seconds: 600 }), world.create({ seconds: 600, deleteSession: true })];
    const [first, second] = [world.follow(one), world.follow(two)];
    world.other('SH_END', { tkn: one.tkn });
    world.run('SH_GET', { tkn: one.tkn, keys: [] });
    expect(types(first)).toEqual(['opened']); // others are asked about first
    world.clock.advance(10);
    expect(last(first)).toMatchObject({ type: 'ended', by: 'other', certainty: 'proven' });
    expect(types(second)).toEqual(['opened']);
  });

  it('is found out by a program that asks whether it exists', () => {
    const world = new World();
    const session = world.create({ seconds: 600, deleteSession: true });
    const events = world.follow(session);
    world.other('SH_END', { tkn: session.tkn });
    world.run('SH_EXISTS', { tkns: [session.tkn] });
    world.clock.advance(10);
    expect(last(events)).toMatchObject({ type: 'ended', by: 'other', certainty: 'proven' });
  });

  it('takes the others with it where all were ended: overdue ones are presumed to be ended, too', () => {
    const world = new World();
    const long = [world.create({ seconds: 600 }), world.create({ seconds: 600, deleteSession: true })];
    const short = world.create({ seconds: 6, deleteSession: true });
    const events = [...long, short].map((session) => world.follow(session));
    world.clock.advance(6500);
    world.other('SH_END_ALL', {});
    const [one] = long;
    world.run('SH_GET', { tkn: one?.tkn ?? 0n, keys: [] });
    world.clock.advance(10);
    expect(events.map((of) => last(of))).toMatchObject([
      { type: 'ended', by: 'other', certainty: 'proven' },
      { type: 'ended', by: 'other', certainty: 'proven' },
      { type: 'ended', by: 'other', certainty: 'presumed' },
    ]);
  });
});

describe('a session that this client ends', () => {
  it('is ended by self, and proven to be, with sh_end', () => {
    const world = new World();
    const session = world.create({ seconds: 600 });
    const events = world.follow(session);
    world.run('SH_END', { tkn: session.tkn });
    expect(last(events)).toMatchObject({ type: 'ended', by: 'self', certainty: 'proven' });
  });

  it('is presumed to be ended by self, with sh_end_all: another client may have been first, or its deadline', () => {
    const world = new World();
    const sessions = [world.create({ seconds: 600 }), world.create({ seconds: 3, deleteSession: true })];
    const events = sessions.map((session) => world.follow(session));
    world.clock.advance(3500);
    world.run('SH_END_ALL');
    expect(events.map((of) => last(of))).toMatchObject([
      { type: 'ended', by: 'self', certainty: 'presumed' },
      { type: 'ended', by: 'self', certainty: 'presumed' },
    ]);
    expect(world.clock.timers).toBe(0);
  });

  it('with sh_end_all, is ended by other where a reply had said before that it was gone', () => {
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

  it('is asked about where the reply to sh_end is lost', () => {
    const world = new World();
    const session = world.create({ seconds: 600 });
    const events = world.follow(session);
    world.losing = true;
    world.run('SH_END', { tkn: session.tkn });
    world.losing = false;
    world.clock.advance(10);
    expect(last(events)).toMatchObject({ type: 'ended', by: 'unknown', certainty: 'proven' });
  });
});

describe('a server that restarts', () => {
  it('has lost all: they are asked about in one go, and ended; no overdue one is said to have expired', () => {
    const world = new World();
    const sessions = [
      world.create({ seconds: 600, deleteSession: true }),
      world.create({ seconds: 3, deleteSession: true }),
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
    expect(events.map((of) => of.slice(-2).map(({ type }) => type))).toEqual([
      ['suspended', 'ended'],
      ['suspended', 'ended'],
      ['suspended', 'ended'],
    ]);
    expect(events.map((of) => last(of))).toMatchObject([
      { by: 'other-or-restart', certainty: 'proven' },
      { by: 'other-or-restart', certainty: 'presumed' },
      { by: 'other-or-restart', certainty: 'proven' },
    ]);
  });
});
