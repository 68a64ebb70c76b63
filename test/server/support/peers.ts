import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { type Log, NdbServer, type NdbServerOptions } from '../../../src/server/index.js';

/** Connects; rejects where the server refuses. */
export async function connectTo(url: string, headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false, headers });
  await once(socket, 'open');
  return socket;
}

/** Sends a frame and waits for one reply. */
export async function ask(socket: WebSocket, frame: string | Buffer): Promise<string> {
  const reply = once(socket, 'message');
  socket.send(frame);
  const [data] = await reply;
  return String(data);
}

/** The code that a connection is closed with. */
export async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = await once(socket, 'close');
  return Number(code);
}

/** A plain TCP connection to a server. */
export async function connectPlainly(server: NdbServer): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** A server with a folder to save in; both go away with it. */
export async function serverWithFolder(
  options: NdbServerOptions = {},
): Promise<{ server: NdbServer; folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'ndb-test-'));
  const server = await NdbServer.listen({ persist: folder, ...options });
  return {
    server,
    folder,
    async [Symbol.asyncDispose]() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A log that keeps its lines. */
export function keptLog(): Log & { lines: string[] } {
  const lines: string[] = [];
  const keep = (message: string) => void lines.push(message);
  return { lines, error: keep, warn: keep, info: keep };
}

/** A frame as a client would send it, with a mask of zeros, which leaves the payload as it is. */
export function rawFrame(firstByte: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([firstByte, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

/** The head of an upgrade, but for the empty line that ends it. */
export const upgrade =
  'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
