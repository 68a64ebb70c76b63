import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { platform as nodePlatform } from '../../src/transport/socket/node.js';
import type { PlatformSocket } from '../../src/transport/socket/platform.js';

let server: WebSocketServer;
let peer: WebSocket;
let socket: PlatformSocket;

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server has no port.');
  const connected = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => {
    socket = nodePlatform.dial(
      `ws://127.0.0.1:${address.port}/`,
      { maxReply: 1024 },
      { opened: resolve, frame() {}, binary() {}, alive() {}, closed() {} },
    );
  });
  peer = await connected;
});

afterEach(async () => {
  socket.terminate();
  await new Promise((resolve) => server.close(resolve));
});

/** What a peer reads that is independent of us, once these were written together. */
function received(texts: readonly string[]): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const arrived: string[] = [];
    peer.removeAllListeners();
    peer.on('error', reject);
    peer.on('message', (data) => {
      if (arrived.push(data.toString()) === texts.length) resolve(arrived);
    });
    socket.cork?.();
    for (const text of texts) socket.send(text);
    socket.uncork?.();
  });
}

test('a peer reads the texts of a batch, one by one, in their order', async () => {
  const texts = fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { minLength: 1, maxLength: 40 });
  const arrivesWhole = async (batch: readonly string[]) => {
    expect(await received(batch)).toEqual(batch);
  };
  await fc.assert(fc.asyncProperty(texts, arrivesWhole), { numRuns: 50 });
}, 120_000);

test.each([0, 1, 3, 4, 125, 126, 127, 65_535, 65_536, 70_001])('a text of %i bytes arrives whole', async (length) => {
  const ascii = 'x'.repeat(length);
  const wide = 'é'.repeat(length >> 1) + 'y'.repeat(length & 1);
  expect(await received([ascii, wide, 'the next'])).toEqual([ascii, wide, 'the next']);
});
