import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { FaultPeer } from '../support/faults/peer.js';
import { FaultProxy } from '../support/faults/proxy.js';

/** The proxy is a measuring instrument: what it claims to do is shown with plain sockets, without the client. */
let peer: FaultPeer;
let proxy: FaultProxy;
let socket: WebSocket;
let frames: string[];
let end: Promise<number>;

beforeEach(async () => {
  peer = await FaultPeer.listen();
  proxy = await FaultProxy.listen(peer.port);
  socket = new WebSocket(proxy.url, { perMessageDeflate: false });
  frames = [];
  socket.on('error', () => {});
  socket.on('message', (data) => frames.push(data.toString()));
  end = new Promise((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => socket.once('open', resolve));
});
afterEach(async () => {
  socket.terminate();
  await proxy.close();
  await peer[Symbol.asyncDispose]();
});

const ask = (name: string) => socket.send(`{"${name}":{}}`);
const heard = (count: number) => expect.poll(() => frames.length, { interval: 2 }).toBe(count);
const elapsed = async (work: () => Promise<unknown>) => {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
};
const info = '{"SV_INFO_RSP":{"st":1,"serverVersion":"0.7.2","persistEnabled":false}}';

describe('the proxy', () => {
  it('passes what it has no order to hinder', async () => {
    ask('SV_INFO');
    await heard(1);
    expect(frames).toEqual([info]);
  });

  it('delays each direction by itself', async () => {
    proxy.hinder('up', { delay: 30 });
    proxy.hinder('down', { delay: 40 });
    ask('SV_INFO');
    expect(await elapsed(() => heard(1))).toBeGreaterThanOrEqual(69);
  });

  it('throttles', async () => {
    proxy.hinder('down', { rate: 1000 });
    ask('SV_INFO');
    expect(await elapsed(() => heard(1))).toBeGreaterThanOrEqual((info.length / 1000) * 1000 - 15);
  });

  it('splits what was written at once', async () => {
    const sizes: number[] = [];
    const sink = createServer((incoming) => {
      incoming.on('data', ({ length }) => sizes.push(length));
      incoming.on('error', () => {});
    });
    await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
    const address = sink.address();
    await using through = await FaultProxy.listen(typeof address === 'object' ? (address?.port ?? 0) : 0);
    through.hinder('up', { piece: 3 });
    const plain = connect(through.port, '127.0.0.1');
    plain.on('error', () => {});
    plain.write('0123456789');
    await expect.poll(() => sizes.reduce((sum, size) => sum + size, 0)).toBe(10);
    expect(sizes.length).toBeGreaterThanOrEqual(3);
    sink.close();
  });

  it('resets, so that both ends are told at once', async () => {
    const [served] = peer.sockets;
    const servedEnd = new Promise((resolve) => served?.once('close', resolve));
    proxy.strike('reset');
    expect(await end).toBe(1006);
    expect(await servedEnd).toBe(1006);
    expect(proxy.connections).toBe(0);
  });

  it('truncates at a given byte: what comes before it arrives, and then the end', async () => {
    const begun = proxy.passed.down;
    proxy.strikeAfter('down', info.length + 2 + 5, 'truncate');
    ask('SV_INFO');
    ask('SV_INFO');
    expect(await end).toBe(1006);
    expect(frames).toEqual([info]);
    expect(proxy.passed.down - begun).toBe(info.length + 2 + 5);
  });

  it('closes one half, and lets the other go on', async () => {
    const received: string[] = [];
    const halves: string[] = [];
    const sink = createServer({ allowHalfOpen: true }, (incoming: Socket) => {
      incoming.on('data', (chunk) => received.push(chunk.toString()));
      incoming.on('error', () => {});
    });
    await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
    const address = sink.address();
    await using through = await FaultProxy.listen(typeof address === 'object' ? (address?.port ?? 0) : 0);
    const plain = connect({ port: through.port, host: '127.0.0.1', allowHalfOpen: true });
    plain.on('end', () => halves.push('down')).on('error', () => {});
    plain.resume();
    plain.write('a');
    await expect.poll(() => received.join('')).toBe('a');
    through.strike('half-close', 'down');
    await expect.poll(() => halves).toEqual(['down']);
    plain.write('b');
    await expect.poll(() => received.join('')).toBe('ab');
    plain.destroy();
    sink.close();
  });

  it('swallows in a black hole, and tells nobody', async () => {
    proxy.strike('black-hole');
    ask('SV_INFO');
    ask('KV_COUNT');
    // Nothing is what has to happen: a while without a frame or an end is all that can be seen of it.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(frames).toEqual([]);
    expect(peer.received).toEqual([]);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    expect(peer.sockets.size).toBe(1);
  });

  it('loses single replies, and adds some', async () => {
    proxy.lets = (text) => !text.startsWith('{"KV_COUNT_RSP"');
    ask('KV_COUNT');
    ask('SV_INFO');
    await heard(1);
    proxy.inject('{"X_RSP":{}}');
    await heard(2);
    expect(frames).toEqual([info, '{"X_RSP":{}}']);
    expect(peer.received).toEqual(['KV_COUNT']);
  });

  it('lets replies of any length through whole', async () => {
    const sizes = [0, 1, 123, 124, 125, 126, 127, 65_534, 65_535, 65_536, 300_000];
    peer.reaction = ({ reply }) => {
      for (const size of sizes) reply('x'.repeat(size));
    };
    proxy.lets = () => true;
    ask('SV_INFO');
    await heard(sizes.length);
    expect(frames.map(({ length }) => length)).toEqual(sizes);
  });
});
