import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryStore, NdbServer } from '../../src/server/index.js';
import { Frames } from './support/frames.js';
import { connectTo } from './support/peers.js';
import { slowStore } from './support/slow-store.js';

let server: NdbServer;
let client: Frames;

beforeEach(async () => {
  server = await NdbServer.listen({ maxPayload: 2 ** 20 });
  client = new Frames(await connectTo(server.url));
});
afterEach(async () => {
  client.socket.terminate();
  await server.close();
});

const newToken = async () => /"tkn":(\d+)/.exec(await client.ask('{"SH_NEW":{}}'))?.[1] ?? '';

test('SV_INFO announces ids and watches to a client that asks, and nothing to others', async () => {
  const announced = JSON.parse(await client.ask('{"SV_INFO":{"maxPayload":null}}'));
  expect(announced.SV_INFO_RSP).toMatchObject({ features: ['ids', 'watch'], maxPayload: 2 ** 20, sweepInterval: 5000 });
  await using usual = await NdbServer.listen();
  const other = new Frames(await connectTo(usual.url));
  expect(await other.ask('{"SV_INFO":{}}')).toBe(
    '{"SV_INFO_RSP":{"persistEnabled":false,"serverVersion":"0.7.2","st":1}}',
  );
  other.socket.terminate();
});

describe('a reply repeats the id of its request as its last member', () => {
  test.each([
    ['a command on keys', '{"KV_SET":{"keys":{"a":1}},"id":"1f"}', '{"KV_SET_RSP":{"st":1},"id":"1f"}'],
    ['an id of the longest form', `{"KV_COUNT":{},"id":"${'aZ09-_'.repeat(5)}zz"}`, `"id":"${'aZ09-_'.repeat(5)}zz"}`],
    ['an id before the command', '{"id":"7","KV_COUNT":{}}', '{"KV_COUNT_RSP":{"cnt":0,"st":1},"id":"7"}'],
    ['an id with blanks around it', '{"KV_COUNT":{} , "id" : "7" }', '{"KV_COUNT_RSP":{"cnt":0,"st":1},"id":"7"}'],
    [
      'an unknown session',
      '{"SH_GET":{"tkn":5,"keys":[]},"id":"2"}',
      '{"SH_GET_RSP":{"m":"","st":100,"tkn":null},"id":"2"}',
    ],
    ['an unknown command', '{"KV_X":{},"id":"3"}', '{"ERR":{"m":"","st":10},"id":"3"}'],
    ['a body that is not an object', '{"KV_SET":[],"id":"4"}', '{"KV_SET_RSP":{"m":"","st":13,"tkn":null},"id":"4"}'],
    ['a missing member', '{"KV_GET":{},"id":"5"}', '"st":26,"tkn":null},"id":"5"}'],
  ])('%s', async (_, request, reply) => {
    expect(await client.ask(request)).toContain(reply);
  });

  test('a value that looks like an id stays a value', async () => {
    await client.ask('{"KV_SET":{"keys":{"a":{"b":{},"id":"1f"}}}}');
    expect(await client.ask('{"KV_GET":{"keys":["a"]}}')).toBe(
      '{"KV_GET_RSP":{"keys":{"a":{"b":{},"id":"1f"}},"st":1}}',
    );
  });
});

describe('what is not an id is refused, as a NemesisDB refuses a second member', () => {
  test.each([
    '{"KV_COUNT":{},"id":1}',
    '{"KV_COUNT":{},"id":""}',
    '{"KV_COUNT":{},"id":"ü"}',
    `{"KV_COUNT":{},"id":"${'a'.repeat(33)}"}`,
    '{"KV_COUNT":{},"x":"1"}',
    '{"KV_COUNT":{},"KV_KEYS":{},"id":"1"}',
    '{"id":"1"}',
  ])('%s', async (request) => {
    expect(await client.ask(request)).toContain('"st":13');
  });
});

test('SH_INFO has milliseconds in a reply with an id, and only there', async () => {
  const reply = await client.ask('{"SH_NEW":{"expiry":{"duration":60}}}');
  const token = /"tkn":(\d+)/.exec(reply)?.[1];
  expect(await client.ask(`{"SH_INFO":{"tkn":${token}}}`)).not.toContain('remainingMs');
  const exact = await client.ask(`{"SH_INFO":{"tkn":${token}},"id":"1"}`);
  const remaining = Number(/"remainingMs":(\d+)/.exec(exact)?.[1]);
  expect(remaining).toBeLessThanOrEqual(60_000);
  expect(remaining).toBeGreaterThan(30_000);
});

describe('with ids, a slow KV_FIND delays nobody', () => {
  const find = '{"KV_FIND":{"path":"$..[?@==2]","rsp":"keys"},"id":"find"}';

  beforeEach(async () => {
    await client.ask(`{"KV_SET":{"keys":{"a":[${Array.from({ length: 200_000 }, () => 1).join()}]}}}`);
  });

  test('what is sent after it is answered before it, in order', async () => {
    const token = await newToken();
    client.send(
      find,
      '{"KV_COUNT":{},"id":"1"}',
      '{"KV_SET":{"keys":{"b":1}},"id":"2"}',
      '{"KV_COUNT":{},"id":"3"}',
      `{"SH_SET":{"tkn":${token},"keys":{"c":1}},"id":"4"}`,
      `{"SH_GET":{"tkn":${token},"keys":["c"]},"id":"5"}`,
    );
    const ids = (await client.take(6)).map((frame) => /"id":"(\w+)"/.exec(frame)?.[1]);
    expect(ids).toEqual(['1', '2', '3', '4', '5', 'find']);
  });

  test('without ids, replies keep the order of the requests', async () => {
    client.send(find.replace(',"id":"find"', ''), '{"KV_COUNT":{}}');
    expect(await client.take(2)).toEqual(['{"KV_FIND_RSP":{"keys":[],"st":1}}', '{"KV_COUNT_RSP":{"cnt":1,"st":1}}']);
  });

  test('a command on the whole store does not wait for it', async () => {
    client.send(find, '{"KV_CLEAR":{},"id":"1"}', '{"SH_END_ALL":{},"id":"2"}');
    const ids = (await client.take(3)).map((frame) => /"id":"(\w+)"/.exec(frame)?.[1]);
    expect(ids).toEqual(['1', '2', 'find']);
  });
});

describe('any mix of requests, with and without ids, is answered as one after the other', () => {
  const key = fc.constantFrom('a', 'b');
  const onKeys = (family: string, token: string) =>
    fc.oneof(
      fc.tuple(key, fc.nat(9)).map(([name, value]) => `{"${family}_SET":{${token}"keys":{"${name}":${value}}}}`),
      key.map((name) => `{"${family}_GET":{${token}"keys":["${name}"]}}`),
      key.map((name) => `{"${family}_RMV":{${token}"keys":["${name}"]}}`),
      fc.constantFrom(`{"${family}_COUNT":{${token.slice(0, -1)}}}`, `{"${family}_CLEAR":{${token.slice(0, -1)}}}`),
    );
  const request = fc.oneof(
    onKeys('KV', ''),
    onKeys('SH', '"tkn":{{0}},'),
    onKeys('SH', '"tkn":{{1}},'),
    fc.constantFrom('{"KV_FIND":{"path":"$","rsp":"keys"}}', '{"KV_KEYS":{}}', '{"SH_INFO_ALL":{}}', 'no JSON'),
  );

  /** Makes two sessions, and fills their tokens in. */
  async function prepare(url: string): Promise<{ client: Frames; fill: (text: string) => string }> {
    const client = new Frames(await connectTo(url));
    const tokens: string[] = [];
    for (let count = 0; count < 2; count++) {
      tokens.push(/"tkn":(\d+)/.exec(await client.ask('{"SH_NEW":{}}'))?.[1] ?? '');
    }
    return { client, fill: (text) => text.replace(/\{\{(\d)\}\}/g, (_, index) => tokens[Number(index)] ?? '') };
  }

  test.each([
    ['the memory store', () => new MemoryStore()],
    ['a store that answers later', () => slowStore(new MemoryStore())],
  ])('over %s', async (_, store) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(request, fc.boolean()), { maxLength: 30 }), async (requests) => {
        await using pipelined = await NdbServer.listen({ store: store() });
        await using alone = await NdbServer.listen();
        const [one, other] = [await prepare(pipelined.url), await prepare(alone.url)];
        const wanted: string[] = [];
        for (const [text] of requests) wanted.push(await other.client.ask(other.fill(text)));
        requests.forEach(([text, hasId], index) => {
          one.client.send(hasId ? one.fill(text).replace(/\}$/, `,"id":"${index}"}`) : one.fill(text));
        });
        const replies = await one.client.take(requests.length);
        const idOf = (reply: string) => /,"id":"(\d+)"\}$/.exec(reply)?.[1];
        const inOrder = replies.filter((reply) => idOf(reply) === undefined);
        const byId = new Map(replies.map((reply) => [idOf(reply), reply.replace(/,"id":"\d+"\}$/, '}')]));
        requests.forEach(([text, hasId], index) => {
          const isAnsweredWithoutId = !hasId || text === 'no JSON';
          const reply = isAnsweredWithoutId ? inOrder.shift() : byId.get(String(index));
          // With an id it runs beside the others, at a time of its own.
          if (text.includes('KV_FIND') && hasId) expect(reply).toContain('"st":1');
          else expect(reply).toBe(wanted[index]?.replace(/"tkn":\d+/, `"tkn":${/"tkn":(\d+)/.exec(reply ?? '')?.[1]}`));
        });
        one.client.socket.terminate();
        other.client.socket.terminate();
      }),
      { numRuns: 60 },
    );
  });
});
