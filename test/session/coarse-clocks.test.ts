import { describe, expect, it } from 'vitest';
import { after } from '../../src/session/deadline.js';
import type { SessionEvent } from '../../src/session/events.js';
import type { SessionPort } from '../../src/session/port.js';
import { Session } from '../../src/session/session.js';
import { FollowingStreams } from '../../src/session/streams.js';
import { SessionTracker } from '../../src/session/tracker.js';
import { types, World } from './support/world.js';

/** As browsers show the time that resist fingerprinting. */
const coarse = (ms: number) => Math.floor(ms / 100) * 100;

/** A client whose clocks go in steps of 100 ms, not at the same moments. It follows a session of 60 s. */
function follow(world: World): SessionEvent[] {
  world.clock.setWall(37);
  const fine = world.port(false);
  const port: SessionPort = {
    ...fine,
    clock: {
      now: () => coarse(world.clock.now()),
      wall: () => coarse(world.clock.wall()),
      scheduler: world.clock.scheduler,
      schedule: (work, delay) => world.clock.schedule(work, delay),
    },
    ask: (question, questioner) =>
      fine.ask(question, {
        replied: ({ body, writtenAt, answeredAt }) =>
          questioner.replied({
            body,
            writtenAt: coarse(writtenAt),
            answeredAt: coarse(answeredAt),
          }),
        failed: () => questioner.failed(),
      }),
  };
  const tracker = new SessionTracker(port);
  const settings = { duration: 60_000, deleteSession: true, extendOnGet: false, extendOnSetAdd: false };
  const { tkn } = world.server.execute('SH_NEW', { expiry: { duration: 60, deleteSession: true } });
  if (typeof tkn !== 'bigint') throw new Error('not created');
  const now = coarse(world.clock.now());
  const reply = { body: {}, writtenAt: now, answeredAt: now };
  const known = tracker.records.learned(settings, reply, (span) => after(span, settings.duration));
  const session = new Session(new FollowingStreams(tracker, tracker.records.session(tkn, known)), world.commands);
  const events: SessionEvent[] = [];
  session.events$.subscribe((event) => events.push(event));
  session.remaining$(130).subscribe();
  return events;
}

describe('clocks that go in steps of 100 ms', () => {
  it('are not taken for a machine that sleeps, nor for a wall clock that is set back', () => {
    const world = new World();
    const events = follow(world);
    world.clock.advance(50_000);
    expect(types(events)).toEqual(['opened']);
    expect(world.sent).toEqual([]);
    world.clock.advance(20_000);
    expect(types(events)).toEqual(['opened', 'expiring', 'overdue', 'expired']);
  });

  it('betray a machine that sleeps for longer', () => {
    const world = new World();
    const events = follow(world);
    world.clock.advance(1000);
    world.clock.sleep(400);
    world.clock.advance(6000);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
  });

  it('and stand still as an answer comes: the same is not asked again at once, as it would be told the same', () => {
    const world = new World();
    const events = follow(world);
    world.clock.advance(1020);
    world.clock.setWall(-5000);
    world.clock.advance(6000);
    expect(types(events)).toEqual(['opened', 'suspended', 'resumed']);
    expect(world.sent.filter((command) => command === 'SH_INFO').length).toBeLessThanOrEqual(4);
  });
});
