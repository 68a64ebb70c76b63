import { createHash } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionError, ProtocolError } from '../../src/index.js';
import { FaultPeer, type Reaction } from '../support/faults/peer.js';
import { clientsOfTest } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

const make = clientsOfTest();
const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const work of undo.splice(0)) await work();
});

/** The URL of a plain server on a port of its own. */
async function urlOf(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`; // it listens on a port
}

async function peerThat(reaction: Reaction): Promise<FaultPeer> {
  const peer = await FaultPeer.listen(reaction);
  undo.push(() => peer[Symbol.asyncDispose]());
  return peer;
}

/** What a peer answers an upgrade with. */
interface Upgrade {
  readonly upgrade: string;
  /** The key that it answers to; that of the request where none is given. */
  readonly key: string | undefined;
  /** Further lines of its header. */
  readonly more: string;
  /** After how many bytes it hangs up. */
  readonly cutAfter: number | undefined;
}

/** The URL of a peer that answers an upgrade by hand. */
function upgrading({ upgrade = 'websocket', key, more = '', cutAfter }: Partial<Upgrade>): Promise<string> {
  return urlOf(
    createServer((socket) =>
      socket.once('data', (request: Buffer) => {
        const sent = /Sec-WebSocket-Key: (\S+)/i.exec(request.toString())?.[1] ?? '';
        const accept = createHash('sha1')
          .update(`${key ?? sent}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
          .digest('base64');
        const answer = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${upgrade}\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${more}\r\n`;
        if (cutAfter === undefined) socket.write(answer);
        else socket.end(answer.slice(0, cutAfter));
      }),
    ),
  );
}

const http = (status: number) =>
  urlOf(
    createHttpServer((_, response) => {
      response.writeHead(status);
      response.end('hello');
    }),
  );

describe('a peer that is no NemesisDB', () => {
  it.each([200, 301, 400, 401, 403, 404, 426])('but answers HTTP %i is given up at once', async (status) => {
    const client = make();
    const waiting = settled(client.kv_count());
    const { error } = await settled(client.open(await http(status)));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ permanent: true });
    expect(String(error)).toContain(`HTTP ${status}`);
    expect(String(error)).toMatch(/[Cc]heck the (URL|headers)|--allow-origin/);
    expect((await waiting).error).toMatchObject({ code: 'NDB_CONNECTION', outcome: 'not-sent' });
  });

  it.each([408, 429, 500, 503])('but answers HTTP %i, as something overloaded does, is tried again', async (status) => {
    const client = make();
    client.open(await http(status)).subscribe({ error: () => {} });
    const waiting = await firstValueFrom(client.connection$.pipe(filter((state) => state.state === 'waiting')));
    expect(String(waiting.error)).toContain(`HTTP ${status}`);
  });

  it.each([
    ['SSH', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['SMTP', '220 mail.example ESMTP\r\n'],
    ['Redis', "-ERR wrong number of arguments for 'get' command\r\n"],
  ])('but speaks %s is given up at once, with the advice to check the URL', async (_, greeting) => {
    const client = make();
    const url = await urlOf(createServer((socket) => socket.write(greeting)));
    const { error } = await settled(client.open(url));
    expect(error).toMatchObject({ code: 'NDB_CONNECTION', permanent: true });
    expect(String(error)).toContain('The port speaks no WebSocket: check the URL');
  });

  it.each<[string, Partial<Upgrade>]>([
    ['the key of another', { key: 'another' }],
    ['an upgrade to h2c', { upgrade: 'h2c' }],
    ['a subprotocol that nobody asked for', { more: 'Sec-WebSocket-Protocol: mqtt\r\n' }],
    ['a header without end', { more: `X-Long: ${'x'.repeat(100_000)}\r\n` }],
  ])('but answers the upgrade with %s is given up at once, with the advice to check the URL', async (_, wrong) => {
    const { error } = await settled(make().open(await upgrading(wrong)));
    expect(error).toMatchObject({ code: 'NDB_CONNECTION', permanent: true });
    expect(String(error)).toMatch(/[Cc]heck the (URL|headers)|--allow-origin/);
  });

  it.each([0, 1, 9, 12, 13, 40, 100])(
    'or one whose answer to the upgrade was cut after %i bytes is tried again',
    async (cutAfter) => {
      const client = make();
      client.open(await upgrading({ cutAfter })).subscribe({ error: () => {} });
      const { error } = await firstValueFrom(client.connection$.pipe(filter((state) => state.state === 'waiting')));
      expect(error).toMatchObject({ code: 'NDB_CONNECTION', permanent: false });
    },
  );

  it('but an echo is given up at once, with a ProtocolError', async () => {
    const echo = await peerThat(({ reply, text }) => reply(text));
    const client = make();
    const { error } = await settled(client.open(echo.url));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(String(error)).toContain('is no NemesisDB');
    expect(echo.accepted).toBe(1);
  });

  it.each([
    ['greets first', 'hello!'],
    ['speaks JSON of its own', '{"jsonrpc":"2.0","id":1,"result":{}}'],
    ['answers as a NemesisDB does not', '{"SV_INFO_RSP":{"st":1,"version":1}}'],
    ['refuses everything', '{"ERR":{"st":10,"m":""}}'],
  ])('but %s is given up at once, with a ProtocolError', async (_, frame) => {
    const peer = await peerThat(({ reply }) => reply(frame));
    const { error } = await settled(make().open(peer.url));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(String(error)).toMatch(/Check the URL|Is this a NemesisDB/);
  });

  it('but sends binary frames is given up at once, with a ProtocolError', async () => {
    const peer = await peerThat(({ reply }) => reply(new Uint8Array([1, 2])));
    const { error } = await settled(make().open(peer.url));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(String(error)).toContain('binary');
  });

  it('but floods the client once it was greeted is given up at once, with a ProtocolError', async () => {
    const peer = await peerThat(({ reply, answer, name }) => {
      if (name === 'SV_INFO') reply(answer());
      for (let frame = 0; frame < 1000; frame++) reply('{"SH_OLD_RSP":{"st":10}}');
    });
    const { error } = await settled(make().open(peer.url));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(String(error)).toContain('Check the URL');
  });

  it('and takes the WebSocket but says nothing is tried again after the time to connect', async () => {
    const mute = await peerThat(() => {});
    const client = make({ connectTimeout: 50 });
    client.open(mute.url).subscribe({ error: () => {} });
    const { error } = await firstValueFrom(client.connection$.pipe(filter((state) => state.state === 'waiting')));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toMatch(/50 ms/);
  });

  it('and takes the connection but says nothing is tried again after the time to connect', async () => {
    const silent = await urlOf(createServer((socket) => socket.resume()));
    const client = make({ connectTimeout: 50 });
    const begun = performance.now();
    client.open(silent).subscribe({ error: () => {} });
    const { error } = await firstValueFrom(client.connection$.pipe(filter((state) => state.state === 'waiting')));
    expect(performance.now() - begun).toBeLessThan(500);
    expect(error).toBeInstanceOf(ConnectionError);
  });

  it.each(['end', 'destroy', 'resetAndDestroy'] as const)('and hangs up at once (%s) is tried again', async (how) => {
    const url = await urlOf(createServer((socket) => socket[how]()));
    const client = make();
    client.open(url).subscribe({ error: () => {} });
    const { error } = await firstValueFrom(client.connection$.pipe(filter((state) => state.state === 'waiting')));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.message.length).toBeGreaterThan(20);
  });

  it('and nobody at all: the error asks whether the server runs', async () => {
    const gone = await FaultPeer.listen();
    const { url } = gone;
    await gone[Symbol.asyncDispose]();
    const { error } = await settled(make({ reconnect: false }).open(url));
    expect(String(error)).toContain('is the server running');
  });
});
