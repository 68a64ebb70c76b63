import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { ConnectionError } from '../../src/index.js';
import { FaultPeer, faithful } from '../support/faults/peer.js';
import { clientsOfTest } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

/** Codes that a peer may send, those that no peer may (1004, 1005, 1006, 1015), and one of the range for applications. */
const codes = [1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 4000];
const forbidden = new Set([1004, 1005, 1006, 1015]);

const make = clientsOfTest();
let peer: FaultPeer;

beforeEach(async () => {
  peer = await FaultPeer.listen();
});
afterEach(() => peer[Symbol.asyncDispose]());

/** Writes the close frame by hand: `ws` does not send what it must not. */
function closeWith(socket: WebSocket, code: number): void {
  if (!forbidden.has(code)) socket.close(code);
  else {
    const { _socket: wire } = socket as unknown as { _socket: { write(bytes: Buffer): void } }; // ws keeps it there
    wire.write(Buffer.from([0x88, 2, code >> 8, code & 0xff]));
  }
}

describe.each(codes)('a connection closed with %i', (code) => {
  it('leads to a new one; a read is answered there, and a write is told that nothing is known of it', async () => {
    const client = make();
    await firstValueFrom(client.open(peer.url));
    peer.reaction = (request) => {
      if (request.isOverhead) return;
      peer.reaction = faithful;
      closeWith(request.socket, code);
    };
    const lost = firstValueFrom(client.connection$.pipe(filter((state) => state.state === 'waiting')));
    const [write, read] = await Promise.all([settled(client.kv_clear()), settled(client.kv_count())]);
    expect(read).toEqual({ values: [0] });
    expect(write.error).toMatchObject({ code: 'NDB_REPLY_LOST', outcome: 'unknown', command: 'KV_CLEAR' });
    const { error } = await lost;
    expect(error).toBeInstanceOf(ConnectionError);
    // One that must not be sent is an error of the protocol.
    expect(error).toMatchObject({ closeCode: forbidden.has(code) ? 1002 : code, permanent: false });
    expect(error.message).toMatch(/[a-z]{3,}.*\.$/);
    expect(peer.accepted).toBe(2);
  });

  it('while it is being made leads to another attempt', async () => {
    peer.reaction = (request) => {
      peer.reaction = faithful;
      closeWith(request.socket, code);
    };
    const client = make();
    expect(await firstValueFrom(client.open(peer.url))).toMatchObject({ serverVersion: '0.7.2' });
    expect(peer.accepted).toBe(2);
  });
});
