import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { MemoryStore, NdbServer } from '../../src/server/index.js';
import { ask, closeCode, connectTo } from './support/peers.js';
import { slowStore } from './support/slow-store.js';

describe('a server', () => {
  test('answers each connection in order, even if its store answers later', async () => {
    await using server = await NdbServer.listen({ store: slowStore(new MemoryStore()) });
    const socket = await connectTo(server.url);
    const replies: string[] = [];
    const done = new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        if (replies.push(String(data)) === 400) resolve();
      });
    });
    for (let index = 0; index < 200; index++) {
      socket.send(`{"KV_SET":{"keys":{"n":${index}}}}`);
      socket.send(index % 2 === 0 ? '{"KV_GET":{"keys":["n"]}}' : `{"SH_${index}":{}}`);
    }
    await done;
    for (let index = 0; index < 200; index += 2) {
      expect(replies[2 * index + 1]).toBe(`{"KV_GET_RSP":{"keys":{"n":${index}},"st":1}}`);
      expect(replies[2 * index + 3]).toBe(`{"SH_${index + 1}_RSP":{"m":"","st":10,"tkn":null}}`);
    }
    socket.terminate();
  });

  test('does not take an empty host for all addresses of the machine', async () => {
    await expect(NdbServer.listen({ host: '' })).rejects.toMatchObject({ code: 'NDB_VALUE', parameter: 'host' });
  });

  test('answers unknown names of other families under the first such name, on every connection', async () => {
    await using server = await NdbServer.listen();
    const [first, second] = [await connectTo(server.url), await connectTo(server.url)];
    const stale = '{"SV_ONE_RSP":{"m":"","st":10,"tkn":null}}';
    expect(await ask(first, '{"SV_ONE":{}}')).toBe(stale);
    expect(await ask(second, '{"OARR_TWO":{}}')).toBe(stale);
    for (const socket of [first, second]) socket.terminate();
  });

  test('announces a maxPayload that is not the usual one, and more to clients that ask', async () => {
    await using usual = await NdbServer.listen();
    await using large = await NdbServer.listen({ maxPayload: 8192 });
    const [one, other] = [await connectTo(usual.url), await connectTo(large.url)];
    const rest = '"persistEnabled":false,"serverVersion":"0.7.2","st":1}}';
    expect(await ask(one, '{"SV_INFO":{}}')).toBe(`{"SV_INFO_RSP":{${rest}`);
    expect(await ask(other, '{"SV_INFO":{}}')).toBe(`{"SV_INFO_RSP":{"maxPayload":8192,${rest}`);
    expect(await ask(one, '{"SV_INFO":{"maxPayload":null}}')).toBe(
      `{"SV_INFO_RSP":{"connections":1,"features":["ids","watch"],"maxPayload":1024,"memoryUsed":0,"sweepInterval":5000,${rest}`,
    );
    for (const socket of [one, other]) socket.terminate();
  });

  test('gives 1.0 back as 1.0, and 1 as 1', async () => {
    await using server = await NdbServer.listen();
    const socket = await connectTo(server.url);
    const token = /"tkn":(\d+)/.exec(await ask(socket, '{"SH_NEW":{}}'))?.[1];
    await ask(socket, '{"KV_SET":{"keys":{"n":{"real":1.0,"whole":1,"half":0.5,"large":2e3}}}}');
    await ask(socket, `{"SH_SET":{"tkn":${token},"keys":{"n":1.0}}}`);
    expect(await ask(socket, '{"KV_GET":{"keys":["n"]}}')).toContain(
      '{"half":0.5,"large":2000.0,"real":1.0,"whole":1}',
    );
    expect(await ask(socket, `{"SH_GET":{"tkn":${token},"keys":["n"]}}`)).toContain('{"n":1.0}');
    socket.terminate();
  });

  test('answers /healthz over plain HTTP, and other requests with 426', async () => {
    await using server = await NdbServer.listen();
    const health = await fetch(`http://127.0.0.1:${server.port}/healthz`);
    expect([health.status, await health.text()]).toEqual([200, 'ok\n']);
    expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(426);
  });

  test('closes its clients with 1001, and no longer listens when close() resolves', async () => {
    const server = await NdbServer.listen();
    const socket = await connectTo(server.url);
    const closed = closeCode(socket);
    await Promise.all([server.close(), server.close()]);
    expect(await closed).toBe(1001);
    await expect(connectTo(server.url)).rejects.toThrow('ECONNREFUSED');
  });

  test('drops a client that no longer answers pings, and keeps a silent one that does', async () => {
    await using server = await NdbServer.listen({ idleTimeout: 100 });
    const silent = await connectTo(server.url);
    const gone = new WebSocket(server.url, { autoPong: false });
    expect(await closeCode(gone)).toBe(1006);
    await wait(300);
    expect(await ask(silent, '{"KV_COUNT":{}}')).toBe('{"KV_COUNT_RSP":{"cnt":0,"st":1}}');
    silent.terminate();
  });

  test('refuses to save if it has no folder', async () => {
    await using server = await NdbServer.listen();
    const socket = await connectTo(server.url);
    expect(await ask(socket, '{"KV_SAVE":{}}')).toBe('{"KV_SAVE_RSP":{"m":"","st":14}}');
    expect(await ask(socket, '{"SH_LOAD":{"name":"x"}}')).toBe('{"SH_LOAD_RSP":{"name":"x","st":142}}');
    socket.terminate();
  });

  test.each([{ port: 70_000 }, { maxPayload: 1.5 }, { sweepInterval: 9 }, { persist: '/no/such/folder' }])(
    'does not start with %j',
    async (options) => {
      await expect(NdbServer.listen(options)).rejects.toThrow(Object.keys(options)[0] ?? '');
    },
  );

  test('names the first wrong parameter in the order of their names, and the parameter before the session', async () => {
    await using server = await NdbServer.listen();
    const socket = await connectTo(server.url);
    const type = '"m":"Param type incorrect","st":41';
    const missing = '"m":"Missing parameter","st":26';
    expect(await ask(socket, '{"SH_NEW":{"expiry":{"deleteSession":1}}}')).toContain(type);
    expect(await ask(socket, '{"SH_NEW":{"expiry":{"extendOnGet":1}}}')).toContain(missing);
    expect(await ask(socket, '{"SH_NEW":{"expiry":{"duration":5.0}}}')).toContain(type);
    expect(await ask(socket, '{"SH_NEW":{"tkn":1,"expiry":{"duration":5.0}}}')).toContain(type);
    expect(await ask(socket, '{"KV_ARR_APPEND":{"key":1}}')).toContain(missing);
    expect(await ask(socket, '{"KV_ARR_APPEND":{"items":1}}')).toContain(type);
    expect(await ask(socket, '{"SH_SET":{"tkn":1}}')).toContain(missing);
    expect(await ask(socket, '{"SH_INFO":{}}')).toBe('{"SH_INFO_RSP":{"m":"","st":13,"tkn":null}}');
    expect(await ask(socket, '{"SH_END":{"tkn":1.0}}')).toBe('{"SH_END_RSP":{"m":"","st":100,"tkn":null}}');
    socket.terminate();
  });
});
