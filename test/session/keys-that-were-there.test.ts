import { describe, expect, it } from 'vitest';
import { commands } from '../../src/protocol/commands.js';
import type { JsonObject } from '../../src/protocol/json.js';
import type { SessionEvent } from '../../src/session/events.js';
import { World } from './support/world.js';

type Replies = readonly [command: string, body: JsonObject, argument?: unknown][];

/**
 * What is told of a session that stays when it expires, and that commands may extend, after these replies and a loss of the connection in
 * which its keys expired. The replies are reported, as a client does.
 */
function verdictAfter(...replies: Replies): SessionEvent | undefined {
  const world = new World();
  const session = world.create({ seconds: 10, extendOnSetAdd: true });
  const events = world.follow(session);
  const at = world.clock.now();
  for (const [command, body, argument] of replies) {
    const row = Object.values(commands).find((candidate) => candidate.command === command);
    if (row === undefined) throw new Error(command);
    const reply = { body: { st: 1, ...body }, writtenAt: at, answeredAt: at };
    world.sessions.observer.replied({ row, tkn: session.tkn, argument }, reply);
  }
  world.disconnect();
  world.clock.advance(20_000);
  world.reconnect();
  world.clock.advance(10);
  expect(events.at(-1)?.type).toBe('resumed');
  return events.at(-2);
}

const set: Replies[number] = ['SH_SET', {}, { a: 1 }];
const expired = { type: 'expired', outcome: 'keysCleared', certainty: 'presumed', cycle: 1 };
const reset = { type: 'reset', candidates: ['extended', 'expired'], cycle: 0 };

describe('keys that are gone after the deadline, where commands may extend', () => {
  it.each<[string, Replies]>([
    ['a set of some', [set]],
    ['an add of some', [['SH_ADD', {}, { a: 1 }]]],
    ['a get that found some', [['SH_GET', { keys: { a: 1 } }]]],
    ['a count of more than 0', [['SH_COUNT', { cnt: 2 }]]],
    ['a list of them', [['SH_KEYS', { keys: ['a'] }]]],
    ['a clear and set', [['SH_CLEAR_SET', { cnt: 0 }, { a: 1 }]]],
  ])('were there, by %s: they expired, presumed', (_, replies) => {
    expect(verdictAfter(...replies)).toMatchObject(expired);
  });

  it.each<[string, Replies]>([
    ['nothing', []],
    ['an empty set', [['SH_SET', {}, {}]]],
    ['a get that found none', [['SH_GET', { keys: {} }]]],
    ['a count of 0', [set, ['SH_COUNT', { cnt: 0 }]]],
    ['a list of none', [set, ['SH_KEYS', { keys: [] }]]],
    ['a clear', [set, ['SH_CLEAR', { cnt: 1 }]]],
    ['a clear and set of none', [set, ['SH_CLEAR_SET', { cnt: 1 }, {}]]],
    ['a removal, of all perhaps', [set, ['SH_RMV', {}]]],
  ])('may not have been there, by %s: reset, as it may have been extended as well', (_, replies) => {
    expect(verdictAfter(...replies)).toMatchObject(reset);
  });
});
