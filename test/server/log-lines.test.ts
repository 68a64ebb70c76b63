import { once } from 'node:events';
import { expect, test } from 'vitest';
import { NdbServer } from '../../src/server/index.js';
import { closeCode, connectPlainly, connectTo, keptLog, rawFrame, upgrade } from './support/peers.js';

/** A log of warnings alone. */
const warnings = () => {
  const log = keptLog();
  return { ...log, info: () => undefined };
};

test('a client that sends a request over the limit leaves a line', async () => {
  const log = warnings();
  await using server = await NdbServer.listen({ log });
  const socket = await connectTo(server.url);
  socket.send('x'.repeat(1025));
  await closeCode(socket);
  expect(log.lines).toEqual(['A client was dropped: Max payload size exceeded.']);
});

test('a client that sends garbage leaves a line', async () => {
  const log = warnings();
  await using server = await NdbServer.listen({ log });
  const socket = await connectPlainly(server);
  socket.write(`${upgrade}\r\n`);
  await once(socket, 'data');
  socket.write(rawFrame(0x83, Buffer.from('{}')));
  await once(socket, 'close');
  expect(log.lines).toEqual(['A client was dropped: Invalid WebSocket frame: invalid opcode 3.']);
});

test('a client that floods the server with pings is dropped, and leaves a line', async () => {
  const log = warnings();
  await using server = await NdbServer.listen({ log });
  const socket = await connectPlainly(server);
  socket.write(`${upgrade}\r\n`);
  await once(socket, 'data');
  socket.pause().on('error', () => undefined);
  const pings = Buffer.concat(Array.from({ length: 1000 }, () => rawFrame(0x89, Buffer.alloc(125))));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (let sent = 0; sent < 500 && !socket.destroyed; sent++) {
    await Promise.race([closed, new Promise((resolve) => socket.write(pings, resolve))]);
  }
  await closed;
  expect(log.lines).toEqual(['A client was dropped: it sends pings and does not read the answers.']);
});

test('a client that answers no pings leaves a line', async () => {
  const log = warnings();
  await using server = await NdbServer.listen({ log, idleTimeout: 50 });
  const socket = await connectPlainly(server);
  socket.write(`${upgrade}\r\n`);
  await once(socket.resume(), 'close');
  expect(log.lines).toEqual(['A client was dropped: it answers no pings.']);
});

test('connections over the bound leave a line, one a second at most', async () => {
  const log = warnings();
  await using server = await NdbServer.listen({ log, maxConnections: 1 });
  const socket = await connectTo(server.url);
  for (let times = 0; times < 5; times++) await expect(connectTo(server.url)).rejects.toThrow();
  expect(log.lines).toEqual(['A connection was refused: there are 1 already.']);
  socket.terminate();
});

test('clients that connect, ask and leave cause no line', async () => {
  const log = warnings();
  await using server = await NdbServer.listen({ log });
  const [polite, abrupt] = [await connectTo(server.url), await connectTo(server.url)];
  polite.close();
  abrupt.terminate();
  await closeCode(polite);
  await server.close();
  expect(log.lines).toEqual([]);
});
