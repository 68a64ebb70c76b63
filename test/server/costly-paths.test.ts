import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { NdbServer } from '../../src/server/index.js';
import { ask, connectTo } from './support/peers.js';

const refused = '{"KV_FIND_RSP":{"st":4}}';

let server: NdbServer;
let socket: WebSocket;

beforeAll(async () => {
  server = await NdbServer.listen({ maxPayload: 8 * 2 ** 20 });
  socket = await connectTo(server.url);
});
afterAll(async () => {
  socket.terminate();
  await server.close();
});

async function keep(value: unknown): Promise<void> {
  await ask(socket, `{"KV_CLEAR_SET":{"keys":{"a":${typeof value === 'string' ? value : JSON.stringify(value)}}}}`);
}

const find = (path: string) => ask(socket, JSON.stringify({ KV_FIND: { path, rsp: 'keys' } }));
const filled = <T>(length: number, item: T) => Array.from({ length }, () => item);
const nested = (depth: number, inside = '') => '['.repeat(depth) + inside + ']'.repeat(depth);

describe('a path that would take very long is refused as a wrong one is, within a second', () => {
  test.each([
    ['looks at the same place ten million times', `$${'[*,*,*,*,*,*,*,*,*,*]'.repeat(7)}`, nested(8, '1')],
    ['looks at the whole value for each of its items', '$[?count($.*)>1]', filled(20_000, 1)],
    ['does so by a slice', '$[?count($[:])>1]', filled(20_000, 1)],
    ['does so by a filter in a filter', '$[?$[?@==2]]', filled(20_000, 1)],
    [
      'counts all members for each of its items',
      '$.b[?length($.a)>1]',
      { a: { ...filled(20_000, 1) }, b: filled(20_000, 1) },
    ],
    [
      'compares all of the value for each of its items',
      '$.c[?$.a==$.b]',
      { a: filled(9000, 1), b: filled(9000, 1), c: filled(9000, 2) },
    ],
    ['descends again and again', '$..*..*..*..*', nested(900)],
    ['descends far, to very many', '$..*', nested(1000, filled(100_000, 1).join())],
    ['matches a pattern', "$[?match(@.a, '(a+)+$')]", [{ a: 'a'.repeat(40) }]],
  ])('%s', async (_, path, value) => {
    await keep(value);
    const begin = performance.now();
    expect(await find(path)).toBe(refused);
    expect(performance.now() - begin).toBeLessThan(1500);
  });

  test('many values do not add up to one that takes long', async () => {
    await ask(socket, '{"KV_CLEAR":{}}');
    const value = JSON.stringify(filled(250, 1));
    for (let key = 0; key < 100; key++) await ask(socket, `{"KV_SET":{"keys":{"k${key}":${value}}}}`);
    expect(await find('$[?count($.*)>1]')).toBe(refused);
  });

  test('an update by such a path is refused, too, and changes nothing', async () => {
    await keep(filled(20_000, 1));
    const update = JSON.stringify({ KV_UPDATE: { key: 'a', path: '$[?count($.*)>1]', value: 2 } });
    expect(await ask(socket, update)).toBe('{"ERR":{"m":"","st":1000}}');
    expect(await find('$[?@==2]')).toBe('{"KV_FIND_RSP":{"keys":[],"st":1}}');
  });
});

describe('a path that looks at a value a few times is followed, however large the value is', () => {
  const people = Array.from({ length: 1000 }, (_, index) => ({
    name: `name ${index}`,
    age: index % 60,
    address: { street: 'long', zip: [1, 2, 3] },
  }));

  test.each([
    ['$..[?@.age>20]', people],
    ['$[?@.age>20 && @.address.zip[0]==1 && @.address.zip==$[0].address.zip]', people],
    ['$[?length(@.name)>3 && count(@.address.zip[*])==3]', people],
    ['$..address..zip', people],
    ['$..*..*', people],
    ['$[*]', filled(300_000, 1)],
    ['$[?@==1]', filled(300_000, 1)],
    ['$..*', filled(300_000, 1)],
    ['$[?count(@.*)>1]', [filled(200_000, 1)]],
    ['$..*', nested(1000)],
  ])('%s', async (path, value) => {
    await keep(value);
    expect(await find(path)).toBe('{"KV_FIND_RSP":{"keys":["a"],"st":1}}');
  });

  test('and however many values there are', async () => {
    await ask(socket, '{"KV_CLEAR":{}}');
    const value = '{"name":"x","age":30,"roles":["a","b"]}';
    const entries = Array.from({ length: 50_000 }, (_, index) => `"k${index}":${value}`);
    await ask(socket, `{"KV_SET":{"keys":{${entries.join(',')}}}}`);
    expect(await find('$..[?@=="c"]')).toBe('{"KV_FIND_RSP":{"keys":[],"st":1}}');
    expect(await find('$[?@=="x"]')).toContain('"k49999"');
  });
});
