import { describe, expect, it } from 'vitest';
import { commands } from '../../src/protocol/commands.js';
import { types, World } from './support/world.js';

/** A reply of any status to a command, as a client tells of it. */
function replied(world: World, command: string, tkn: bigint | undefined, st: number): void {
  const row = Object.values(commands).find((candidate) => candidate.command === command);
  if (row === undefined) throw new Error(command);
  const at = world.clock.now();
  const reply = { body: { st }, writtenAt: at, answeredAt: at };
  world.sessions.observer.replied({ row, tkn, argument: undefined }, reply);
}

describe('nothing is made of', () => {
  it('an sh_end_all that the server refuses', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 600 }));
    replied(world, 'SH_END_ALL', undefined, 14);
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened']);
  });

  it('a lost reply to a command that ends nothing: who ends a session later is another client', () => {
    const world = new World();
    const session = world.create({ seconds: 600 });
    const events = world.follow(session);
    world.sessions.observer.lost({ row: { command: 'SH_INFO_ALL' }, tkn: undefined, argument: undefined });
    world.other('SH_END', { tkn: session.tkn });
    world.run('SH_COUNT', { tkn: session.tkn });
    world.clock.advance(10);
    expect(events.at(-1)).toMatchObject({ type: 'ended', by: 'other', certainty: 'proven' });
  });

  it('a lost reply to a clear: the server is not asked, as nothing has moved the deadline', () => {
    const world = new World();
    const session = world.create({ seconds: 600, extendOnGet: true });
    world.run('SH_SET', { tkn: session.tkn, keys: { a: 1 } });
    world.follow(session);
    world.run('SH_SET', { tkn: session.tkn, keys: { a: 1 } });
    const { length } = world.sent;
    world.losing = true;
    world.run('SH_CLEAR', { tkn: session.tkn });
    world.clock.advance(10);
    expect(world.sent.slice(length)).toEqual(['SH_CLEAR']);
  });
});
