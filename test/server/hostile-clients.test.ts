import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { NdbServer } from '../../src/server/index.js';
import { ask, closeCode, connectPlainly, connectTo, rawFrame, upgrade } from './support/peers.js';

describe('a hostile client is refused or bounded, and others are answered:', () => {
  let server: NdbServer;
  let bystander: WebSocket;

  beforeAll(async () => {
    server = await NdbServer.listen({ upgradeTimeout: 300 });
    bystander = await connectTo(server.url);
  });
  afterAll(async () => {
    expect(await ask(bystander, '{"KV_COUNT":{}}')).toContain('"st":1');
    bystander.terminate();
    await server.close();
  });

  test('a request of exactly maxPayload bytes is answered, one byte more drops the connection without a close frame', async () => {
    const socket = await connectTo(server.url);
    const head = '{"KV_SET":{"keys":{"a":"';
    const request = `${head}${'x'.repeat(1024 - head.length - 4)}"}}}`;
    expect(Buffer.byteLength(request)).toBe(1024);
    expect(await ask(socket, request)).toBe('{"KV_SET_RSP":{"st":1}}');
    socket.send(`${request} `);
    expect(await closeCode(socket)).toBe(1006);
  });

  test('a length of 2^62 bytes is refused before memory is allocated for it', async () => {
    const socket = await connectPlainly(server);
    socket.write(`${upgrade}\r\n`);
    await once(socket, 'data');
    socket.write(Buffer.from([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    await once(socket, 'close');
  });

  test.each([
    ['reserved bits', 0xf1, Buffer.from('{}')],
    ['an unknown opcode', 0x83, Buffer.from('{}')],
    ['text that is no UTF-8', 0x81, Buffer.from([0xff, 0xfe])],
    ['a continuation of nothing', 0x80, Buffer.from('{}')],
    ['a compressed frame that was not agreed on', 0xc1, Buffer.from([0xaa, 0x56])],
  ])('a frame with %s drops the connection', async (_, firstByte, payload) => {
    const socket = await connectPlainly(server);
    socket.write(`${upgrade}\r\n`);
    await once(socket, 'data');
    socket.write(rawFrame(firstByte, payload));
    await once(socket, 'close');
  });

  test('compression is refused, so that nothing small can unfold into something large', async () => {
    const socket = new WebSocket(server.url, { perMessageDeflate: true });
    await once(socket, 'open');
    expect(socket.extensions).toBe('');
    socket.terminate();
  });

  test.each(['', 'GET / HT', upgrade])('a client that stops halfway through its upgrade is dropped', async (said) => {
    const socket = await connectPlainly(server);
    socket.write(said);
    await once(socket.resume(), 'close');
  });

  test('a page of another origin is refused with 403, a program that has none is served', async () => {
    const refused = new WebSocket(server.url, { origin: 'https://evil.example' });
    const [, response] = await once(refused, 'unexpected-response');
    expect(response.statusCode).toBe(403);
    refused.on('error', () => undefined).terminate();
  });

  test('a page that is refused and resets its connection at once harms nobody', async () => {
    const failed = vi.fn();
    process.on('uncaughtException', failed);
    for (let index = 0; index < 300; index++) {
      const socket = await connectPlainly(server);
      socket.on('error', () => undefined);
      socket.write(`${upgrade}Origin: https://evil.example\r\n\r\n`);
      // between the server's reading and its writing, or near it
      for (let turns = 0; turns < index % 4; turns++) await turn();
      socket.resetAndDestroy();
    }
    expect(await ask(bystander, '{"KV_COUNT":{}}')).toContain('"st":1');
    process.off('uncaughtException', failed);
    expect(failed).not.toHaveBeenCalled();
  });

  test('a page that is refused and keeps its side open is cut off, and does not keep the server from closing', async () => {
    const other = await NdbServer.listen();
    const socket = connect({ port: other.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined);
    socket.write(`${upgrade}Origin: https://evil.example\r\n\r\n`);
    const [response] = await once(socket, 'data');
    expect(String(response)).toContain('403 Forbidden');
    await other.close();
    socket.destroy();
  });

  test('a page of an origin that is allowed is served', async () => {
    await using other = await NdbServer.listen({ allowOrigin: ['https://app.example'] });
    const socket = await connectTo(other.url, { origin: 'https://app.example' });
    expect(await ask(socket, '{"KV_COUNT":{}}')).toBe('{"KV_COUNT_RSP":{"cnt":0,"st":1}}');
    socket.terminate();
    await expect(connectTo(other.url, { origin: 'https://app.example.evil.example' })).rejects.toThrow('403');
  });

  test('connections over the bound are refused, and served again once others have gone', async () => {
    await using small = await NdbServer.listen({ maxConnections: 3 });
    const sockets = await Promise.all([1, 2, 3].map(() => connectTo(small.url)));
    await expect(connectTo(small.url)).rejects.toThrow();
    const [first] = sockets;
    first?.terminate();
    await expect
      .poll(() =>
        connectTo(small.url)
          .then((socket) => socket.terminate())
          .then(
            () => true,
            () => false,
          ),
      )
      .toBe(true);
    for (const socket of sockets) socket.terminate();
  });

  test('a write beyond maxMemory is refused and changes nothing, and removing makes room again', async () => {
    await using small = await NdbServer.listen({ maxMemory: 2000 });
    const socket = await connectTo(small.url);
    const write = (key: string) => ask(socket, `{"KV_SET":{"keys":{"${key}":"${'x'.repeat(800)}"}}}`);
    expect(await write('a')).toBe('{"KV_SET_RSP":{"st":1}}');
    expect(await write('b')).toBe('{"KV_SET_RSP":{"st":1}}');
    expect(await write('c')).toBe('{"KV_SET_RSP":{"m":"Memory limit reached","st":1000,"tkn":null}}');
    expect(await ask(socket, '{"SH_NEW":{}}')).toContain('"st":103');
    expect(await ask(socket, '{"KV_KEYS":{}}')).toMatch(/"keys":\["[ab]","[ab]"\]/);
    await ask(socket, '{"KV_RMV":{"keys":["a"]}}');
    expect(await write('c')).toBe('{"KV_SET_RSP":{"st":1}}');
    socket.terminate();
  });

  test('nesting of 1024 levels is read, one more is refused, and so are a million', async () => {
    await using large = await NdbServer.listen({ maxPayload: 8_000_000 });
    const socket = await connectTo(large.url);
    const nested = (depth: number) => `{"KV_SET":{"keys":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}}`;
    expect(await ask(socket, nested(1021))).toBe('{"KV_SET_RSP":{"st":1}}');
    expect(await ask(socket, nested(1022))).toBe('{"ERR":{"m":"","st":3}}');
    expect(await ask(socket, nested(1_000_000))).toBe('{"ERR":{"m":"","st":3}}');
    expect(await ask(socket, `{"KV_SET":{"keys":{"a":${'{"b":'.repeat(500_000)}1`)).toBe('{"ERR":{"m":"","st":3}}');
    socket.terminate();
  });

  test('a value can not be grown deeper than a dataset may hold', async () => {
    await using large = await NdbServer.listen({ maxPayload: 8192 });
    const socket = await connectTo(large.url);
    const deep = `${'['.repeat(600)}1${']'.repeat(600)}`;
    await ask(socket, `{"KV_SET":{"keys":{"a":[${deep}]}}}`);
    const path = `$${'[0]'.repeat(600)}`;
    expect(await ask(socket, `{"KV_UPDATE":{"key":"a","path":"${path}","value":${deep}}}`)).toContain(
      'would be nested too deep',
    );
    expect(await ask(socket, '{"KV_GET":{"keys":["a"]}}')).toBe(`{"KV_GET_RSP":{"keys":{"a":[${deep}]},"st":1}}`);
    socket.terminate();
  });

  test('tokens are spread over all 64 bits, so that guessing finds none', async () => {
    const tokens = new Set<bigint>();
    for (let index = 0; index < 2000; index++) {
      tokens.add(BigInt(/"tkn":(\d+)/.exec(await ask(bystander, '{"SH_NEW":{}}'))?.[1] ?? 0));
    }
    expect(tokens.size).toBe(2000);
    for (let bit = 0n; bit < 64n; bit++) {
      const ones = [...tokens].filter((token) => (token >> bit) & 1n).length;
      expect(ones).toBeGreaterThan(800);
      expect(ones).toBeLessThan(1200);
    }
  });
});
