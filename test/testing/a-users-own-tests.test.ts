import { schedulerClock, systemClock } from 'rx-nemesisdb';
import { createTestNdb, sessionEvent, type TestNdb } from 'rx-nemesisdb/testing';
import { firstValueFrom, toArray } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

const minute = { durationSeconds: 60, deleteSessionOnExpire: true } as const;

describe.each(['rx-nemesisdb', 'nemesisdb'] as const)('on a server like %s', (server) => {
  let ndb: TestNdb;

  beforeEach(async () => {
    ndb = await createTestNdb({ server });
  });

  afterEach(() => ndb.close());

  test('advance lets a session lapse without waiting', async () => {
    const session = await firstValueFrom(ndb.client.sh_create_session(minute));
    const types = firstValueFrom(session.events$.pipe(toArray()));
    await ndb.advance('70 s');
    expect((await types).map(({ type }) => type)).toEqual(['opened', 'expiring', 'overdue', 'expired']);
  });

  test('a touch of another client extends the session', async () => {
    const session = await firstValueFrom(ndb.client.sh_create_session({ ...minute, extendOnGet: true }));
    const extended = firstValueFrom(session.extended$);
    const other = await ndb.connect();
    await ndb.advance('30 s');
    await firstValueFrom(other.sh_get(session.tkn, { keys: [] }));
    await ndb.advance('30 s');
    expect((await extended).by).toBe('other');
  });

  test('a set whose reply is lost fails, and was executed', async () => {
    ndb.faults.loseNextReply();
    const failed = firstValueFrom(ndb.client.kv_set({ a: 1 }), { defaultValue: undefined }).catch((error) => error);
    await ndb.advance('10 s');
    expect(await failed).toMatchObject({
      code: 'NDB_REPLY_LOST',
      outcome: server === 'nemesisdb' ? 'executed' : 'unknown',
    });
    expect(await firstValueFrom(ndb.client.kv_get({ key: 'a' }))).toBe(1);
  });

  test('after a cut the client reconnects and resumes its sessions', async () => {
    const session = await firstValueFrom(ndb.client.sh_create_session({ durationSeconds: 600 }));
    const types: string[] = [];
    session.events$.subscribe(({ type }) => types.push(type));
    ndb.faults.cut();
    await ndb.advance('5 s');
    expect(types).toEqual(['opened', 'suspended', 'resumed']);
  });

  test('a connection that goes silent is found and replaced', async () => {
    ndb.faults.goSilent();
    await ndb.advance('40 s');
    expect(await firstValueFrom(ndb.client.kv_count())).toBe(0);
  });

  test('restart ends all sessions', async () => {
    const session = await firstValueFrom(ndb.client.sh_create_session({ durationSeconds: 600 }));
    const over = firstValueFrom(session.over$);
    ndb.restart();
    await ndb.advance('5 s');
    expect((await over).type).toBe('ended');
  });

  test('advance refuses what is no duration', async () => {
    await expect(ndb.advance('soon')).rejects.toThrow(/'61 s'/);
  });
});

test("vitest's fake timers move the system clock of client and server", async () => {
  vi.useFakeTimers();
  try {
    const ndb = await createTestNdb({ clock: systemClock });
    const session = await firstValueFrom(ndb.client.sh_create_session(minute));
    const over = firstValueFrom(session.over$);
    await vi.advanceTimersByTimeAsync(70_000);
    expect((await over).type).toBe('expired');
    await ndb.close();
  } finally {
    vi.useRealTimers();
  }
});

test('a TestScheduler can be the clock', async () => {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  const ndb = await createTestNdb({ clock: schedulerClock(scheduler) });
  const session = await firstValueFrom(ndb.client.sh_create_session({ durationSeconds: 600 }));
  const left = firstValueFrom(session.remaining$(1000));
  scheduler.flush();
  expect(await left).toBeGreaterThan(590_000);
  await ndb.close();
});

test('sessionEvent makes a complete event that JSON takes', () => {
  const event = sessionEvent('expired', { tkn: 2n ** 63n, outcome: 'keysCleared' });
  expect(event).toMatchObject({ type: 'expired', outcome: 'keysCleared', certainty: 'proven', seq: 1 });
  expect(JSON.parse(JSON.stringify(event)).tkn).toBe('9223372036854775808');
});
