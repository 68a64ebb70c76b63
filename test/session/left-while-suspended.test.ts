import { describe, expect, it } from 'vitest';
import type { Session } from '../../src/session/session.js';
import { types, World } from './support/world.js';

/** Follows a session, and leaves on being told that it is suspended. */
function leavingWhenSuspended(session: Session): void {
  const following = session.events$.subscribe(({ type }) => {
    if (type === 'suspended') following.unsubscribe();
  });
}

const goes = { seconds: 60, extendOnGet: true, deleteSession: true };

describe('a session that is left by the last one who followed it', () => {
  it('on being told of a sleep that a reply betrayed: what the reply shows is not told to who follows it later', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    leavingWhenSuspended(session);
    world.clock.sleep(10_000);
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    const events = world.follow(session);
    world.clock.advance(10);
    expect(types(events)).toEqual(['opened']);
  });

  it('on being told of a sleep that somebody betrayed who came to follow it: who came follows it nevertheless', () => {
    const world = new World();
    const session = world.create(goes);
    world.clock.advance(5000);
    leavingWhenSuspended(session);
    world.clock.sleep(10_000);
    const events = world.follow(session);
    world.clock.advance(200_000);
    expect(types(events)[0]).toBe('opened');
    expect(types(events).at(-1)).toBe('expired');
  });

  it('as the connection is lost, and followed again before that is told: it is not suspended for good', () => {
    const world = new World();
    const session = world.create(goes);
    world.clock.advance(5000);
    const first = session.events$.subscribe(); // its question waits, and what becomes of it comes after
    world.disconnect();
    world.reconnect();
    first.unsubscribe();
    const events = world.follow(session);
    world.clock.advance(200_000);
    expect(types(events).at(-1)).toBe('expired');
  });

  it('as a sleep is noticed, and followed again before that is told: it is not suspended for good', () => {
    const world = new World();
    const session = world.create(goes);
    world.clock.advance(5000);
    const first = session.events$.subscribe();
    world.clock.sleep(10_000);
    session.state$.subscribe().unsubscribe();
    first.unsubscribe();
    const events = world.follow(session);
    world.clock.advance(200_000);
    expect(types(events).at(-1)).toBe('expired');
  });
});
