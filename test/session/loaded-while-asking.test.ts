import { describe, expect, it } from 'vitest';
import type { Session } from '../../src/session/session.js';
import { types, World } from './support/world.js';

/** Two followed sessions, of which the first is saved and ended by another client: a reply says so, and the second is asked about first. */
function endedAsFarAsKnown(world: World) {
  const session = world.create({ seconds: 60 });
  world.follow(world.create({ seconds: 60 }));
  const events = world.follow(session);
  world.server.save();
  world.other('SH_END', { tkn: session.tkn });
  world.latency.back = 50;
  world.command('SH_GET', { tkn: session.tkn, keys: [] }).subscribe();
  world.clock.advance(10);
  world.server.load();
  return { session, events };
}

describe('a session that is ended, and loaded again before its end is told', () => {
  it('is alive for a handle that is made of a later answer, and ended for those from before', () => {
    const world = new World({ persistEnabled: true });
    const { session, events } = endedAsFarAsKnown(world);
    let handle: Session | undefined;
    world.attached(session.tkn).subscribe((attached) => {
      handle = attached;
    });
    world.clock.advance(53);
    if (handle === undefined) throw new Error('not attached');
    expect(handle.isValid).toBe(true);
    const later = world.follow(handle);
    world.clock.advance(10_000);
    expect(types(events)).toEqual(['opened', 'ended']);
    expect(events[1]).toMatchObject({ by: 'other', certainty: 'proven' });
    expect(session.isValid).toBe(false);
    expect(types(later)).toEqual(['opened']);
    expect(handle.isValid).toBe(true);
  });

  it('by our own sh_end_all, too, before all were told of that', () => {
    const world = new World({ persistEnabled: true });
    const [first, second] = [world.create({ seconds: 60 }), world.create({ seconds: 60 })];
    const handles: Session[] = [];
    world.server.save();
    first.events$.subscribe({
      complete: () => {
        world.server.load();
        world.clock.block(10); // others have their turn before the next is told
      },
    });
    const events = world.follow(second);
    world.run('SH_END_ALL');
    const known = second.isValid;
    world.attached(second.tkn).subscribe((handle) => handles.push(handle));
    world.clock.advance(100);
    const later = handles.map((handle) => world.follow(handle));
    world.clock.advance(10_000);
    expect([known, second.isValid]).toEqual([false, false]);
    expect(types(events)).toEqual(['opened', 'ended']);
    expect(later.map((of) => types(of))).toEqual([['opened']]);
  });
});
