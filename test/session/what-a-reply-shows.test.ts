import { describe, expect, it } from 'vitest';
import { commands } from '../../src/protocol/commands.js';
import { evidenceOf, evidenceOfLoss } from '../../src/session/lease/evidence.js';
import { types, World } from './support/world.js';

const rows = new Map(Object.values(commands).map((row) => [row.command, row]));
const span = { lo: 1, hi: 2 };

function settled(command: string, argument?: unknown) {
  const row = rows.get(command);
  if (row === undefined) throw new Error(command);
  return { row, tkn: 7n, argument };
}

const told = (command: string, body: Record<string, number>, argument?: unknown) =>
  evidenceOf(settled(command, argument), { body }, span);

describe('a reply', () => {
  it('of any error but 100 says nothing', () => {
    for (const command of ['SH_SET', 'SH_GET', 'SH_END', 'SH_INFO', 'SH_COUNT']) {
      expect(told(command, { st: 41 })).toBeUndefined();
      expect(told(command, { st: 10 })).toBeUndefined();
      expect(told(command, { st: 100 })).toMatchObject({ type: 'gone' });
    }
  });

  it('of success says that the session was touched only by set, add and get', () => {
    const touching = [...rows.keys()].filter((command) => {
      const what = command.startsWith('SH_') ? told(command, { st: 1 }) : undefined;
      return what?.type === 'touched';
    });
    expect(touching).toEqual(['SH_SET', 'SH_ADD', 'SH_GET']);
  });

  it('that is lost leaves open whether the session was touched, or its keys removed', () => {
    expect(evidenceOfLoss(settled('SH_SET'), 5)).toEqual({ type: 'touch-lost', with: 'set', at: 5 });
    expect(evidenceOfLoss(settled('SH_CLEAR'), 5)).toEqual({ type: 'keys-lost' });
    expect(evidenceOfLoss(settled('SH_COUNT'), 5)).toBeUndefined();
  });

  it('of an error extends nothing', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnSetAdd: true });
    const events = world.follow(session);
    world.sessions.observer.replied(
      { ...settled('SH_SET', {}), tkn: session.tkn },
      { body: { st: 41 }, writtenAt: 1010, answeredAt: 1011 },
    );
    expect(types(events)).toEqual(['opened']);
  });
});
