import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { MemoryStore, NdbServer, type Store } from '../../src/server/index.js';
import { complete, writeByHand } from './support/by-hand.js';
import { ask, connectTo, keptLog, serverWithFolder } from './support/peers.js';

async function filesOf(folder: string, name: string): Promise<{ description: unknown; data: string[] }> {
  const [timestamp = ''] = await readdir(join(folder, name));
  const root = join(folder, name, timestamp);
  const files = await readdir(join(root, 'data'));
  return {
    description: JSON.parse(await readFile(join(root, 'md', 'md.json'), 'utf8')),
    data: await Promise.all(files.map((file) => readFile(join(root, 'data', file), 'utf8'))),
  };
}

describe('saving', () => {
  test("writes NemesisDB's own files", async () => {
    await using setup = await serverWithFolder();
    const socket = await connectTo(setup.server.url);
    await ask(socket, '{"KV_SET":{"keys":{"a\\"b":{"z":[18446744073709551615,1e20],"y":null}}}}');
    await ask(socket, '{"KV_SAVE":{"name":"keys"}}');
    const keys = await filesOf(setup.folder, 'keys');
    expect(keys.data).toEqual(['{ "keys":{"a\\"b":{"y":null,"z":[18446744073709551615,1e+20]}}}']);
    const number = expect.any(Number);
    expect(keys.description).toEqual({
      complete: number,
      name: 'keys',
      saveDataType: 0,
      start: number,
      status: 1,
      version: 2,
    });

    const token = /"tkn":(\d+)/.exec(
      await ask(socket, '{"SH_NEW":{"expiry":{"duration":60,"extendOnGet":true}}}'),
    )?.[1];
    await ask(socket, `{"SH_SET":{"tkn":${token},"keys":{"a":1}}}`);
    await ask(socket, '{"SH_SAVE":{"name":"sessions"}}');
    const sessions = await filesOf(setup.folder, 'sessions');
    expect(sessions.data).toEqual([
      `[{"keys":{"a":1},"sh":{"expiry":{"deleteSession":false,"duration":60,"extendOnGet":true,"extendOnSetAdd":false},"shared":false,"tkn":${token}}}]`,
    ]);
    expect(sessions.description).toMatchObject({ saveDataType: 1 });
    socket.terminate();
  });

  test('begins a new file after 10 MiB, and all files load', async () => {
    await using setup = await serverWithFolder({ maxPayload: 2 ** 22 });
    const socket = await connectTo(setup.server.url);
    for (let index = 0; index < 13; index++)
      await ask(socket, `{"KV_SET":{"keys":{"${index}":"${'x'.repeat(1_000_000)}"}}}`);
    await ask(socket, '{"KV_SAVE":{"name":"large"}}');
    expect((await filesOf(setup.folder, 'large')).data.map((text) => text.length > 10 * 1024 * 1024)).toEqual([
      true,
      false,
    ]);
    await ask(socket, '{"KV_CLEAR":{}}');
    expect(await ask(socket, '{"KV_LOAD":{"name":"large"}}')).toMatch(/"keys":13,.*"st":141/);
    expect(await ask(socket, '{"KV_COUNT":{}}')).toBe('{"KV_COUNT_RSP":{"cnt":13,"st":1}}');
    socket.terminate();
  });

  test('a dataset holds the keys of the moment at which saving began, whatever is written or removed meanwhile', async () => {
    await using setup = await serverWithFolder({ maxPayload: 2 ** 22 });
    const [saver, writer] = [await connectTo(setup.server.url), await connectTo(setup.server.url)];
    const keys = Array.from({ length: 20_000 }, (_, index) => `"k${index}":1`);
    await ask(saver, `{"KV_SET":{"keys":{${keys.join(',')}}}}`);
    const saving = ask(saver, '{"KV_SAVE":{"name":"moment"}}');
    await expect.poll(() => readdir(setup.folder)).toHaveLength(1);
    let isSaved = false;
    void saving.then(() => {
      isSaved = true;
    });
    for (let writes = 0; !isSaved && writes < 300; writes++) {
      await ask(writer, `{"KV_SET":{"keys":{"k${(writes * 7919) % 20_000}":2,"new${writes}":1}}}`);
      await ask(writer, `{"KV_RMV":{"keys":["k${(writes * 7907) % 20_000}"]}}`);
    }
    await saving;
    await ask(writer, '{"KV_CLEAR":{}}');
    expect(await ask(writer, '{"KV_LOAD":{"name":"moment"}}')).toMatch(/"keys":20000,.*"st":141/);
    expect(await ask(writer, '{"KV_FIND":{"path":"$[?@ == 2]","rsp":"keys"}}')).toContain('"keys":[]');
    for (const socket of [saver, writer]) socket.terminate();
  });

  test('a save is finished and answered before the server closes', async () => {
    const store: Store = Object.assign(new MemoryStore(), {
      async *scan() {
        await wait(300);
        yield [['a', '1'] as const];
      },
    });
    await using setup = await serverWithFolder({ store });
    const socket = await connectTo(setup.server.url);
    const reply = ask(socket, '{"KV_SAVE":{"name":"last"}}');
    const other = await connectTo(setup.server.url);
    await ask(other, '{"KV_COUNT":{}}');
    await setup.server.close();
    expect(await reply).toContain('"st":121');
    expect((await filesOf(setup.folder, 'last')).data).toHaveLength(1);
  });

  test.each([
    '../x',
    '/tmp/x',
    'a/../../x',
    '',
    '.',
    '..',
    'a//b',
    '.hidden',
    'a\\u0000b',
    'C:\\\\x',
    '..\\\\x',
    'ds/1',
    'ds/9999999999999999999',
    'ds/md',
    'ds/data/x',
    'ds/x/MD',
  ])('refuses the name %j, which leaves the folder or would lie inside another dataset', async (name) => {
    await using setup = await serverWithFolder();
    const socket = await connectTo(setup.server.url);
    expect(await ask(socket, `{"KV_SAVE":{"name":"${name}"}}`)).toContain('"st":122');
    expect(await ask(socket, `{"SH_SAVE":{"name":"${name}"}}`)).toContain('"st":122');
    expect(await ask(socket, `{"KV_LOAD":{"name":"${name}"}}`)).toContain('"st":142');
    expect(await readdir(setup.folder)).toEqual([]);
    socket.terminate();
  });
});

describe('the folder of datasets', () => {
  test('may hold timestamps of the future: a new save gets a higher one than any that a server reads', async () => {
    await using setup = await serverWithFolder();
    await writeByHand(setup.folder, '9999999999999999999', complete, ['{ "keys":{"a":"never"}}']);
    await writeByHand(setup.folder, '9000000000000000000', complete, ['{ "keys":{"a":"ahead"}}']);
    const socket = await connectTo(setup.server.url);
    await ask(socket, '{"KV_SET":{"keys":{"a":"saved"}}}');
    for (let times = 0; times < 2; times++)
      expect(await ask(socket, '{"KV_SAVE":{"name":"ds"}}')).toContain('"st":121');
    await ask(socket, '{"KV_CLEAR":{}}');
    expect(await ask(socket, '{"KV_LOAD":{"name":"ds"}}')).toContain('"st":141');
    expect(await ask(socket, '{"KV_GET":{"keys":["a"]}}')).toContain('{"a":"saved"}');
    await writeByHand(setup.folder, '9223372036854775807', complete, []);
    expect(await ask(socket, '{"KV_SAVE":{"name":"ds"}}')).toContain('"st":122');
    socket.terminate();
  });
});

describe('loading', () => {
  test('takes the newest complete save, and skips one that was never finished', async () => {
    await using setup = await serverWithFolder();
    await writeByHand(setup.folder, '100', complete, ['{ "keys":{"a":"oldest"}}']);
    await writeByHand(setup.folder, '1000', complete, [
      '{ "keys":{"a":"newest"}}',
      '{ "keys":{"b":18446744073709551615}}',
    ]);
    await writeByHand(setup.folder, '2000', complete.replace('"status":1', '"status":0'), [
      '{ "keys":{"a":"unfinished"}}',
    ]);
    const socket = await connectTo(setup.server.url);
    expect(await ask(socket, '{"KV_LOAD":{"name":"ds"}}')).toMatch(/"keys":2,"name":"ds","sessions":0,"st":141/);
    expect(await ask(socket, '{"KV_GET":{"keys":["a","b"]}}')).toContain('{"a":"newest","b":18446744073709551615}');
    socket.terminate();
  });

  test('at the start comes before anything is answered; the server does not start without its dataset', async () => {
    await using setup = await serverWithFolder();
    await writeByHand(setup.folder, '1', complete, ['{ "keys":{"a":1}}']);
    const log = keptLog();
    await using loaded = await NdbServer.listen({ persist: setup.folder, load: 'ds', log });
    expect(log.lines).toEqual(['Loaded 0 sessions and 1 keys.']);
    const socket = await connectTo(loaded.url);
    expect(await ask(socket, '{"KV_GET":{"keys":["a"]}}')).toBe('{"KV_GET_RSP":{"keys":{"a":1},"st":1}}');
    socket.terminate();
    await expect(NdbServer.listen({ persist: setup.folder, load: 'nope' })).rejects.toThrow('load names "nope"');
  });
});
