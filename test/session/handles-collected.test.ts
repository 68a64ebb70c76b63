import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { FollowedSession } from '../../src/session/followed.js';
import type { Known } from '../../src/session/life.js';
import { Remembered } from '../../src/session/remembered.js';
import type { Session } from '../../src/session/session.js';
import { types, World } from './support/world.js';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Lets the collector have what nobody holds, and clean up after it. */
async function collected(isDone: () => boolean): Promise<void> {
  for (let round = 0; round < 50 && !isDone(); round++) {
    // What was asked for in this turn is held until its end.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(isDone()).toBe(true);
}

/** What another handle of a session sees, which is then dropped. */
async function seenByAnother(world: World, tkn: bigint, see: (other: Session) => void): Promise<void> {
  const other = new WeakRef(
    ((): Session => {
      const handle = world.attach(tkn);
      see(handle);
      return handle;
    })(),
  );
  await collected(() => other.deref() === undefined);
}

describe('what a handle saw that is there no more', () => {
  it('is known to the others: that the session has ended', async () => {
    const world = new World();
    const session = world.create({ seconds: 600 });
    await seenByAnother(world, session.tkn, (other) => {
      const events = world.follow(other);
      world.other('SH_END', { tkn: session.tkn });
      world.run('SH_COUNT', { tkn: session.tkn });
      expect(types(events)).toEqual(['opened', 'ended']);
    });
    expect(session.isValid).toBe(false);
    expect(types(world.follow(session))).toEqual([]);
    const states: string[] = [];
    session.state$.subscribe(({ state }) => states.push(state));
    expect(states).toEqual(['ended']);
  });

  it('or that it ended the session itself, though nobody ever followed it', async () => {
    const world = new World();
    const session = world.create({ seconds: 600 });
    await seenByAnother(world, session.tkn, (other) => {
      other.end().subscribe();
      world.clock.advance(10);
    });
    expect(session.isValid).toBe(false);
  });

  it('or how often its keys expired, and how many events were told', async () => {
    const world = new World();
    const session = world.create({ seconds: 10 });
    await seenByAnother(world, session.tkn, (other) => {
      const following = other.events$.subscribe();
      world.clock.advance(16_000);
      following.unsubscribe();
    });
    expect(world.follow(session)[0]).toMatchObject({ type: 'opened', cycle: 1, seq: 5 });
  });
});

describe('once all handles of a session are gone', () => {
  it('nothing of it is left, followed or not', async () => {
    const settings = { duration: 1000, deleteSession: true, extendOnSetAdd: false, extendOnGet: false };
    const known: Known = { settings, deadline: { lo: 1, hi: 2 }, cycle: 0, filled: undefined };
    const remembered = new Remembered();
    for (let tkn = 1n; tkn <= 1000n; tkn++) {
      const session = new FollowedSession(tkn, { is: 'alive', known }, 100, 0, () => {});
      remembered.keep(session);
      if (tkn % 2n === 0n) {
        remembered.release(session);
        expect(remembered.find(tkn)).toBeUndefined();
        remembered.keep(session);
      }
      expect(remembered.find(tkn)).toBe(session);
    }
    await collected(() => remembered.size <= 1); // the last one may still be on the stack
  });
});
