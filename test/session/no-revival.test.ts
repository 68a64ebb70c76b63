import { EMPTY, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { vital } from '../../src/session/port.js';
import type { Session } from '../../src/session/session.js';
import { World } from './support/world.js';

/** What is told of a session whose keys alone expire, and its touches, in order. */
function keep(session: Session): string[] {
  const log: string[] = [];
  session.events$.subscribe(({ type, cycle }) => log.push(`${type} ${cycle}`));
  session.keepAlive().subscribe(({ cycle }) => log.push(`touch ${cycle}`));
  return log;
}

const fill = (world: World, session: Session) => world.run('SH_SET', { tkn: session.tkn, keys: { a: 1 } });

describe('what keepAlive sends', () => {
  it('is never sent again by the client on its own, neither touches nor looks', () => {
    for (const flag of ['extendOnGet', 'extendOnSetAdd'] as const) {
      const world = new World();
      const asked: unknown[] = [];
      const session = world.create({ seconds: 6, [flag]: true });
      const note = (command: string) => (_tkn: bigint, _argument: unknown, options: unknown) => {
        asked.push([command, options]);
        return EMPTY;
      };
      const info = (_tkn: bigint, options: unknown) => {
        asked.push(['sh_info', options]);
        return of({});
      };
      Object.assign(world.commands, { sh_get: note('sh_get'), sh_set: note('sh_set'), sh_info: info });
      session.keepAlive().subscribe();
      world.clock.block(7000);
      world.clock.advance(10);
      const touch = flag === 'extendOnGet' ? 'sh_get' : 'sh_set';
      expect(asked.slice(0, 2)).toEqual([
        ['sh_info', { retry: 'none', [vital]: true }],
        [touch, { retry: 'none', [vital]: true }],
      ]);
    }
  });
});

describe('keepAlive never revives a cycle that was cleared, without a word', () => {
  it('where a touch was under way as the connection was lost: it is not sent again before the verdict', () => {
    const world = new World();
    const session = world.create({ seconds: 10, extendOnGet: true });
    const log = keep(session);
    fill(world, session);
    world.latency.there = 500;
    world.clock.advance(3200);
    expect(world.sent.at(-1)).toBe('SH_GET');
    world.server.executes = false; // it leads nowhere
    world.disconnect();
    world.clock.advance(30_000);
    world.server.executes = true;
    const { length } = world.sent;
    world.latency.there = 1;
    world.reconnect();
    world.clock.advance(1000);
    expect(world.sent.slice(length, length + 2)).toEqual(['SH_EXISTS', 'SH_INFO']);
    expect(log.slice(0, 4)).toEqual(['opened 0', 'suspended 0', 'expired 1', 'resumed 1']);
  });

  it('where the event loop was held up past the deadline: a look comes first', () => {
    const world = new World();
    const session = world.create({ seconds: 6, extendOnGet: true });
    const log = keep(session);
    fill(world, session);
    world.clock.block(20_000);
    const { length } = world.sent;
    world.clock.advance(100);
    expect(world.sent[length]).toBe('SH_INFO');
    expect(log).toEqual(['opened 0', 'expired 1']); // the new cycle has just begun: its touch is due later
    world.clock.advance(5000);
    expect(log.slice(0, 4)).toEqual(['opened 0', 'expired 1', 'extended 1', 'touch 1']);
  });

  it('where the machine slept past the deadline: the verdict comes first', () => {
    const world = new World();
    const session = world.create({ seconds: 12, extendOnGet: true });
    const log = keep(session);
    fill(world, session);
    world.clock.sleep(60_000);
    world.clock.advance(8000);
    expect(log.slice(0, 3)).toEqual(['opened 0', 'suspended 0', 'expired 1']);
    expect(log[3]).toBe('resumed 1');
    expect(log.indexOf('touch 1')).toBeGreaterThan(3);
  });

  it('where it is due in the moment in which the clocks are seen to have parted', () => {
    const world = new World({ firstSweep: 3000 });
    const session = world.create({ seconds: 12, extendOnGet: true });
    const log = keep(session);
    fill(world, session);
    world.clock.advance(3500);
    world.clock.sleep(60_000); // the touch at a third is the next to ring
    const { length } = world.sent;
    world.clock.advance(1500);
    expect(world.sent.slice(length, length + 2)).toEqual(['SH_EXISTS', 'SH_INFO']);
    expect(log.slice(0, 4)).toEqual(['opened 0', 'suspended 0', 'expired 1', 'resumed 1']);
  });

  it('and still rescues one that is overdue and was not cleared', () => {
    const world = new World({ firstSweep: 20_000 });
    const session = world.create({ seconds: 6, extendOnGet: true });
    fill(world, session);
    const log = keep(session);
    world.clock.block(8000);
    world.clock.advance(1000);
    expect(log).toContain('touch 0');
    expect(world.server.sessions.get(session.tkn)?.keys).toBe(1);
    expect(world.server.events.map(({ what }) => what)).not.toContain('cleared');
  });

  it('where it lasts for a second only, and no reply can tell whether it was: that it may have been is told first', () => {
    for (const filled of [true, false]) {
      const world = new World({ firstSweep: 1500 });
      const session = world.create({ seconds: 1, extendOnGet: true });
      const log = keep(session);
      world.touching = () => {
        log.push('touch');
      };
      if (filled) fill(world, session);
      world.clock.advance(300);
      world.disconnect();
      world.clock.advance(1300);
      world.reconnect();
      world.clock.advance(100);
      const told = filled ? 'expired' : 'reset';
      const [first, ...others] = log.filter((entry) => /resumed|touch|reset|expired/.test(entry));
      expect(first).toMatch(told);
      expect(others.findIndex((entry) => entry.startsWith('touch'))).toBeGreaterThan(
        others.findIndex((entry) => entry.startsWith('resumed')),
      );
    }
  });

  it('nor, where the connection held, before the look that it takes has been told of', () => {
    const world = new World({ firstSweep: 1200 });
    const session = world.create({ seconds: 1, extendOnGet: true });
    const log = keep(session);
    world.touching = () => {
      log.push('touch');
    };
    world.clock.block(1450);
    world.clock.advance(50);
    const touched = log.findIndex((entry) => entry.startsWith('touch'));
    expect(touched).toBeGreaterThan(0);
    expect(log.slice(0, touched).some((entry) => /reset|expired/.test(entry))).toBe(true);
  });
});
