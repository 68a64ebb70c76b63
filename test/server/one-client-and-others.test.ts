import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { MemoryStore, NdbServer } from '../../src/server/index.js';
import { ask, closeCode, connectTo, keptLog } from './support/peers.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** A store that counts how many commands it executes. */
function countingStore() {
  let count = 0;
  const store = new MemoryStore();
  const countTopLevel = store.countTopLevel.bind(store);
  store.countTopLevel = () => {
    count++;
    return countTopLevel();
  };
  return { store, executed: () => count };
}

test('a request is executed before most of what another client has pipelined', async () => {
  const { store, executed } = countingStore();
  await using server = await NdbServer.listen({ store });
  const [flooder, other] = [await connectTo(server.url), await connectTo(server.url)];
  const total = 100_000;
  let answered = 0;
  const done = new Promise<void>((resolve) => {
    flooder.on('message', () => {
      if (++answered === total) resolve();
    });
  });
  for (let index = 0; index < total; index++) flooder.send('{"KV_COUNT":{}}');
  await expect.poll(executed).toBeGreaterThan(0);
  let most = 0;
  while (answered < total / 2) {
    const before = executed();
    await ask(other, '{"KV_GET":{"keys":[]}}');
    most = Math.max(most, executed() - before);
  }
  // Without turns it is tens of thousands: all that the system reads from one socket at a time.
  expect(most).toBeLessThan(10_000);
  await done;
  for (const socket of [flooder, other]) socket.terminate();
});

test.each([
  ['KV_KEYS', '{"KV_KEYS":{}}'],
  ['KV_FIND', '{"KV_FIND":{"path":"$.a","rsp":"kv"}}'],
  ['SH_KEYS', '{"SH_KEYS":{"tkn":5}}'],
])('%s over 200,000 keys lets others be answered in between', async (_, request) => {
  const store = new MemoryStore();
  const entries = Array.from({ length: 200_000 }, (_, index) => [`key ${index}`, '{"a":1}'] as const);
  await store.load(entries);
  store.start('5', undefined, entries);
  await using server = await NdbServer.listen({ store });
  const [slow, other] = [await connectTo(server.url), await connectTo(server.url)];
  let isDone = false;
  const long = ask(slow, request).then((reply) => {
    isDone = true;
    return reply;
  });
  let answers = 0;
  for (; !isDone; answers++) await ask(other, '{"KV_GET":{"keys":[]}}');
  expect(await long).toContain('"st":1');
  // In one go it would be one at most.
  expect(answers).toBeGreaterThan(2);
  for (const socket of [slow, other]) socket.terminate();
});

test('KV_UPDATE can not grow a value beyond maxValueSize, step by step or at once', async () => {
  await using server = await NdbServer.listen();
  const socket = await connectTo(server.url);
  const items = (count: number, item: string) => `[${Array.from({ length: count }, () => item).join()}]`;
  await ask(socket, `{"KV_SET":{"keys":{"a":${items(320, '1')}}}}`);
  const update = (path: string) => ask(socket, `{"KV_UPDATE":{"key":"a","path":"${path}","value":${items(320, '1')}}}`);
  expect(await update('$[*]')).toContain('"cnt":320,"st":1');
  const refused = '{"KV_UPDATE_RSP":{"m":"The value would exceed maxValueSize","st":42,"tkn":null}}';
  expect(await update('$[*][*]')).toBe(refused);
  for (let times = 0; times < 20; times++) await update('$[0][*]');
  const get = await ask(socket, '{"KV_GET":{"keys":["a"]}}');
  expect(get.length).toBeLessThan(2 ** 20 + 100);
  socket.terminate();
});

test('KV_ARR_APPEND can not grow a value beyond maxValueSize', async () => {
  await using server = await NdbServer.listen({ maxValueSize: 5000 });
  const socket = await connectTo(server.url);
  await ask(socket, '{"KV_SET":{"keys":{"a":[]}}}');
  const append = () => ask(socket, `{"KV_ARR_APPEND":{"key":"a","items":["${'x'.repeat(900)}"]}}`);
  for (let times = 0; times < 5; times++) expect(await append()).toBe('{"KV_ARR_APPEND_RSP":{"st":1}}');
  expect(await append()).toContain('"m":"The value would exceed maxValueSize","st":42');
  socket.terminate();
});

test('a reply longer than maxReply is refused', async () => {
  await using server = await NdbServer.listen({ maxReply: 5000 });
  const socket = await connectTo(server.url);
  const value = 'x'.repeat(900);
  for (let key = 0; key < 10; key++) await ask(socket, `{"KV_SET":{"keys":{"${key}":"${value}"}}}`);
  const keys = Array.from({ length: 10 }, (_, key) => `"${key}"`);
  const refusal = '"m":"The reply would exceed maxReply","st":42';
  expect(await ask(socket, `{"KV_GET":{"keys":[${keys.join()}]}}`)).toContain(refusal);
  expect(await ask(socket, '{"KV_FIND":{"path":"$","rsp":"kv"}}')).toContain(refusal);
  expect(await ask(socket, '{"KV_GET":{"keys":["1"]}}')).toContain(value);
  socket.terminate();
});

test('clients that do not read take bounded memory together: the one with most replies waiting is dropped', async () => {
  const log = keptLog();
  await using server = await NdbServer.listen({ log, maxPayload: 2 ** 21, maxWaitingReplies: 30 * 2 ** 20 });
  const writer = await connectTo(server.url);
  await ask(writer, `{"KV_SET":{"keys":{"a":"${'x'.repeat(2 ** 20)}"}}}`);
  collectGarbage();
  const before = process.memoryUsage().rss;
  const readers = await Promise.all(Array.from({ length: 30 }, () => connectTo(server.url)));
  for (const reader of readers) {
    reader.pause();
    for (let times = 0; times < 8; times++) reader.send('{"KV_GET":{"keys":["a"]}}');
  }
  await expect.poll(() => log.lines.length, { timeout: 10_000 }).toBeGreaterThan(0);
  expect(log.lines[0]).toContain('the replies that wait for it take too much memory');
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
  expect(await ask(writer, '{"KV_COUNT":{}}')).toContain('"cnt":1');
  for (const socket of [...readers, writer]) socket.terminate();
});

test('a flood of refused pages or bad frames leaves a line in ten seconds, not a line each', async () => {
  const log = keptLog();
  await using server = await NdbServer.listen({ log });
  for (let times = 0; times < 20; times++) {
    await expect(connectTo(server.url, { origin: 'https://evil.example' })).rejects.toThrow('403');
    const socket = await connectTo(server.url);
    socket.send('x'.repeat(1025));
    await closeCode(socket);
  }
  expect(log.lines).toEqual([
    'A page was refused: its origin "https://evil.example" is not allowed. Option allowOrigin (--allow-origin) allows it.',
    'A client was dropped: Max payload size exceeded.',
  ]);
});
