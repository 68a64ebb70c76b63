import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { readCommandLine } from '../../src/server/cli/arguments.js';
import { jsonLog, NdbServer } from '../../src/server/index.js';
import { selfSigned } from '../support/faults/certificate.js';
import { ask, connectTo, keptLog } from './support/peers.js';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function open(url: string, options: object): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false, ...options });
  await once(socket, 'open');
  return socket;
}

describe('a server with bearer tokens', () => {
  test('serves clients that send one of them, and refuses others with 401', async () => {
    const log = keptLog();
    await using server = await NdbServer.listen({ bearerToken: ['first', 'second'], log });
    for (const token of ['first', 'second']) {
      const socket = await open(server.url, { headers: bearer(token) });
      expect(await ask(socket, '{"KV_COUNT":{}}')).toContain('"st":1');
      socket.terminate();
    }
    for (const headers of [
      {},
      bearer('third'),
      bearer('firs'),
      { authorization: 'Basic first' },
      { authorization: 'first' },
    ]) {
      await expect(open(server.url, { headers })).rejects.toThrow('401');
    }
    expect(log.lines).toEqual(['A client was refused: it has no bearer token that is allowed.']);
  });

  test('shows metrics only to who has one', async () => {
    await using server = await NdbServer.listen({ bearerToken: 'secret' });
    const url = `http://127.0.0.1:${server.port}/metrics`;
    const refused = await fetch(url);
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await fetch(url, { headers: bearer('secret') })).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status).toBe(200);
  });
});

test('a server with tls speaks it, and names its url wss:', async () => {
  const { cert, key } = selfSigned();
  await using server = await NdbServer.listen({ tls: { cert, key } });
  expect(server.url).toMatch(/^wss:/);
  const socket = await open(server.url, { ca: cert, checkServerIdentity: () => undefined });
  expect(await ask(socket, '{"KV_COUNT":{}}')).toContain('"st":1');
  socket.terminate();
});

test('/metrics tells Prometheus of connections, sessions, keys and commands', async () => {
  await using server = await NdbServer.listen();
  const socket = await connectTo(server.url);
  await ask(socket, '{"SH_NEW":{}}');
  await ask(socket, '{"KV_SET":{"keys":{"a":1,"b":2}}}');
  const response = await fetch(`http://127.0.0.1:${server.port}/metrics`);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4');
  const lines = (await response.text()).split('\n');
  for (const line of [
    'nemesisdb_connections 1',
    'nemesisdb_waiting_reply_bytes 0',
    'nemesisdb_sessions 1',
    'nemesisdb_top_level_keys 2',
    'nemesisdb_commands_total{command="SH_NEW"} 1',
    '# TYPE nemesisdb_commands_total counter',
  ])
    expect(lines).toContain(line);
  socket.terminate();
});

test.each([
  [{}, 'no bearer token and no TLS'],
  [{ bearerToken: 'secret' }, 'no TLS'],
])('a server that listens beyond this machine with %j warns that it has %s', async (options, missing) => {
  const log = keptLog();
  await using _ = await NdbServer.listen({ host: '0.0.0.0', log, ...options });
  expect(log.lines).toEqual([
    `The server listens beyond this machine with ${missing}. See the options bearerToken and tls.`,
  ]);
});

test('jsonLog writes an object a line', () => {
  const lines: string[] = [];
  const log = jsonLog('warn', (line) => lines.push(line));
  log.info('left out');
  log.warn('A "client" was dropped.', new Error('it hung up', { cause: new Error('somewhere') }));
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      level: 'warn',
      message: 'A "client" was dropped.',
      cause: 'it hung up: somewhere',
    },
  ]);
  expect(lines[0]).toMatch(/\n$/);
});

test('the command line reads tokens, certificate and key from files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ndb-cli-'));
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const [tokens, cert, key, empty] = [
    await file('tokens', 'one\ntwo\n'),
    await file('cert', 'CERT'),
    await file('key', 'KEY'),
    await file('empty', '\n'),
  ];
  expect(await readCommandLine(['--bearer-token-file', tokens, '--tls-cert', cert, '--tls-key', key])).toMatchObject({
    options: { bearerToken: ['one', 'two'], tls: { cert: 'CERT', key: 'KEY' } },
  });
  expect(
    await readCommandLine(['--bearer-token-file', empty, '--tls-cert', `${cert}x`, '--log-format', 'xml']),
  ).toEqual({
    mistakes: [
      `--tls-cert: ${cert}x can't be read.`,
      '--bearer-token-file holds no token.',
      '--tls-cert and --tls-key need each other.',
      '--log-format must be text or json.',
    ],
  });
  await rm(folder, { recursive: true });
});
