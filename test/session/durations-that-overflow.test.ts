import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

/** A session that another client made with a duration that the server can't count. */
function made(seconds: number, flags: { readonly deleteSession?: boolean; readonly extendOnGet?: boolean } = {}) {
  const world = new World();
  const { tkn } = world.server.execute('SH_NEW', { expiry: { duration: seconds, ...flags } });
  const session = world.attach(tkn as bigint); // tokens are bigints there
  return { world, session };
}

describe('a session of a duration that overflows in the server', () => {
  for (const seconds of [9_300_000_000, 18_446_744_073, 27_000_000_000, -1]) {
    it(`of ${seconds} s, is told no verdict that would need a true one`, () => {
      for (const flags of [{ extendOnGet: true }, {}]) {
        const { world, session } = made(seconds, flags);
        const events = world.follow(session);
        world.run('SH_GET', { tkn: session.tkn, keys: [] });
        world.clock.advance(30_000);
        world.run('SH_GET', { tkn: session.tkn, keys: [] });
        world.run('SH_INFO', { tkn: session.tkn });
        world.clock.advance(30_000);
        const told = new Set(types(events));
        for (const type of ['extended', 'expired', 'reset', 'ended', 'widened'] as const)
          expect(told).not.toContain(type);
      }
    });
  }

  it('that is gone is told so, as of any', () => {
    const { world, session } = made(9_300_000_000, { deleteSession: true });
    const events = world.follow(session);
    world.clock.advance(12_000);
    expect(events.at(-1)).toMatchObject({ type: 'expired', certainty: 'presumed' });
  });

  it('can not be kept alive', () => {
    const { session } = made(9_300_000_000, { extendOnGet: true });
    const errors: unknown[] = [];
    session.keepAlive().subscribe({ error: (error: unknown) => errors.push(error) });
    expect(errors).toHaveLength(1);
  });

  it('is told as any other where it just fits', () => {
    const { world, session } = made(9_000_000_000, { extendOnGet: true });
    const events = world.follow(session);
    world.clock.advance(1000);
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    expect(types(events)).toEqual(['opened', 'extended']);
  });
});
