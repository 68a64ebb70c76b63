import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryStore, NdbServer, type Store } from '../../src/server/index.js';
import { DeadlineHeap } from '../../src/server/store/memory/deadline-heap.js';
import { ManualClock } from '../support/clocks/manual-clock.js';
import { ask, connectTo } from './support/peers.js';

const plain = { duration: 10, deleteSession: true, extendOnGet: false, extendOnSetAdd: false };

describe('expiry', () => {
  test('is looked for at fixed intervals from the start; until then a session answers, and can be extended', async () => {
    const clock = new ManualClock();
    await using server = await NdbServer.listen({ clock });
    const socket = await connectTo(server.url);
    await clock.advance(1000);
    const flags = '"deleteSession":true,"extendOnGet":true';
    const token = /"tkn":(\d+)/.exec(await ask(socket, `{"SH_NEW":{"expiry":{"duration":3,${flags}}}}`))?.[1];
    const remaining = async () => /"remaining":(-?\d+)/.exec(await ask(socket, `{"SH_INFO":{"tkn":${token}}}`))?.[1];
    await clock.advance(3400); // 4.4 s: its deadline was at 4
    expect(await remaining()).toBe('0');
    await clock.advance(599); // 4.999 s
    expect(await remaining()).toBe('0');
    expect(await ask(socket, `{"SH_GET":{"tkn":${token},"keys":[]}}`)).toContain('"st":1'); // to 7.999 s
    await clock.advance(4500); // 9.499 s, past the look at 5 s
    expect(await remaining()).toBe('-1');
    await clock.advance(501); // the look at 10 s
    expect(await remaining()).toBeUndefined();
    socket.terminate();
  });

  test('looks as often as asked, down to 10 ms', async () => {
    const clock = new ManualClock();
    await using server = await NdbServer.listen({ clock, sweepInterval: 10 });
    const socket = await connectTo(server.url);
    await ask(socket, '{"SH_NEW":{"expiry":{"duration":1,"deleteSession":true}}}');
    await clock.advance(1000);
    expect(await ask(socket, '{"SH_INFO_ALL":{}}')).toContain('"totalSessions":1');
    await clock.advance(10);
    expect(await ask(socket, '{"SH_INFO_ALL":{}}')).toContain('"totalSessions":0');
    socket.terminate();
  });

  test('where very many expire, is looked for while no reply has just been written, or 3 ms later', async () => {
    const clock = new ManualClock();
    const store = new MemoryStore(clock);
    let looks = 0;
    store.sweep = () => ++looks < 100;
    await using server = await NdbServer.listen({ clock, store });
    const socket = await connectTo(server.url);
    await clock.advance(5000);
    expect(looks).toBe(1);
    await clock.advance(1);
    expect(looks).toBe(2);
    const reply = () => ask(socket, '{"SH_INFO_ALL":{}}');
    // A moment before the next slice is due; and again before the one that came in its stead.
    for (const passed of [0.9, 1, 1]) {
      await clock.advance(passed);
      await reply();
    }
    expect(looks).toBe(2);
    await clock.advance(0.1);
    expect(looks).toBe(3); // it has waited for 3 ms
    await clock.advance(0.9);
    await reply();
    await clock.advance(0.1);
    expect(looks).toBe(3);
    await clock.advance(1);
    expect(looks).toBe(4);
    socket.terminate();
  });

  test('comes to an end in time though replies never cease: it waits for a second and a half longer, no more', async () => {
    const clock = new ManualClock();
    const store = new MemoryStore(clock);
    let looks = 0;
    store.sweep = () => ++looks < 2000;
    await using server = await NdbServer.listen({ clock, store });
    const socket = await connectTo(server.url);
    await clock.advance(5000);
    for (let passed = 0; passed < 3500; passed++) {
      await clock.advance(0.9);
      await ask(socket, '{"SH_INFO_ALL":{}}');
      await clock.advance(0.1);
    }
    expect(looks).toBe(2000);
    socket.terminate();
  });

  test('goes on where the clock stands still, as long as its timers ring', async () => {
    const clock = new ManualClock();
    const store = new MemoryStore(clock);
    let looks = 0;
    store.sweep = () => ++looks < 100;
    await using server = await NdbServer.listen({ clock: Object.assign(clock, { now: () => 5 }), store });
    const socket = await connectTo(server.url);
    await ask(socket, '{"SH_INFO_ALL":{}}');
    await clock.advance(6000);
    expect(looks).toBe(100);
    socket.terminate();
  });

  test.each(['while its store looks', 'between two slices'])(
    'leaves no timer where the server is closed %s',
    async (when) => {
      const clock = new ManualClock();
      let looked = (_more: boolean) => {};
      const sweep = () => new Promise<boolean>((resolve) => (looked = resolve));
      const store: Store = Object.assign(new MemoryStore(clock), { sweep });
      const server = await NdbServer.listen({ clock, store });
      await clock.advance(5000);
      if (when === 'between two slices') {
        looked(true);
        await clock.advance(0.5);
      }
      await server.close();
      looked(true);
      await turn();
      expect(clock.timers).toBe(0);
    },
  );

  test('of a duration past 64 bits of nanoseconds wraps around, as the original does', async () => {
    const clock = new ManualClock();
    await using server = await NdbServer.listen({ clock });
    const socket = await connectTo(server.url);
    const reply = await ask(socket, '{"SH_NEW":{"expiry":{"duration":18446744073709551615,"deleteSession":true}}}');
    const token = /"tkn":(\d+)/.exec(reply)?.[1];
    expect(await ask(socket, `{"SH_INFO":{"tkn":${token}}}`)).toContain('"duration":-1,');
    await clock.advance(5000);
    expect(await ask(socket, `{"SH_EXISTS":{"tkns":[${token}]}}`)).toContain('"exist":[]');
    socket.terminate();
  });

  test.each([10_000_000_000, 2 ** 53])(
    'of a session whose keys alone lapse, after %d s, which wrap around, keeps no other from expiring',
    async (duration) => {
      const clock = new ManualClock();
      const store = new MemoryStore(clock);
      store.start('1', { ...plain, duration, deleteSession: false }, [['a', '1']]);
      store.start('2', { ...plain, duration: 1 }, []);
      for (const now of [5000, 10_000]) {
        await clock.advance(5000);
        // as many slices as such a look may take, and far more
        let slices = 0;
        while (slices < 20 && store.sweep(now)) slices++;
        expect(slices).toBeLessThan(20);
        expect(store.exist(['1', '2'])).toEqual(['1']);
      }
    },
  );

  test('costs what is due: a look at 200,000 sessions that wait is no longer than at none', () => {
    const clock = new ManualClock();
    const store = new MemoryStore(clock);
    for (let index = 1; index <= 200_000; index++) store.start(String(index), { ...plain, duration: 1000 }, []);
    const begin = performance.now();
    for (let look = 0; look < 1000; look++) store.sweep(1);
    expect(performance.now() - begin).toBeLessThan(100);
  });

  test('keeps account of sessions, keys and memory through all that can happen to them', async () => {
    const action = fc.record({
      what: fc.constantFrom('start', 'keysOnly', 'end', 'set', 'get', 'remove', 'clear', 'endAll', 'wait', 'top'),
      token: fc.integer({ min: 1, max: 3 }).map(String),
      key: fc.constantFrom('a', 'b', 'c'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60, size: 'max' }), async (actions) => {
        const clock = new ManualClock();
        const store = new MemoryStore(clock);
        const empty = store.memoryUsed;
        const alive = new Map<string, { keys: Set<string>; deadline: number; keysOnly: boolean }>();
        for (const { what, token, key } of actions) {
          const session = alive.get(token);
          if (what === 'start' || what === 'keysOnly') {
            const keysOnly = what === 'keysOnly';
            store.start(token, { ...plain, deleteSession: !keysOnly, extendOnGet: true }, []);
            if (!session) alive.set(token, { keys: new Set(), deadline: clock.now() + 10_000, keysOnly });
          } else if (what === 'end') {
            expect(store.end(token)).toBe(alive.delete(token));
          } else if (what === 'set') {
            expect(store.set(token, [[key, '1']], false)).toBe(session ? 'written' : 'no session');
            session?.keys.add(key);
          } else if (what === 'get') {
            store.get(token, [key]);
            if (session) session.deadline = clock.now() + 10_000;
          } else if (what === 'remove') {
            store.remove(token, [key]);
            session?.keys.delete(key);
          } else if (what === 'clear') {
            expect(store.clear(token, [])).toBe(session?.keys.size);
            session?.keys.clear();
          } else if (what === 'top') {
            store.set(undefined, [[key, '"value"']], false);
          } else if (what === 'endAll') {
            expect(store.endAll()).toBe(alive.size);
            alive.clear();
          } else {
            await clock.advance(6000);
            store.sweep(clock.now());
            for (const [name, { deadline, keys, keysOnly }] of alive) {
              if (deadline >= clock.now()) continue;
              if (keysOnly) alive.set(name, { keys: new Set(), deadline: clock.now() + 10_000, keysOnly });
              else alive.delete(name);
              keys.clear();
            }
          }
          const keys = [...alive.values()].reduce((sum, each) => sum + each.keys.size, 0);
          expect(store.totals()).toEqual({ sessions: alive.size, keys });
        }
        store.endAll();
        store.clear(undefined, []);
        expect(store.memoryUsed).toBe(empty);
      }),
      { numRuns: 150 },
    );
  });

  test('the heap gives what is due, the earliest first, whatever went in', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), fc.nat(50), (moments, now) => {
        const heap = new DeadlineHeap<{ queued: number }>();
        for (const moment of moments) heap.push({ queued: 0 }, moment);
        const due: number[] = [];
        for (let item = heap.popBefore(now); item; item = heap.popBefore(now)) due.push(item.queued);
        expect(due).toEqual(moments.filter((moment) => moment < now).sort((a, b) => a - b));
        expect(heap.size).toBe(moments.length - due.length);
      }),
    );
  });
});
