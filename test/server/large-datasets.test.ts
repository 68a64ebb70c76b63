import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { slicesOf } from '../../src/server/datasets/slices.js';
import { MemoryStore, NdbServer } from '../../src/server/index.js';
import { Turns } from '../../src/server/turns.js';
import { complete, completeSessions, savedSession, writeByHand } from './support/by-hand.js';
import { ask, connectTo, keptLog, serverWithFolder } from './support/peers.js';

/** Asks again and again until something is done; tells how often it was answered. */
async function answersDuring(socket: WebSocket, work: Promise<unknown>): Promise<number> {
  let isDone = false;
  void work.finally(() => {
    isDone = true;
  });
  let answers = 0;
  for (; !isDone; answers++) await ask(socket, '{"KV_COUNT":{}}');
  return answers;
}

const count = 100_000;

async function serverWithMany() {
  const store = new MemoryStore();
  const entries = Array.from({ length: count }, (_, index) => [`key ${index}`, `"value ${index}"`] as const);
  store.start('5', undefined, entries);
  for (const entry of entries) store.set(undefined, [entry], false);
  const setup = await serverWithFolder({ store });
  return { ...setup, socket: await connectTo(setup.server.url), other: await connectTo(setup.server.url) };
}

// Not by the clock, which is the machine's too (`npm run bench:server` tells the longest wait): in one go, others would be
// answered two or three times meanwhile.
test('others are answered while 100,000 keys of one session or the top level are saved or loaded', {
  timeout: 60_000,
}, async () => {
  const { socket, other, ...setup } = await serverWithMany();
  await using _ = setup;
  const during = (request: string) => {
    const done = ask(socket, request);
    return answersDuring(other, done).then(async (answers) => [
      answers > 20,
      (await done).replace(/"duration":\d+,/, ''),
    ]);
  };
  expect(await during('{"SH_SAVE":{"name":"s"}}')).toEqual([true, '{"SH_SAVE_RSP":{"name":"s","st":121}}']);
  expect(await during('{"KV_SAVE":{"name":"k"}}')).toEqual([true, '{"KV_SAVE_RSP":{"name":"k","st":121}}']);
  await ask(socket, '{"SH_END_ALL":{}}');
  await ask(socket, '{"KV_CLEAR":{}}');
  const [sessions, keys] = [
    `{"SH_LOAD_RSP":{"keys":${count},"name":"s","sessions":1,"st":141}}`,
    `{"KV_LOAD_RSP":{"keys":${count},"name":"k","sessions":0,"st":141}}`,
  ];
  expect(await during('{"SH_LOAD":{"name":"s"}}')).toEqual([true, sessions]);
  expect(await during('{"KV_LOAD":{"name":"k"}}')).toEqual([true, keys]);
  const last = `{"keys":{"key ${count - 1}":"value ${count - 1}"},"st":1}}`;
  expect(await ask(socket, `{"SH_GET":{"tkn":5,"keys":["key ${count - 1}"]}}`)).toBe(`{"SH_GET_RSP":${last}`);
  expect(await ask(socket, `{"KV_GET":{"keys":["key ${count - 1}"]}}`)).toBe(`{"KV_GET_RSP":${last}`);
  expect(await ask(socket, '{"KV_COUNT":{}}')).toBe(`{"KV_COUNT_RSP":{"cnt":${count},"st":1}}`);
  for (const each of [socket, other]) each.terminate();
});

describe('a large dataset', () => {
  const many = Array.from({ length: 5000 }, (_, index) => `"k${index}":"${'x'.repeat(100)}"`).join(',');

  test.each([
    ['keys', 'KV_LOAD', complete, `{ "keys":{${many},"k0":"again"}}`],
    ['one session', 'SH_LOAD', completeSessions, `[${savedSession.replace('"a":1', `${many},"k0":"again"`)}]`],
  ])('of %s: of a name that is repeated the first wins, however far apart', async (_, command, description, file) => {
    await using setup = await serverWithFolder();
    await writeByHand(setup.folder, '1', description, [file]);
    const socket = await connectTo(setup.server.url);
    expect(await ask(socket, `{"${command}":{"name":"ds"}}`)).toMatch(/"keys":5000,.*"st":141/);
    const get = command === 'KV_LOAD' ? '{"KV_GET":{"keys":["k0"]}}' : '{"SH_GET":{"tkn":5,"keys":["k0"]}}';
    expect(await ask(socket, get)).toContain('{"k0":"xxx');
    socket.terminate();
  });

  test.each([
    ['keys', 'KV_LOAD', complete, [`{ "keys":{${many}}}`]],
    [
      'sessions',
      'SH_LOAD',
      completeSessions,
      [`[${savedSession}]`, `[${savedSession.replace('"a":1', many).replace(':5}', ':6}')}]`],
    ],
  ])('of %s that does not fit in memory changes nothing', async (_, command, description, files) => {
    const log = keptLog();
    await using setup = await serverWithFolder({ log, maxMemory: 700_000 });
    await writeByHand(setup.folder, '1', description, files);
    const socket = await connectTo(setup.server.url);
    await ask(socket, '{"KV_SET":{"keys":{"k1":1}}}');
    const info = () => ask(socket, '{"SV_INFO":{"maxPayload":null}}');
    const before = await info();
    expect(await ask(socket, `{"${command}":{"name":"ds"}}`)).toMatch(/"st":142/);
    expect(log.lines).toEqual(['A dataset was not loaded: it does not fit in memory.']);
    expect(await info()).toBe(before);
    expect(await ask(socket, '{"KV_FIND":{"path":"$","rsp":"kv"}}')).toContain('"keys":{"k1":1}');
    socket.terminate();
  });

  test('counts as if it had been written key by key', async () => {
    await using setup = await serverWithFolder({ maxMemory: 2_000_000, maxPayload: 2 ** 20 });
    await writeByHand(setup.folder, '1', complete, [`{ "keys":{${many}}}`]);
    await using other = await NdbServer.listen({ maxMemory: 2_000_000, maxPayload: 2 ** 20 });
    const [loader, writer] = [await connectTo(setup.server.url), await connectTo(other.url)];
    for (let times = 0; times < 2; times++)
      expect(await ask(loader, '{"KV_LOAD":{"name":"ds"}}')).toContain('"st":141');
    await ask(writer, `{"KV_SET":{"keys":{${many}}}}`);
    const used = async (socket: WebSocket) =>
      /"memoryUsed":\d+/.exec(await ask(socket, '{"SV_INFO":{"maxPayload":1}}'))?.[0];
    expect(await used(loader)).toBe(await used(writer));
    for (const socket of [loader, writer]) socket.terminate();
  });
});

test('a data file read in slices gives what it gives as a whole, whatever strings are in it', async () => {
  const text = fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', '/', 'é', ':') });
  const value = fc.oneof(text, fc.constant([{ a: [1, '],{'] }]), fc.nat());
  const keys = fc.uniqueArray(fc.tuple(text, value, fc.constantFrom(1, 30, 20_000)), {
    selector: ([key]) => key,
    minLength: 1,
  });
  const object = keys.map((entries) =>
    Object.fromEntries(
      entries.map(([key, item, times]) => [`${key}.`, typeof item === 'string' ? item.repeat(times) : item]),
    ),
  );
  let cut = 0;
  const sh = JSON.parse(savedSession).sh as unknown;
  const read = async (kind: 'keys' | 'sessions', file: string) => {
    const slices: { text: string; continues: boolean }[] = [];
    for await (const slice of slicesOf(kind, file, new Turns())) slices.push(slice);
    cut += slices.length - 1;
    return slices;
  };
  await fc.assert(
    fc.asyncProperty(fc.array(object, { minLength: 1, maxLength: 3 }), async (objects) => {
      const [first = {}] = objects;
      const ofKeys = await read('keys', `{ "keys":${JSON.stringify(first)}}`);
      expect(Object.assign({}, ...ofKeys.map((slice) => (JSON.parse(slice.text) as { keys: object }).keys))).toEqual(
        first,
      ); // written above
      const sessions = objects.map((each) => ({ keys: each, sh }));
      const joined: { keys: object; sh: unknown }[] = [];
      for (const slice of await read('sessions', JSON.stringify(sessions))) {
        for (const session of JSON.parse(slice.text) as typeof joined) {
          const last = joined.at(-1);
          if (slice.continues && last) Object.assign(last.keys, session.keys);
          else joined.push(session);
        }
      }
      expect(joined).toEqual(sessions);
    }),
    { numRuns: 100 },
  );
  // or they were too small to be cut
  expect(cut).toBeGreaterThan(20);
});
