import { describe, expect, it } from 'vitest';
import { types, World } from './support/world.js';

const goes = { deleteSession: true } as const;

/** What is asked from now on, with the tokens that it is about. */
function questions(world: World) {
  const asked: { readonly command: string; readonly at: number; readonly tokens: number }[] = [];
  const { server, clock } = world;
  const execute = server.execute.bind(server);
  server.execute = (command, members, by) => {
    if (by === 'us') asked.push({ command, at: clock.now(), tokens: ((members.tkns as unknown[]) ?? [0]).length });
    return execute(command, members, by);
  };
  return asked;
}

describe('an overdue session', () => {
  it('whose server answers nothing is asked about once in five seconds', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 4, ...goes }));
    world.losing = true;
    const asked = questions(world);
    world.clock.advance(34_000);
    expect(types(events)).toEqual(['opened', 'expiring', 'overdue']);
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.length).toBeLessThan(8);
  });

  it('that stays is asked about each second for 20 s, to learn when the server looks, and then each five', () => {
    const world = new World();
    const events = world.follow(world.create({ seconds: 4, ...goes }));
    world.server.stall(600_000);
    const asked = questions(world);
    world.clock.advance(24_000);
    expect(asked.length).toBeGreaterThan(15);
    const { length } = asked;
    world.clock.advance(100_000);
    expect(asked.length - length).toBeGreaterThan(15);
    expect(asked.length - length).toBeLessThan(25);
    expect(types(events)).toEqual(['opened', 'expiring', 'overdue']);
  });

  it('that stays much longer than a session can is asked for its deadline: it was loaded in time, and began anew', () => {
    const world = new World({ persistEnabled: true, firstSweep: 400 });
    const session = world.create({ seconds: 60, ...goes });
    const events = world.follow(session);
    world.server.save();
    world.clock.advance(60_420);
    expect(types(events)).toEqual(['opened', 'expiring', 'overdue']);
    world.server.load();
    world.clock.advance(20_000);
    expect(events.at(-1)).toMatchObject({ type: 'reset', candidates: ['reloaded'] });
    const truth = world.deadlineOf(session.tkn);
    expect(events.at(-1)?.deadline.lo).toBeLessThanOrEqual(truth ?? Number.NaN);
    expect(events.at(-1)?.deadline.hi).toBeGreaterThanOrEqual(truth ?? Number.NaN);
  });
});

describe('many overdue sessions', () => {
  it('are asked about each second only in part, while nobody knows when the server looks', () => {
    const world = new World({ firstSweep: 5000 });
    const events = Array.from({ length: 320 }, () => world.follow(world.create({ seconds: 10, ...goes })));
    world.server.stall(20_000);
    world.clock.advance(11_000);
    expect(events.every((of) => of.at(-1)?.type === 'overdue')).toBe(true);
    const asked = questions(world);
    world.clock.advance(5000);
    const tokens = asked.reduce((sum, question) => sum + question.tokens, 0);
    expect(tokens).toBeGreaterThanOrEqual(320);
    expect(tokens).toBeLessThan(2 * 320);
  });

  it('that were asked about in vain leave others the same chance: an end is heard of within a second or so', () => {
    const world = new World();
    for (let index = 0; index < 4; index++) world.follow(world.create({ seconds: 3, ...goes }));
    world.server.stall(22_300);
    world.clock.advance(18_000);
    const events = world.follow(world.create({ seconds: 4, ...goes }));
    world.clock.advance(15_000);
    const lapsed = world.server.events.findLast(({ what }) => what === 'lapsed');
    expect(events.at(-1)?.type).toBe('expired');
    expect((events.at(-1)?.at ?? Number.NaN) - (lapsed?.at ?? Number.NaN)).toBeLessThan(1200);
  });
});
