import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { complete, completeSessions, savedSession, writeByHand } from './support/by-hand.js';
import { ask, connectTo, keptLog, serverWithFolder } from './support/peers.js';

const unchanged = 'A dataset was not loaded; nothing was changed.';
const passedOver = 'What was saved last under the name of a dataset was never finished, and is passed over.';

/** Loads the dataset `ds`; tells the reply, what the log says, and what is there afterwards. */
async function load(command: string, prepare: (folder: string) => Promise<unknown>) {
  const log = keptLog();
  await using setup = await serverWithFolder({ log });
  await prepare(setup.folder);
  const socket = await connectTo(setup.server.url);
  await ask(socket, '{"KV_SET":{"keys":{"a":"here"}}}');
  const reply = await ask(socket, `{"${command}":{"name":"ds"}}`);
  const keys = await ask(socket, '{"KV_FIND":{"path":"$","rsp":"kv"}}');
  const sessions = await ask(socket, '{"SH_INFO_ALL":{}}');
  socket.terminate();
  return { reply, lines: log.lines, keys: /"keys":(\{.*\}),/.exec(keys)?.[1], sessions };
}

const nothing = { keys: '{"a":"here"}', sessions: '{"SH_INFO_ALL_RSP":{"st":1,"totalKeys":0,"totalSessions":0}}' };

describe('a damaged or hostile dataset gives 142 and a line in the log, and changes nothing:', () => {
  const good = '{ "keys":{"a":2}}';

  test.each<[string, readonly (string | Buffer)[], string?]>([
    ['a file cut short', [good, '{ "keys":{"a":2,"b":']],
    ['a file of something else', [good, 'PK\u0003\u0004']],
    ['a file nested without end', [good, `{ "keys":{"a":${'['.repeat(100_000)}`]],
    [
      'a file that is no UTF-8',
      [good, Buffer.from([...Buffer.from('{ "keys":{"b":"'), 0xff, 0xc0, ...Buffer.from('"}}')])],
    ],
    ['keys that are an array', [good, '{ "keys":[1]}']],
    ['a file that is a text', [good, '"keys"']],
    ['a file without keys', [good, '{}']],
    ['a file that is an array', [good, '[]']],
    ['a comma too many at the end of a long file', [good, `{ "keys":{"b":"${'x'.repeat(100_000)}","c":1,}}`]],
    ['a description that is none', [good], '[]'],
    ['a status that is none', [good], complete.replace('"status":1', '"status":"1"')],
    ['another version', [good], complete.replace('"version":2', '"version":3')],
    ['no version', [good], complete.replace(',"version":2', '')],
    ['a kind that there is not', [good], complete.replace('"saveDataType":0', '"saveDataType":7')],
  ])('%s', async (_, files, description = complete) => {
    const { reply, lines, ...after } = await load('KV_LOAD', (folder) => writeByHand(folder, '1', description, files));
    expect(reply).toBe('{"KV_LOAD_RSP":{"name":"ds","st":142}}');
    expect(lines).toEqual([unchanged]);
    expect(after).toEqual(nothing);
  });

  test.each([
    ['a token that is a text', savedSession.replace('"tkn":5', '"tkn":"6"')],
    ['token 0', savedSession.replace('"tkn":5', '"tkn":0')],
    ['a token with a fraction', savedSession.replace('"tkn":5', '"tkn":6.0')],
    ['a token twice', savedSession],
    ['a session that is shared maybe', savedSession.replace('"shared":false', '"shared":"x"').replace(':5}', ':6}')],
    [
      'a session that does not say whether it is shared',
      savedSession.replace('"shared":false,', '').replace(':5}', ':6}'),
    ],
    ['a duration with a fraction', savedSession.replace('"duration":0', '"duration":5.0').replace(':5}', ':6}')],
  ])('%s', async (_, session) => {
    const files = [`[${savedSession},${session}]`];
    const { reply, lines, ...after } = await load('SH_LOAD', (folder) =>
      writeByHand(folder, '1', completeSessions, files),
    );
    expect(reply).toBe('{"SH_LOAD_RSP":{"name":"ds","st":142}}');
    expect(lines).toEqual([unchanged]);
    expect(after).toEqual(nothing);
  });

  test.each([
    ['KV_LOAD', completeSessions, `[${savedSession}]`, 'it holds sessions, and keys were asked for', 141],
    ['SH_LOAD', complete, good, 'it holds keys, and sessions were asked for', 142],
  ])('%s of the other kind changes nothing', async (command, description, file, why, status) => {
    const { reply, lines, ...after } = await load(command, (folder) => writeByHand(folder, '1', description, [file]));
    expect(reply).toMatch(new RegExp(`"keys":0.*"sessions":0,"st":${status}`));
    expect(lines).toEqual([`A dataset was not loaded: ${why}.`]);
    expect(after).toEqual(nothing);
  });
});

describe('an unfinished save is skipped for the one before, with a line in the log:', () => {
  test.each<[string, (root: string) => Promise<unknown>]>([
    ['no description', (root) => rm(join(root, 'md', 'md.json'))],
    ['no folder for one', (root) => rm(join(root, 'md'), { recursive: true })],
    ['an empty description', (root) => writeFile(join(root, 'md', 'md.json'), '')],
    ['a description cut short', (root) => writeFile(join(root, 'md', 'md.json'), complete.slice(0, 30))],
    ['a pending one', (root) => writeFile(join(root, 'md', 'md.json'), complete.replace('"status":1', '"status":0'))],
  ])('%s', async (_, damage) => {
    const { reply, lines, keys } = await load('KV_LOAD', async (folder) => {
      await writeByHand(folder, '100', complete, ['{ "keys":{"a":"older"}}']);
      await damage(await writeByHand(folder, '200', complete, ['{ "keys":{"a":"newest"}}']));
    });
    expect(reply).toContain('"st":141');
    expect(keys).toBe('{"a":"older"}');
    expect(lines).toEqual([passedOver]);
  });
});

describe.skipIf(process.platform === 'win32')(
  'a path that is not a file, or leads out of the folder, is not read and does not hang:',
  () => {
    const outside = (folder: string) => `${folder}-outside`;

    test.each<[string, (root: string, outside: string) => unknown]>([
      ['a pipe', (root) => void execFileSync('mkfifo', [join(root, 'data', '1')])],
      ['a link to a device', (root) => symlink('/dev/zero', join(root, 'data', '1'))],
      ['a link to a file', (root, other) => symlink(join(other, 'secret'), join(root, 'data', '1'))],
      ['a folder', (root) => mkdir(join(root, 'data', '1'))],
      [
        'a link in the place of the data',
        async (root, other) => {
          await rm(join(root, 'data'), { recursive: true });
          await symlink(other, join(root, 'data'));
        },
      ],
      [
        'a link in the place of the description',
        async (root, other) => {
          await rename(join(root, 'md'), join(other, 'md'));
          await symlink(join(other, 'md'), join(root, 'md'));
        },
      ],
      [
        'a pipe in the place of the description',
        async (root) => {
          await rm(join(root, 'md', 'md.json'));
          execFileSync('mkfifo', [join(root, 'md', 'md.json')]);
        },
      ],
      [
        'a link in the place of the dataset',
        async (root, other) => {
          await rename(join(root, '..'), join(other, 'ds'));
          await symlink(join(other, 'ds'), join(root, '..'));
        },
      ],
    ])('%s', async (_, prepare) => {
      let made = '';
      const { reply, lines, ...after } = await load('KV_LOAD', async (folder) => {
        made = outside(folder);
        await mkdir(made);
        await writeFile(join(made, 'secret'), '{ "keys":{"secret":1}}');
        await prepare(await writeByHand(folder, '1', complete, ['{ "keys":{"a":2}}']), made);
      });
      await rm(made, { recursive: true });
      expect(reply).toBe('{"KV_LOAD_RSP":{"name":"ds","st":142}}');
      expect(lines).toEqual([unchanged]);
      expect(after).toEqual(nothing);
    });

    test.each(['link', 'link/x/y'])(
      'and nothing is saved through a link that leads out, under the name %s',
      async (name) => {
        const log = keptLog();
        await using setup = await serverWithFolder({ log });
        const other = outside(setup.folder);
        await mkdir(other);
        await symlink(other, join(setup.folder, 'link'));
        const socket = await connectTo(setup.server.url);
        expect(await ask(socket, `{"KV_SAVE":{"name":"${name}"}}`)).toBe(`{"KV_SAVE_RSP":{"name":"${name}","st":122}}`);
        expect(log.lines).toEqual(['A dataset was not saved.']);
        expect(await readdir(other)).toEqual([]);
        expect(await readdir(setup.folder)).toEqual(['link']);
        await rm(other, { recursive: true });
        socket.terminate();
      },
    );
  },
);
