import { describe, expect, it } from 'vitest';
import { World } from './support/world.js';

/** A session of 2 s with a key, attached to and followed at once, or after a command of ours. Its keys expire. */
function attachedWithKeys(command?: 'SH_COUNT') {
  const world = new World({ firstSweep: 2500 });
  const { tkn } = world.create({ seconds: 2, extendOnGet: true });
  world.other('SH_SET', { tkn, keys: { a: 1 } });
  const session = world.attach(tkn);
  if (command !== undefined) world.run(command, { tkn });
  const events = world.follow(session);
  world.clock.advance(10);
  // Otherwise questions while it runs would tell of its keys.
  world.disconnect();
  world.clock.advance(2600);
  world.reconnect();
  world.clock.advance(100);
  return events.filter(({ type }) => type === 'expired' || type === 'reset');
}

describe('a session that is attached to', () => {
  it('is known to hold keys, as SH_INFO says: that they are gone after its deadline is presumed to be for it', () => {
    for (const command of [undefined, 'SH_COUNT'] as const) {
      const [told] = attachedWithKeys(command);
      expect(told).toMatchObject({ type: 'expired', outcome: 'keysCleared', certainty: 'presumed', cycle: 1 });
    }
  });
});
