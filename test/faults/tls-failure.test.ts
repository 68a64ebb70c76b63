import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { ConnectionError } from '../../src/index.js';
import { selfSigned } from '../support/faults/certificate.js';
import { FaultPeer } from '../support/faults/peer.js';
import { clientsOfTest } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

const make = clientsOfTest();
let undo: () => Promise<void> = async () => {};
afterEach(() => undo());

async function tlsServer(): Promise<number> {
  const server = createHttpsServer(selfSigned());
  const sockets = new WebSocketServer({ server });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo = () =>
    new Promise((resolve) => {
      sockets.close();
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return (server.address() as AddressInfo).port; // it listens on a port
}

async function plainServer(): Promise<FaultPeer> {
  const peer = await FaultPeer.listen();
  undo = () => peer[Symbol.asyncDispose]();
  return peer;
}

describe('a TLS failure', () => {
  it('for a certificate that nobody vouches for is final, and says what to check', async () => {
    const client = make();
    const waiting = settled(client.kv_count());
    const { error } = await settled(client.open(`wss://127.0.0.1:${await tlsServer()}/`));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ permanent: true });
    expect(String(error)).toMatch(/certificate/i);
    expect((await waiting).error).toMatchObject({ code: 'NDB_CONNECTION', outcome: 'not-sent' });
  });

  it('of wss:// to a plain port is final, and says that the port speaks no TLS', async () => {
    const peer = await plainServer();
    const client = make();
    const { error } = await settled(client.open(peer.url.replace('ws:', 'wss:')));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ permanent: true });
    expect(String(error)).toMatch(/TLS/);
    expect(peer.accepted).toBe(0);
  });

  it('of ws:// to a TLS port is told, and a command ends within its timeout', async () => {
    const client = make({ timeout: 300, reconnect: false });
    const waiting = settled(client.kv_count());
    const { error } = await settled(client.open(`ws://127.0.0.1:${await tlsServer()}/`));
    expect(error).toBeInstanceOf(ConnectionError);
    expect((await waiting).error).toMatchObject({ code: 'NDB_CONNECTION' });
  });

  it('of one client harms no other', async () => {
    const peer = await plainServer();
    const [sound, broken] = [make(), make()];
    await firstValueFrom(sound.open(peer.url));
    await settled(broken.open(peer.url.replace('ws:', 'wss:')));
    expect(await firstValueFrom(sound.kv_count())).toBe(0);
  });
});
