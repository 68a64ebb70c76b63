import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { NdbServer } from '../../src/server/index.js';
import { ask, connectTo } from './support/peers.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const full = '{"KV_UPDATE_RSP":{"m":"Memory limit reached","st":1000,"tkn":null}}';

const tooLarge = '{"KV_UPDATE_RSP":{"m":"The value would exceed maxValueSize","st":42,"tkn":null}}';

const update = (socket: WebSocket, path: string, value: unknown) =>
  ask(socket, JSON.stringify({ KV_UPDATE: { key: 'a', path, value } }));

test.each([1_000_000, undefined])(
  'an update that would come to a gigabyte is refused before it is made (maxMemory: %s)',
  async (maxMemory) => {
    await using server = await NdbServer.listen({ maxMemory, maxPayload: 2 ** 20 });
    const socket = await connectTo(server.url);
    const value = JSON.stringify(Array.from({ length: 20_000 }, () => 1));
    await ask(socket, `{"KV_SET":{"keys":{"a":${value}}}}`);
    const before = process.memoryUsage().rss;
    const begin = performance.now();
    expect(await update(socket, '$[*]', 'x'.repeat(60_000))).toBe(tooLarge);
    expect(performance.now() - begin).toBeLessThan(1000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
    expect(await ask(socket, '{"KV_GET":{"keys":["a"]}}')).toBe(`{"KV_GET_RSP":{"keys":{"a":${value}},"st":1}}`);
    socket.terminate();
  },
);

test('an update that makes a value smaller, or fits, is made however full the memory is', async () => {
  await using server = await NdbServer.listen({ maxMemory: 2000, maxPayload: 8192 });
  const socket = await connectTo(server.url);
  await ask(socket, `{"KV_SET":{"keys":{"a":["${'x'.repeat(1800)}",1]}}}`);
  expect(await update(socket, '$[*]', 'y'.repeat(1500))).toBe(full);
  expect(await update(socket, '$[*]', 'y'.repeat(500))).toBe('{"KV_UPDATE_RSP":{"cnt":2,"st":1}}');
  expect(await update(socket, '$[*]', 2)).toBe('{"KV_UPDATE_RSP":{"cnt":2,"st":1}}');
  expect(await ask(socket, '{"KV_GET":{"keys":["a"]}}')).toContain('{"a":[2,2]}');
  socket.terminate();
});

test('an update of places inside one another counts all, and leaves what is in the outermost', async () => {
  await using server = await NdbServer.listen();
  const socket = await connectTo(server.url);
  await ask(socket, '{"KV_SET":{"keys":{"a":{"b":{"c":[1,{"d":2}]},"e":3}}}}');
  expect(await update(socket, '$..*', { c: [0] })).toBe('{"KV_UPDATE_RSP":{"cnt":6,"st":1}}');
  expect(await ask(socket, '{"KV_GET":{"keys":["a"]}}')).toContain('{"a":{"b":{"c":[0]},"e":{"c":[0]}}}');
  socket.terminate();
});

test('a string beyond Latin-1 counts two bytes a character', async () => {
  await using server = await NdbServer.listen();
  const socket = await connectTo(server.url);
  const used = async () => Number(/"memoryUsed":(\d+)/.exec(await ask(socket, '{"SV_INFO":{"maxPayload":1}}'))?.[1]);
  await ask(socket, `{"KV_SET":{"keys":{"a":"${'é'.repeat(200)}"}}}`);
  const narrow = await used();
  await ask(socket, `{"KV_SET":{"keys":{"a":"${'語'.repeat(200)}"}}}`);
  expect((await used()) - narrow).toBe(202);
  await ask(socket, '{"KV_CLEAR":{}}');
  expect(await used()).toBe(0);
  socket.terminate();
});

test.each([
  ['a text', `"${'y'.repeat(40)}"`],
  ['a number', '1732500000000'],
  ['an object', '{"name":"Ada Lovelace of Dorset","visits":17}'],
  ['an array', `["${'y'.repeat(40)}",1]`],
])('of a long request no more is kept than what is stored of it: %s', async (_, value) => {
  await using server = await NdbServer.listen({ maxPayload: 2 ** 20 });
  const socket = await connectTo(server.url);
  const set = async (count: number) => {
    for (let index = 0; index < count; index++) {
      await ask(
        socket,
        `{"KV_SET":{"keys":{"a key of some length ${index}":${value},"long":"${'x'.repeat(100_000)}"}}}`,
      );
    }
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = await set(1);
  expect((await set(100)) - before).toBeLessThan(2_000_000);
  socket.terminate();
});
