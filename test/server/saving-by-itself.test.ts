import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NdbServer, type NdbServerOptions } from '../../src/server/index.js';
import { ask, connectTo } from './support/peers.js';

let persist: string;

beforeEach(async () => {
  persist = await mkdtemp(join(tmpdir(), 'ndb-test-'));
});
afterEach(() => rm(persist, { recursive: true, force: true }));

/** Asks a server that is started for it, and closed after it. */
async function asking(options: NdbServerOptions, ...requests: string[]): Promise<string[]> {
  await using server = await NdbServer.listen({ persist, ...options });
  const socket = await connectTo(server.url);
  const replies: string[] = [];
  for (const request of requests) replies.push(await ask(socket, request));
  socket.terminate();
  return replies;
}

test('a server with autosave keeps keys and sessions across a restart', async () => {
  const [, created = ''] = await asking({ autosave: 60_000 }, '{"KV_SET":{"keys":{"a":1}}}', '{"SH_NEW":{}}');
  const token = /"tkn":(\d+)/.exec(created)?.[1];
  const [get, exists] = await asking(
    { autosave: 60_000 },
    '{"KV_GET":{"keys":["a"]}}',
    `{"SH_EXISTS":{"tkns":[${token}]}}`,
  );
  expect(get).toBe('{"KV_GET_RSP":{"keys":{"a":1},"st":1}}');
  expect(exists).toBe(`{"SH_EXISTS_RSP":{"exist":[${token}],"st":1}}`);
});

test('a server with autosave saves everything again and again while it runs', async () => {
  await using server = await NdbServer.listen({ persist, autosave: 100 });
  await expect
    .poll(() => readdir(join(persist, 'autosave', 'keys')).catch(() => []), { timeout: 10_000 })
    .toHaveLength(2);
  await expect
    .poll(() => readdir(join(persist, 'autosave', 'sessions')).catch(() => []), { timeout: 10_000 })
    .toHaveLength(2);
  expect(server.port).toBeGreaterThan(0);
});

test('a server with autosave does not start if what it saved is damaged, so that it is not replaced', async () => {
  await asking({ autosave: 60_000 }, '{"KV_SET":{"keys":{"a":1}}}');
  const [timestamp = ''] = await readdir(join(persist, 'autosave', 'keys'));
  await writeFile(join(persist, 'autosave', 'keys', timestamp, 'data', '0'), 'PK');
  await expect(NdbServer.listen({ persist, autosave: 60_000 })).rejects.toThrow('autosave/keys');
});

test('keepSaves keeps the newest saves under a name', async () => {
  const save = '{"KV_SAVE":{"name":"ds"}}';
  const set = (value: number) => `{"KV_SET":{"keys":{"a":${value}}}}`;
  await asking({ keepSaves: 2 }, set(1), save, set(2), save, set(3), save);
  expect(await readdir(join(persist, 'ds'))).toHaveLength(2);
  const [, get] = await asking({}, '{"KV_LOAD":{"name":"ds"}}', '{"KV_GET":{"keys":["a"]}}');
  expect(get).toContain('{"a":3}');
});

test('a server starts with a dataset that was saved empty', async () => {
  await asking({}, '{"KV_SAVE":{"name":"keys"}}', '{"SH_SAVE":{"name":"sessions"}}');
  expect(await asking({ load: 'keys' }, '{"KV_COUNT":{}}')).toEqual(['{"KV_COUNT_RSP":{"cnt":0,"st":1}}']);
  expect(await asking({ load: 'sessions' }, '{"KV_COUNT":{}}')).toEqual(['{"KV_COUNT_RSP":{"cnt":0,"st":1}}']);
});

test('a server that starts leaves what another process is saving, and removes what has not changed for an hour', async () => {
  await mkdir(join(persist, '.saving-1-aabbccddeeff', 'data'), { recursive: true });
  await mkdir(join(persist, '.saving-001122334455', 'data'), { recursive: true });
  const old = join(persist, '.saving-ffeeddccbbaa');
  await mkdir(old);
  const twoHoursAgo = Date.now() / 1000 - 7200;
  await utimes(old, twoHoursAgo, twoHoursAgo);
  await asking({}, '{"KV_COUNT":{}}');
  expect((await readdir(persist)).sort()).toEqual(['.saving-001122334455', '.saving-1-aabbccddeeff']);
});

test.each([
  ['load', 'ds'],
  ['autosave', 1000],
  ['keepSaves', 2],
])('%s needs persist', async (name, value) => {
  await expect(NdbServer.listen({ [name]: value })).rejects.toMatchObject({ code: 'NDB_VALUE', parameter: name });
});
