import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { firstValueFrom, lastValueFrom, retry, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { ConnectionError, type ConnectionState } from '../../src/index.js';
import { FaultPeer } from '../support/faults/peer.js';
import { clientsOfTest } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

const make = clientsOfTest();
let peer: FaultPeer;
let gate: Server;
/** The status with which the gate refuses a request to connect; `undefined`: it lets it in. */
let refuses: (request: IncomingMessage) => number | undefined;
let requests: IncomingMessage[];

beforeEach(async () => {
  peer = await FaultPeer.listen();
  requests = [];
  refuses = () => 401;
  gate = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  gate.on('upgrade', (request, socket, head) => {
    requests.push(request);
    const status = refuses(request);
    if (status !== undefined) socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\n\r\n`);
    else sockets.handleUpgrade(request, socket, head, (accepted) => peer.accept(accepted));
  });
  await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  gate.closeAllConnections();
  gate.close();
  await peer[Symbol.asyncDispose]();
});

const url = (path = '/') => `ws://127.0.0.1:${(gate.address() as AddressInfo).port}${path}`; // it listens on a port

describe('a client that is refused at its first connection', () => {
  it.each([
    [401, /credentials/],
    [403, /credentials, or the origin of this page/],
    [404, /no NemesisDB at this path/],
    [426, /another protocol/],
  ])('with HTTP %i is idle with the error, which says what to do', async (status, advice) => {
    refuses = () => status;
    const client = make();
    const states: ConnectionState[] = [];
    client.connection$.subscribe((state) => states.push(state));
    const { error } = await settled(client.open(url()));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toMatch(advice);
    expect(states.at(-1)).toMatchObject({ state: 'idle', error });
    expect(requests).toHaveLength(1);
  });

  it('fails the commands that wait, with the refusal as their cause', async () => {
    const client = make();
    const count = settled(client.kv_count());
    const { error } = await settled(client.open(url()));
    expect((await count).error).toMatchObject({ code: 'NDB_CONNECTION', outcome: 'not-sent', cause: error });
  });

  it('can be opened again, to another URL too, and commands flow', async () => {
    const client = make();
    await settled(client.open(url('/?token=old')));
    refuses = ({ url: path }) => (path === '/?token=new' ? undefined : 401);
    await firstValueFrom(client.open(url('/?token=new')));
    expect(await firstValueFrom(client.kv_count())).toBe(0);
  });

  it('is opened in the end by retry', async () => {
    refuses = () => (requests.length < 3 ? 401 : undefined);
    const client = make();
    await firstValueFrom(client.open(url()).pipe(retry({ count: 5, delay: 1 })));
    expect(requests).toHaveLength(3);
  });
});

describe('a command without a connection', () => {
  it('that times out has the last error of the connection as its cause', async () => {
    const { port } = peer;
    await peer[Symbol.asyncDispose]();
    const client = make();
    client.open(`ws://127.0.0.1:${port}/`).subscribe({ error: () => {} });
    const { error } = await settled(client.kv_count({ timeout: 200 }));
    expect(error).toMatchObject({ code: 'NDB_TIMEOUT', outcome: 'not-sent', cause: { code: 'NDB_CONNECTION' } });
    expect(String((error as Error).cause)).toContain('ECONNREFUSED'); // checked above
    peer = await FaultPeer.listen();
  });
});

describe('a client whose server is not there', () => {
  it('can be closed while open() still tries: that is no error', async () => {
    const { port } = peer;
    await peer[Symbol.asyncDispose]();
    peer = await FaultPeer.listen();
    const client = make();
    const opening = lastValueFrom(client.open(`ws://127.0.0.1:${port}/`).pipe(toArray()));
    await new Promise((resolve) => setTimeout(resolve, 20)); // some attempts fail
    await lastValueFrom(client.close());
    expect(await opening).toEqual([]);
  });
});

describe('what a function gives', () => {
  it('is asked for at each attempt: URL and headers', async () => {
    refuses = () => undefined;
    let asked = 0;
    const client = make({ headers: () => ({ authorization: `Bearer ${asked}` }) });
    await firstValueFrom(client.open(async () => url(`/?attempt=${++asked}`)));
    for (const socket of peer.sockets) socket.terminate();
    await expect.poll(() => requests.length).toBe(2);
    expect(requests.map(({ url: path, headers }) => [path, headers.authorization])).toEqual([
      ['/?attempt=1', 'Bearer 1'],
      ['/?attempt=2', 'Bearer 2'],
    ]);
  });

  it('may be a failure, which is an error of the connection, and is asked for again', async () => {
    refuses = () => undefined;
    let asked = 0;
    const client = make();
    const states: ConnectionState[] = [];
    client.connection$.subscribe((state) => states.push(state));
    const source = () => {
      asked += 1;
      if (asked === 1) throw new Error('no token yet');
      return asked === 2 ? 'http://nonsense' : url();
    };
    await firstValueFrom(client.open(source));
    const errors = states.flatMap((state) => (state.state === 'waiting' ? [String(state.error)] : []));
    expect(errors).toEqual([expect.stringContaining('failed'), expect.stringContaining('wrong URL')]);
  });
});

describe('the states of a connection', () => {
  it('are frozen objects, the same for each subscriber, and not what the client goes by', async () => {
    refuses = () => undefined;
    const client = make();
    await firstValueFrom(client.open(url('/?token=secret')));
    const [one, other] = await Promise.all([firstValueFrom(client.connection$), firstValueFrom(client.connection$)]);
    expect(one).toBe(other);
    expect(() => Object.assign(one, { url: 'redacted' })).toThrow(TypeError);
    for (const socket of peer.sockets) socket.terminate();
    await expect.poll(() => requests.length).toBe(2);
    expect(requests[1]?.url).toBe('/?token=secret');
  });
});
