import { firstValueFrom, type Observable, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { LapsedEvent, SessionState } from '../../src/session/events.js';
import { World } from './support/world.js';

const streams = ['events$', 'extended$', 'expiring$', 'expired$', 'ended$', 'over$', 'lapsed$', 'state$'] as const;

describe('the streams of a session', () => {
  it('are made once: each access gives the same Observable', () => {
    const session = new World().create({ seconds: 60 });
    for (const name of streams) expect(session[name]).toBe(session[name]);
  });

  it('emit events that JSON.stringify takes, with the token as a decimal string', () => {
    const world = new World();
    const session = world.create({ seconds: 60 });
    const [opened] = world.follow(session);
    const read = JSON.parse(JSON.stringify(opened));
    expect(read).toMatchObject({ type: 'opened', tkn: String(session.tkn), seq: 1 });
    expect(new Date(read.expiresAt)).toEqual(opened?.expiresAt);
  });
});

describe('expiresAt', () => {
  it('is the deadline by the wall clock, in events and in states', () => {
    const world = new World();
    const session = world.create({ seconds: 60 });
    const [opened] = world.follow(session);
    const expected = world.clock.wall() + (opened?.deadline.lo ?? 0) - world.clock.now();
    expect(opened?.expiresAt?.getTime()).toBeCloseTo(expected, -1);
    session.state$.subscribe((state) => {
      if (!('expiresAt' in state)) throw new Error('no expiresAt');
      expect(state.expiresAt?.getTime()).toBeCloseTo(expected, -1);
    });
  });

  it('is undefined if the session never expires', () => {
    const world = new World();
    expect(world.follow(world.create())[0]?.expiresAt).toBeUndefined();
  });
});

describe('state$', () => {
  it('gives every subscriber the same frozen object until something changes', () => {
    const world = new World();
    const session = world.create({ seconds: 60, extendOnGet: true });
    world.follow(session);
    const seen: SessionState[] = [];
    const look = () => session.state$.subscribe((state) => seen.push(state)).unsubscribe();
    look();
    world.run('SH_COUNT', { tkn: session.tkn });
    look();
    expect(seen[1]).toBe(seen[0]);
    expect(Object.isFrozen(seen[0])).toBe(true);
    world.clock.advance(1000);
    world.run('SH_GET', { tkn: session.tkn, keys: [] });
    look();
    expect(seen[2]).not.toBe(seen[0]);
  });

  it('shows no object that the client works with: its deadline is frozen', () => {
    const world = new World();
    const session = world.create({ seconds: 60 });
    session.state$.subscribe((state) => {
      if ('deadline' in state) expect(Object.isFrozen(state.deadline)).toBe(true);
    });
    expect(Object.isFrozen(world.follow(session).at(0)?.deadline ?? Object.freeze({}))).toBe(true);
  });
});

describe('a session that has expired, for whoever subscribes later', () => {
  it('replays the end in expired$, over$ and lapsed$, and completes all streams', async () => {
    const world = new World();
    const session = world.create({ seconds: 10, deleteSession: true });
    const events = world.follow(session);
    world.clock.advance(20_000);
    const final = events.at(-1);
    expect(final?.type).toBe('expired');
    expect(await firstValueFrom(session.expired$)).toBe(final);
    expect(await firstValueFrom(session.over$)).toBe(final);
    expect(await firstValueFrom(session.lapsed$)).toBe(final);
    for (const name of ['events$', 'extended$', 'expiring$', 'ended$'] as const) {
      const late$: Observable<unknown> = session[name];
      expect(await firstValueFrom(late$.pipe(toArray()))).toEqual([]);
    }
  });
});

describe('a session that was ended, for whoever subscribes later', () => {
  it('replays the end in ended$ and over$; expired$ and lapsed$ complete without a value', async () => {
    const world = new World();
    const session = world.create({ seconds: 10, deleteSession: true });
    const events = world.follow(session);
    world.run('SH_END', { tkn: session.tkn });
    expect(await firstValueFrom(session.ended$)).toBe(events.at(-1));
    expect(await firstValueFrom(session.over$)).toBe(events.at(-1));
    expect(await firstValueFrom(session.expired$, { defaultValue: 'none' })).toBe('none');
    expect(await firstValueFrom(session.lapsed$, { defaultValue: 'none' })).toBe('none');
  });
});

describe('a session that is watched', () => {
  it('does not replay an old keysCleared in expired$', () => {
    const world = new World();
    const session = world.create({ seconds: 10 });
    const events = world.follow(session);
    world.clock.advance(16_000);
    expect(events.at(-1)?.type).toBe('expired');
    const later: unknown[] = [];
    session.expired$.subscribe((event) => later.push(event));
    session.lapsed$.subscribe((event) => later.push(event));
    expect(later).toEqual([]);
  });

  it('emits in lapsed$ what expired, and with certainty possible what may have', () => {
    const world = new World();
    const [fixed, extendable] = [world.create({ seconds: 10 }), world.create({ seconds: 10, extendOnGet: true })];
    const lapsed: LapsedEvent[] = [];
    for (const session of [fixed, extendable]) session.lapsed$.subscribe((event) => lapsed.push(event));
    world.clock.advance(16_000);
    expect(lapsed.length).toBe(2);
    const of = ({ tkn }: { readonly tkn: bigint }) => lapsed.find((event) => event.tkn === tkn);
    expect(of(fixed)).toMatchObject({ type: 'expired', certainty: 'proven' });
    expect(of(extendable)).toMatchObject({ type: 'reset', certainty: 'possible' });
    expect(JSON.parse(JSON.stringify(of(extendable)))).toMatchObject({ tkn: String(extendable.tkn) });
  });
});
