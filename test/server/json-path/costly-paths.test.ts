import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { NdbServer } from '../../../src/server/index.js';
import { ask, connectTo } from '../support/peers.js';

let server: NdbServer;
let socket: WebSocket;
let bystander: WebSocket;

beforeAll(async () => {
  server = await NdbServer.listen({ maxPayload: 8 * 2 ** 20 });
  socket = await connectTo(server.url);
  bystander = await connectTo(server.url);
});
afterAll(async () => {
  socket.terminate();
  bystander.terminate();
  await server.close();
});

async function keep(value: unknown): Promise<void> {
  await ask(socket, `{"KV_CLEAR_SET":{"keys":{"a":${typeof value === 'string' ? value : JSON.stringify(value)}}}}`);
}

const find = (path: string, rsp = 'keys', keys?: string[]) =>
  ask(socket, JSON.stringify({ KV_FIND: { path, rsp, keys } }));
const filled = <T>(length: number, item: T) => Array.from({ length }, () => item);
const nested = (depth: number, inside = '') => '['.repeat(depth) + inside + ']'.repeat(depth);

describe('a path that takes too much work is refused, and the message says so', () => {
  test.each([
    ['searches an array for each item of another', '$.b[?contains($.a,@)]', { a: filled(9000, 1), b: filled(9000, 2) }],
    [
      'compares all of the value for each of its items',
      '$.c[?$.a==$.b]',
      { a: filled(9000, 1), b: filled(9000, 1), c: filled(9000, 2) },
    ],
    ['repeats every item of an array for each of its branches', '$..[::1,::1,::1]', filled(300_000, 1)],
    ['descends again and again', '$..*..*..*..*', nested(900)],
    ['reads long strings again and again', '$.b[?contains($.a,@)]', { a: 'a'.repeat(20_000), b: filled(5000, 'b') }],
  ])('%s', async (_, path, value) => {
    await keep(value);
    expect(await find(path)).toMatch(/^\{"KV_FIND_RSP":\{"m":"KV_FIND: .*(too much work|too many places)/);
  });

  test('many values do not add up to one that takes long', async () => {
    await ask(socket, '{"KV_CLEAR":{}}');
    const value = JSON.stringify(filled(250, 1));
    for (let key = 0; key < 100; key++) await ask(socket, `{"KV_SET":{"keys":{"k${key}":${value}}}}`);
    const path = `$[${filled(50, '*').join()}]`;
    expect(await find(path, 'keys', ['k0'])).toContain('"keys":["k0"]');
    expect(await find(path)).toContain('too much work');
  });

  test('an update by such a path is refused, too, and changes nothing', async () => {
    await keep(filled(200_000, 1));
    const update = { KV_UPDATE: { key: 'a', path: `$[${filled(20, '*').join()}]`, value: 2 } };
    expect(await ask(socket, JSON.stringify(update))).toMatch(/^\{"KV_UPDATE_RSP":\{"m":"KV_UPDATE: .*too/);
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
    ['$[?count(@.*)>1]', [filled(120_000, 1)]],
    ['$[?count($[*])>1]', filled(120_000, 1)],
    ['$[?count($[*][*])>1]', filled(300, filled(300, 1))],
    [`$${'[*,*,*,*,*,*,*,*,*,*]'.repeat(7)}`, nested(8, '1')],
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

describe('another connection is answered again and again while a search goes on', () => {
  /** How many replies a bystander gets, one after the other, while a path is followed. */
  async function repliesDuring(path: string, rsp: string): Promise<number> {
    let isOver = false;
    let replies = 0;
    const search = find(path, rsp).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await ask(bystander, '{"KV_COUNT":{}}');
      replies++;
    }
    await search;
    return replies;
  }

  // Counted in work, not in time: one slice is 20,000 steps.
  test.each([
    ['in one large array', '$[?@==2]', 'keys', filled(300_000, 1)],
    ['in a value nested deep', '$..*..*', 'keys', nested(900, filled(1000, 1).join())],
    ['for the paths of many places', '$..*', 'paths', filled(100_000, 1)],
    ['by a path that is refused in the end', '$..[::1,::1,::1]', 'keys', filled(300_000, 1)],
  ])('%s', async (_, path, rsp, value) => {
    await keep(value);
    expect(await repliesDuring(path, rsp)).toBeGreaterThan(5);
  });

  test('over many keys', async () => {
    const entries = Array.from({ length: 50_000 }, (_, index) => `"k${index}":{"name":"x","roles":["a","b"]}`);
    await ask(socket, `{"KV_CLEAR_SET":{"keys":{${entries.join(',')}}}}`);
    expect(await repliesDuring('$..[?@=="c"]', 'keys')).toBeGreaterThan(5);
  });
});
