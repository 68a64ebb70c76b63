import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryStore, NdbServer } from '../../src/server/index.js';
import { DeadlineHeap } from '../../src/server/store/memory/deadline-heap.js';
import { ManualClock } from '../support/clocks/manual-clock.js';
import { ask, connectTo } from './support/peers.js';

const plain = { duration: 10, deleteSession: true, extendOnGet: false, extendOnSetAdd: false };

const raise = (cause: unknown) => {
  throw cause;
};

describe('expiry', () => {
  test('a sweep comes at fixed intervals from the start; until then a session answers and can be extended', async () => {
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
    await clock.advance(4500); // 9.499 s, past the sweep at 5 s
    expect(await remaining()).toBe('-1');
    await clock.advance(501); // the sweep at 10 s
    expect(await remaining()).toBeUndefined();
    socket.terminate();
  });

  test('sweepInterval sets how often a server sweeps, down to 10 ms', async () => {
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

  test('a sweep of very many sessions takes turns with requests', async () => {
    const clock = new ManualClock();
    const store = new MemoryStore({ clock });
    for (let index = 1; index <= 50_000; index++) store.start(String(index), { ...plain, duration: 1 }, []);
    await using server = await NdbServer.listen({ clock, store });
    const socket = await connectTo(server.url);
    const sweeping = clock.advance(5000);
    const counts = new Set<string | undefined>();
    for (;;) {
      const count = /"totalSessions":(\d+)/.exec(await ask(socket, '{"SH_INFO_ALL":{}}'))?.[1];
      counts.add(count);
      if (count === '0') break;
    }
    await sweeping;
    expect(counts.size).toBeGreaterThan(5);
    socket.terminate();
  });

  test('a server that closes in the middle of a sweep leaves no timer', async () => {
    const clock = new ManualClock();
    const store = new MemoryStore({ clock });
    for (let index = 1; index <= 200_000; index++) store.start(String(index), { ...plain, duration: 1 }, []);
    const server = await NdbServer.listen({ clock, store });
    await clock.advance(5000);
    await server.close();
    const { sessions } = store.totals();
    expect(sessions).toBeGreaterThan(0);
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(store.totals().sessions).toBe(sessions);
    expect(clock.timers).toBe(0);
  });

  test('a duration past 64 bits of nanoseconds wraps around, as in NemesisDB', async () => {
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
    'a session that keeps its keys only for %d s, which wrap around, keeps no other from expiring',
    async (duration) => {
      const clock = new ManualClock();
      const store = new MemoryStore({ clock });
      store.start('1', { ...plain, duration, deleteSession: false }, [['a', '1']]);
      store.start('2', { ...plain, duration: 1 }, []);
      const stop = store.startExpiry(5000, raise);
      await clock.advance(5000);
      expect(store.exist(['1', '2'])).toEqual(['1']);
      await clock.advance(5000);
      expect(store.exist(['1', '2'])).toEqual(['1']);
      stop();
    },
  );

  test('a sweep looks only at what is due, however much there is', () => {
    let looks = 0;
    class Item {
      #queued = 0;
      get queued(): number {
        looks++;
        return this.#queued;
      }
      set queued(at: number) {
        this.#queued = at;
      }
    }
    const heap = new DeadlineHeap<Item>();
    for (let index = 1; index <= 10_000; index++) heap.push(new Item(), 1000 + index);
    looks = 0;
    expect(heap.popBefore(1000)).toBeUndefined();
    expect(looks).toBe(1);
  });

  test('sessions, keys and memory are counted right through all that can happen to them', async () => {
    const action = fc.record({
      what: fc.constantFrom('start', 'keysOnly', 'end', 'set', 'get', 'remove', 'clear', 'endAll', 'wait', 'top'),
      token: fc.integer({ min: 1, max: 3 }).map(String),
      key: fc.constantFrom('a', 'b', 'c'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60, size: 'max' }), async (actions) => {
        const clock = new ManualClock();
        const store = new MemoryStore({ clock });
        // sweeps at the end of each wait
        const stop = store.startExpiry(6000, raise);
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
        stop();
        store.endAll();
        store.clearTopLevel([]);
        expect(store.memoryUsed).toBe(empty);
      }),
      { numRuns: 150 },
    );
  });

  test('the heap gives what is due, the earliest first', () => {
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
