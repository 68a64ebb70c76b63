import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { MemoryStore, NdbServer, type Store } from '../../src/server/index.js';
import { ask, closeCode, connectTo, keptLog } from './support/peers.js';
import { slowStore } from './support/slow-store.js';

const value = 'x'.repeat(7000);

/** The TCP connection under a WebSocket: reading from it in pieces is what a slow network does. */
function socketOf(socket: WebSocket): Socket {
  return Reflect.get(socket, '_socket') as Socket; // ws has one under this name while it is open
}

async function serverWithLargeValue(options = {}): Promise<NdbServer> {
  const server = await NdbServer.listen({ maxPayload: 8192, ...options });
  const socket = await connectTo(server.url);
  await ask(socket, `{"KV_SET":{"keys":{"large":"${value}"}}}`);
  socket.terminate();
  return server;
}

describe('a client that reads slowly', () => {
  test('gets every one of 100,000 pipelined replies of 7 kB, in order, while memory stays bounded', {
    timeout: 60_000,
  }, async () => {
    await using server = await serverWithLargeValue();
    const socket = await connectTo(server.url);
    const total = 100_000;
    const reply = `{"KV_GET_RSP":{"keys":{"large":"${value}"},"st":1}}`;
    let answered = 0;
    let wrong = 0;
    const done = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        answered++;
        // each thousandth request is another command, whose reply has to come in its place
        const expected = answered % 1000 === 0 ? '{"KV_COUNT_RSP":{"cnt":1,"st":1}}' : reply;
        if (data.length !== expected.length) wrong++;
        if (answered === total) resolve();
        // reads a little, and rests
        if (answered % 5000 === 0) {
          socket.pause();
          setTimeout(() => socket.resume(), 20);
        }
      });
    });
    socket.pause();
    const before = process.memoryUsage().rss;
    for (let index = 1; index <= total; index++) {
      socket.send(index % 1000 === 0 ? '{"KV_COUNT":{}}' : '{"KV_GET":{"keys":["large"]}}');
    }
    await wait(500);
    // 700 MB of replies are asked for; all that waits is what the client and the sockets hold
    expect(process.memoryUsage().rss - before).toBeLessThan(250_000_000);
    socket.resume();
    await done;
    expect({ answered, wrong }).toEqual({ answered: total, wrong: 0 });
    socket.terminate();
  });

  test('does not keep another client waiting', async () => {
    await using server = await serverWithLargeValue();
    const lazy = await connectTo(server.url);
    lazy.pause();
    for (let index = 0; index < 5000; index++) lazy.send('{"KV_GET":{"keys":["large"]}}');
    const other = await connectTo(server.url);
    const begin = performance.now();
    expect(await ask(other, '{"KV_COUNT":{}}')).toBe('{"KV_COUNT_RSP":{"cnt":1,"st":1}}');
    expect(performance.now() - begin).toBeLessThan(1000);
    lazy.terminate();
    other.terminate();
  });

  test('is not answered ahead of its reading, even if the store answers later', async () => {
    const store = new MemoryStore();
    let gets = 0;
    const get = store.get.bind(store);
    const counting: Store = slowStore(
      Object.assign(store, {
        get: (...call: Parameters<typeof get>) => {
          gets++;
          return get(...call);
        },
      }),
    );
    await using server = await serverWithLargeValue({ store: counting });
    const lazy = await connectTo(server.url);
    lazy.pause();
    for (let index = 0; index < 10_000; index++) lazy.send('{"KV_GET":{"keys":["large"]}}');
    await wait(1000);
    const ahead = gets;
    // some megabytes, which the system's own buffers take
    expect(ahead).toBeLessThan(3000);
    await wait(300);
    expect(gets).toBe(ahead);
    lazy.terminate();
  });

  test('is dropped once it has read nothing for the stall timeout', async () => {
    const log = keptLog();
    await using server = await serverWithLargeValue({ log, stallTimeout: 300, highWaterMark: 64 * 1024 });
    const lazy = await connectTo(server.url);
    lazy.pause();
    for (let index = 0; index < 20_000; index++) lazy.send('{"KV_GET":{"keys":["large"]}}');
    await expect.poll(() => log.lines).toEqual(['A client was dropped: it has not read its replies for 300 ms.']);
    lazy.resume();
    expect(await closeCode(lazy)).toBe(1006);
  });

  test('is not dropped while it reads, however long one reply takes it', async () => {
    await using server = await NdbServer.listen({ maxPayload: 2 ** 25, stallTimeout: 300 });
    const writer = await connectTo(server.url);
    await ask(writer, `{"KV_SET":{"keys":{"large":"${'x'.repeat(30_000_000)}"}}}`);
    writer.terminate();
    const reader = await connectTo(server.url);
    // less than a thirtieth of it at a time, with rests: 1.5 s at least
    let received = 0;
    const stream = socketOf(reader);
    const rest = (chunk: Buffer) => {
      const before = received;
      received += chunk.length;
      if (Math.floor(before / 1_000_000) === Math.floor(received / 1_000_000)) return;
      stream.pause();
      setTimeout(() => stream.resume(), 50);
    };
    stream.on('data', rest);
    const begin = performance.now();
    const reply = await ask(reader, '{"KV_GET":{"keys":["large"]}}');
    expect(reply).toHaveLength(30_000_000 + '{"KV_GET_RSP":{"keys":{"large":""},"st":1}}'.length);
    expect(performance.now() - begin).toBeGreaterThan(1000);
    reader.terminate();
  });
});

test.each([1, 1000, 70_000])(
  'replies over a high-water mark of %i bytes do not stop a connection',
  async (highWaterMark) => {
    await using server = await serverWithLargeValue({ highWaterMark });
    const socket = await connectTo(server.url);
    let answered = 0;
    const done = new Promise<void>((resolve) => {
      socket.on('message', () => {
        if (++answered === 3000) resolve();
      });
    });
    // until the system takes no more of the replies: only then do they wait in the server
    socket.pause();
    for (let index = 0; index < 3000; index++) socket.send('{"KV_GET":{"keys":["large"]}}');
    await wait(300);
    socket.resume();
    await done;
    socket.terminate();
  },
);
