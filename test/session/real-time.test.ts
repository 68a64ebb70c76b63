import { lastValueFrom, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { NdbClient, Session, SessionEvent } from '../../src/index.js';
import { serverUnderTest } from '../support/peers/server-under-test.js';

const server = serverUnderTest();

const pause = (ms: number) => lastValueFrom(timer(ms));

/** Notes what happens to a session. */
function follow(session: Session): SessionEvent[] {
  const events: SessionEvent[] = [];
  session.events$.subscribe((event) => events.push(event));
  return events;
}

/** Waits until the last event is of this type; 12 s hold two sweeps of a NemesisDB. */
async function until(events: readonly SessionEvent[], type: SessionEvent['type']): Promise<void> {
  for (let waited = 0; waited < 12_000 && events.at(-1)?.type !== type; waited += 20) await pause(20);
  expect(events.map((event) => event.type).at(-1)).toBe(type);
}

const types = (events: readonly SessionEvent[]) => events.map(({ type }) => type);

async function create(client: NdbClient, ...params: Parameters<NdbClient['sh_create_session']>): Promise<Session> {
  return lastValueFrom(client.sh_create_session(...params));
}

describe('on a real server, in real time', () => {
  it('a session that is deleted when it expires', async () => {
    const session = await create(await server.connect(), { durationSeconds: 1, deleteSessionOnExpire: true });
    const events = follow(session);
    await until(events, 'expired');
    expect(types(events)).toEqual(['opened', 'expiring', 'overdue', 'expired']);
    expect(session.isValid).toBe(false);
  });

  it('a session that loses its keys when it expires, cycle after cycle', async () => {
    const session = await create(await server.connect(), { durationSeconds: 2 });
    const events = follow(session);
    await lastValueFrom(session.set({ a: 1 }));
    await until(events, 'expired');
    expect(events.at(-1)).toMatchObject({ outcome: 'keysCleared', cycle: 1 });
    expect(await lastValueFrom(session.keys())).toEqual([]);
    expect(session.isValid).toBe(true);
  });

  it('a session that another client extends, and then ends', async () => {
    const [ours, theirs] = [await server.connect(), await server.connect()];
    const session = await create(ours, { durationSeconds: 3, extendOnGet: true, deleteSessionOnExpire: true });
    const events = follow(session);
    await pause(2000);
    await lastValueFrom(theirs.sh_get(session.tkn, { keys: [] }));
    await until(events, 'extended');
    expect(events.at(-1)).toMatchObject({ by: 'other', certainty: 'presumed' });
    await lastValueFrom(theirs.sh_end(session.tkn));
    await lastValueFrom(session.count()).catch(() => {});
    await until(events, 'ended');
    expect(events.at(-1)).toMatchObject({ by: 'other', certainty: 'proven' });
  });

  it('a session that is kept alive, for as long as somebody is subscribed', async () => {
    const session = await create(await server.connect(), {
      durationSeconds: 2,
      deleteSessionOnExpire: true,
      extendOnSetAdd: true,
    });
    const events = follow(session);
    let touches = 0;
    const keeping = session.keepAlive().subscribe(() => touches++);
    await pause(7000);
    expect(touches).toBeGreaterThanOrEqual(8);
    expect(types(events)).not.toContain('overdue');
    keeping.unsubscribe();
    await until(events, 'expired');
  });
});
