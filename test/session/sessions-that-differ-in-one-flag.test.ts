import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

describe('sessions that are alike but for one flag', () => {
  it('each go by their own: whether they go when they expire, and what extends them', () => {
    const world = new World();
    const flags = [{}, { deleteSession: true }, { extendOnSetAdd: true }, { extendOnGet: true }];
    const sessions = flags.map((of) => world.create({ seconds: 600, ...of }));
    const events = sessions.map((session) => world.follow(session));
    for (const { tkn } of sessions) world.run('SH_SET', { tkn, keys: {} });
    expect(events.map(types)).toEqual([['opened'], ['opened'], ['opened', 'extended'], ['opened']]);
    for (const { tkn } of sessions) world.run('SH_GET', { tkn, keys: [] });
    expect(events.map(types)).toEqual([['opened'], ['opened'], ['opened', 'extended'], ['opened', 'extended']]);
    world.clock.advance(610_000);
    const ends = events.slice(0, 2).map((of) => of.find(({ type }) => type === 'expired'));
    expect(ends).toMatchObject([{ outcome: 'keysCleared' }, { outcome: 'sessionDeleted' }]);
  });
});
