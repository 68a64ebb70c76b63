import { setTimeout as wait } from 'node:timers/promises';
import { firstValueFrom, type Observable, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Batches, Entry, Expiry, Gap, LoggedEvent, SessionEvent, Store } from '../../../src/server/index.js';

const deleted: Expiry = { duration: 1, deleteSession: true, extendOnGet: false, extendOnSetAdd: false };
const keysOnly: Expiry = { ...deleted, deleteSession: false };
const long: Expiry = { ...deleted, duration: 600 };

async function allOf<T>(batches: Batches<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const batch of batches) items.push(...batch);
  return items;
}

const sorted = <T>(items: readonly T[]): T[] => [...items].sort();

const raise = (cause: unknown) => {
  throw cause;
};

/** What an Observable emits until it completes. */
const listOf = <T>(source: Observable<T>): Promise<T[]> => firstValueFrom(source.pipe(toArray()));

/** Keeps what a hot Observable emits. */
function record<T>(source: Observable<T>): { items: T[]; stop: () => void } {
  const items: T[] = [];
  const subscription = source.subscribe((item) => items.push(item));
  return { items, stop: () => subscription.unsubscribe() };
}

/**
 * What every store must do. `make` opens an empty store; each test closes its own. Time is the store's, so the tests wait:
 * sessions of one second are as short as they get.
 */
export function storeContract(name: string, make: () => Promise<Store>): void {
  describe(`${name} keeps the contract of a store:`, () => {
    let store: Store;
    let stops: (() => void)[] = [];

    beforeEach(async () => {
      store = await make();
      await store.open();
    });
    afterEach(async () => {
      for (const stop of stops) stop();
      stops = [];
      await store.close();
    });

    const sweep = (interval = 50) => stops.push(store.startExpiry(interval, raise));
    const recordLive = () => {
      const { items, stop } = record(store.events.live$);
      stops.push(stop);
      return items;
    };

    describe('one place', () => {
      test.each([
        ['a session', '5'],
        ['the top level', undefined],
      ] as const)(
        '%s gives back what was written, and calls take effect in the order in which they are made',
        async (_, place) => {
          await store.start('5', undefined, []);
          const calls = [
            store.set(
              place,
              [
                ['a', '1'],
                ['b', '2'],
              ],
              false,
            ),
            store.set(
              place,
              [
                ['a', '3'],
                ['c', '4'],
              ],
              true,
            ),
            store.get(place, ['a', 'b', 'c', 'd']),
            store.contains(place, ['d', 'c', 'a']),
            store.remove(place, ['b', 'd']),
            store.get(place, ['b']),
          ];
          expect(await Promise.all(calls)).toEqual([
            'written',
            'written',
            ['1', '2', '4', undefined],
            ['c', 'a'],
            true,
            [undefined],
          ]);
        },
      );

      test('keys and values are exact', async () => {
        const entries: Entry[] = [
          ['', '18446744073709551615'],
          ['__proto__', '{"__proto__":{"a":-9223372036854775808}}'],
          ['quote " and \\ and \n', '"\\u0000 é 語 \u{1f600}"'],
          ['語', '[1.0,-0.0,1e+20]'],
        ];
        await store.start('18446744073709551615', undefined, entries);
        await store.set(undefined, entries, false);
        const keys = entries.map(([key]) => key);
        const values = entries.map(([, value]) => value);
        expect(await store.get('18446744073709551615', keys)).toEqual(values);
        expect(await store.get(undefined, keys)).toEqual(values);
        expect(sorted((await store.keys('18446744073709551615')) ?? [])).toEqual(sorted(keys));
        expect(sorted(await allOf(store.scan()))).toEqual(sorted(entries));
      });

      test('a session that does not exist is named as such by every method', async () => {
        expect(await store.set('7', [['a', '1']], false)).toBe('no session');
        expect(await store.get('7', ['a'])).toBeUndefined();
        expect(await store.remove('7', ['a'])).toBeUndefined();
        expect(await store.contains('7', ['a'])).toBeUndefined();
        expect(await store.count('7')).toBeUndefined();
        expect(await store.keys('7')).toBeUndefined();
        expect(await store.clear('7', [['a', '1']])).toBeUndefined();
        expect(await store.info('7')).toBeUndefined();
        expect(await store.end('7')).toBe(false);
      });

      test('clear removes all keys of a session and writes others', async () => {
        await store.start('5', undefined, [
          ['a', '1'],
          ['b', '2'],
        ]);
        expect(await store.clear('5', [['c', '3']])).toBe(2);
        expect([await store.count('5'), await store.keys('5')]).toEqual([1, ['c']]);
      });

      test('update changes a value by what it was, and gives back a result', async () => {
        await store.set(undefined, [['n', '1']], false);
        const changed = await store.update('n', (value) => ({ value: `[${value}]`, result: value }));
        expect(changed).toEqual({ outcome: 'done', result: '1' });
        expect(await store.update('n', (value) => ({ result: value }))).toEqual({ outcome: 'done', result: '[1]' });
        expect(await store.update('absent', raise)).toEqual({ outcome: 'no key' });
        await expect(async () => store.update('n', () => raise(new Error('no')))).rejects.toThrow('no');
        expect(await store.get(undefined, ['n'])).toEqual(['[1]']);
      });

      test('updates made at the same time all take effect', async () => {
        await store.set(undefined, [['n', '0']], false);
        const increment = () => store.update('n', (value) => ({ value: String(Number(value) + 1), result: value }));
        await Promise.all(Array.from({ length: 50 }, increment));
        expect(await store.get(undefined, ['n'])).toEqual(['50']);
      });
    });

    describe('sessions', () => {
      test('are started once, described, counted and ended', async () => {
        expect(await store.start('5', long, [['a', '1']])).toBe('started');
        expect(await store.start('5', undefined, [['b', '2']])).toBe('exists');
        expect(await store.start('6', undefined, [])).toBe('started');
        expect(await store.info('6')).toEqual({ keyCount: 0 });
        const info = await store.info('5');
        expect(info).toMatchObject({ keyCount: 1, expires: { expiry: long } });
        expect(info?.expires?.remaining).toBeGreaterThan(590_000);
        expect(info?.expires?.remaining).toBeLessThanOrEqual(600_000);
        expect(await store.exist(['7', '6', '5'])).toEqual(['6', '5']);
        expect(await store.totals()).toEqual({ sessions: 2, keys: 1 });
        expect(await store.end('5')).toBe(true);
        expect(await store.totals()).toEqual({ sessions: 1, keys: 0 });
        expect(await store.endAll()).toBe(1);
        expect(await store.exist(['5', '6'])).toEqual([]);
      });

      test('a duration of 9,000,000,000 seconds is kept exactly', async () => {
        await store.start('5', { ...long, duration: 9_000_000_000 }, []);
        const remaining = (await store.info('5'))?.expires?.remaining ?? 0;
        expect(9_000_000_000_000 - remaining).toBeLessThan(10_000);
        expect(remaining).toBeLessThanOrEqual(9_000_000_000_000);
      });

      test('past its deadline a session answers until the sweep, and is gone after it', async () => {
        await store.start('5', deleted, [['a', '1']]);
        await wait(1100);
        expect((await store.info('5'))?.expires?.remaining).toBeLessThan(0);
        expect(await store.get('5', ['a'])).toEqual(['1']);
        sweep();
        await expect.poll(() => store.exist(['5'])).toEqual([]);
        expect(await store.totals()).toEqual({ sessions: 0, keys: 0 });
      });

      test('a session that keeps existing loses its keys, and its duration begins anew', async () => {
        sweep();
        await store.start('5', keysOnly, [['a', '1']]);
        await expect.poll(() => store.count('5'), { timeout: 5000 }).toBe(0);
        expect((await store.info('5'))?.expires?.remaining).toBeGreaterThan(500);
      });

      test('set and get move the deadline if they are to, even past it', async () => {
        await store.start('5', { ...deleted, extendOnGet: true }, [['a', '1']]);
        await store.start('6', { ...deleted, extendOnSetAdd: true }, []);
        await store.start('7', deleted, []);
        await wait(1100);
        await store.get('5', ['a']);
        await store.set('6', [['a', '1']], false);
        await store.get('7', ['a']);
        await store.contains('7', ['a']);
        sweep();
        await expect.poll(() => store.exist(['5', '6', '7'])).toEqual(['5', '6']);
        await expect.poll(() => store.exist(['5', '6', '7']), { timeout: 5000 }).toEqual([]);
      });
    });

    describe('the whole store', () => {
      const entries = Array.from({ length: 2500 }, (_, index): Entry => [`k${index}`, String(index)]);

      test('load, count, scan and clear concern all top-level keys', async () => {
        await store.set(
          undefined,
          [
            ['k0', '"former"'],
            ['other', '1'],
          ],
          false,
        );
        expect(await store.load(entries)).toBe('loaded');
        expect(await store.countTopLevel()).toBe(2501);
        expect(sorted(await allOf(store.topLevelKeys()))).toEqual(sorted(['other', ...entries.map(([key]) => key)]));
        expect(sorted(await allOf(store.scan()))).toEqual(sorted([['other', '1'], ...entries]));
        expect(await allOf(store.scan(['k7', 'absent', 'k7', 'k3']))).toEqual([
          ['k7', '7'],
          ['k7', '7'],
          ['k3', '3'],
        ]);
        expect(await store.clearTopLevel([['a', '1']])).toBe(2501);
        expect(await allOf(store.scan())).toEqual([['a', '1']]);
      });

      test('scanSessions gives all sessions with their settings and entries, or some', async () => {
        await store.start('5', long, entries.slice(0, 3));
        await store.start('6', undefined, entries);
        await store.start('7', { ...keysOnly, duration: 600 }, []);
        const read = async (tokens?: string[]) => {
          const sessions = await allOf(store.scanSessions(tokens));
          return sessions.map(({ entries: found, ...rest }) => ({ ...rest, entries: sorted([...found]) }));
        };
        const all = [
          { token: '5', expiry: long, entries: sorted(entries.slice(0, 3)) },
          { token: '6', expiry: undefined, entries: sorted(entries) },
          { token: '7', expiry: { ...keysOnly, duration: 600 }, entries: [] },
        ];
        expect((await read()).sort((a, b) => Number(a.token) - Number(b.token))).toEqual(all);
        expect(await read(['7', '8'])).toEqual(all.slice(2));
      });
    });

    describe('events', () => {
      const briefly = ({ type, token }: SessionEvent) => `${type} ${token}`;

      test('live$ emits what happens to sessions, and who caused it', async () => {
        const live = recordLive();
        await store.start('5', { ...long, extendOnGet: true, extendOnSetAdd: true }, []);
        await store.get('5', [], 'one');
        await store.set('5', [['a', '1']], false, 'other');
        await store.end('5', 'one');
        await expect
          .poll(() => live.map(({ by, ...event }) => `${briefly(event as SessionEvent)} by ${by}`))
          .toEqual(['extended 5 by one', 'extended 5 by other', 'ended 5 by one']);
        expect(live[0]).toMatchObject({ remaining: expect.any(Number) });
        expect(Math.abs((live[0]?.at ?? 0) - Date.now())).toBeLessThan(60_000);
        expect(new Set(live.map(({ id }) => id)).size).toBe(3);
      });

      test('each session expires once, however many servers sweep', async () => {
        const live = recordLive();
        for (let server = 0; server < 3; server++) sweep(20);
        for (let token = 1; token <= 100; token++) await store.start(String(token), deleted, []);
        await expect.poll(() => live.length, { timeout: 8000 }).toBe(100);
        await wait(200);
        expect(sorted(live.map(briefly))).toEqual(sorted(Array.from({ length: 100 }, (_, at) => `expired ${at + 1}`)));
      });

      test('an expiry carries what the session held, if it was made with keepValues', async () => {
        sweep();
        const live = recordLive();
        const held: Entry[] = [
          ['basket', '["apple"]'],
          ['user', '7'],
        ];
        await store.start('5', { ...deleted, keepValues: true }, held);
        await store.start('6', { ...keysOnly, keepValues: true }, held);
        await store.start('7', deleted, held);
        await expect.poll(() => live.length, { timeout: 8000 }).toBeGreaterThanOrEqual(3);
        const byToken = (token: string) => live.find((event) => event.token === token);
        expect(byToken('5')).toMatchObject({ type: 'expired', outcome: 'sessionDeleted', values: held });
        expect(byToken('6')).toMatchObject({ type: 'expired', outcome: 'keysCleared', values: held });
        expect(byToken('6')).toMatchObject({ remaining: expect.any(Number) });
        expect(byToken('7')).not.toHaveProperty('values');
      });

      test('the log gives what expired and ended since a time, oldest first', async () => {
        const begin = Date.now() - 60_000;
        await store.start('5', { ...long, extendOnGet: true }, []);
        await store.start('6', undefined, []);
        await store.get('5', []);
        await store.end('6');
        await store.end('5');
        const logged = await listOf(store.events.since(begin));
        expect(logged.map((event) => ('token' in event ? briefly(event) : 'gap'))).toEqual(['ended 6', 'ended 5']);
        expect(await listOf(store.events.since(Date.now() + 3_600_000))).toEqual([]);
      });

      test('endAll is an end of each session', async () => {
        for (const token of ['5', '6', '7']) await store.start(token, undefined, []);
        await store.endAll('one');
        const logged = () => listOf(store.events.since(Date.now() - 60_000));
        await expect.poll(async () => (await logged()).length).toBe(3);
        expect((await logged()).every((event) => event.type === 'ended' && event.by === 'one')).toBe(true);
      });
    });

    describe('a group', () => {
      const join = (member: string, window = 10, group = 'workers') => {
        const joined = record<LoggedEvent | Gap>(store.events.join({ group, member, window }));
        stops.push(joined.stop);
        return joined;
      };
      const tokensOf = (items: readonly (LoggedEvent | Gap)[]) =>
        items.map((item) => ('token' in item ? item.token : 'gap'));
      const idsOf = (items: readonly (LoggedEvent | Gap)[]) => items.flatMap((item) => ('id' in item ? item.id : []));

      async function endSessions(...tokens: string[]): Promise<void> {
        for (const token of tokens) {
          await store.start(token, undefined, []);
          await store.end(token);
        }
      }

      test('gets each event once among its members, and another group gets it as well', async () => {
        const [one, other, observer] = [join('one'), join('other'), join('one', 10, 'observers')];
        await wait(200);
        const tokens = ['11', '12', '13', '14', '15', '16'];
        await endSessions(...tokens);
        await expect.poll(() => sorted(tokensOf([...one.items, ...other.items])), { timeout: 5000 }).toEqual(tokens);
        await expect.poll(() => tokensOf(observer.items), { timeout: 5000 }).toEqual(tokens);
      });

      test('gives a member no more than its window until it acknowledges', async () => {
        const member = join('one', 2);
        await wait(200);
        await endSessions('11', '12', '13');
        await expect.poll(() => tokensOf(member.items), { timeout: 5000 }).toEqual(['11', '12']);
        await wait(200);
        expect(member.items).toHaveLength(2);
        expect(await store.events.acknowledge('workers', idsOf(member.items))).toBe(2);
        await expect.poll(() => tokensOf(member.items), { timeout: 5000 }).toEqual(['11', '12', '13']);
        expect(await store.events.acknowledge('workers', ['unknown'])).toBe(0);
      });

      test('gives what a member leaves unacknowledged to another', async () => {
        const one = join('one');
        await wait(200);
        await endSessions('11', '12');
        await expect.poll(() => tokensOf(one.items), { timeout: 5000 }).toEqual(['11', '12']);
        await store.events.acknowledge('workers', idsOf(one.items.slice(0, 1)));
        one.stop();
        const other = join('other');
        await expect.poll(() => tokensOf(other.items), { timeout: 10_000 }).toEqual(['12']);
      });

      test('keeps its place while nobody is in it', async () => {
        join('one').stop();
        await wait(200);
        await endSessions('11');
        const later = join('other');
        await expect.poll(() => tokensOf(later.items), { timeout: 10_000 }).toEqual(['11']);
      });
    });
  });
}
