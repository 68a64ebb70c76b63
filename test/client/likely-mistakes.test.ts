import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { firstValueFrom, lastValueFrom, type Observable } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NdbClient } from '../../src/index.js';
import { NdbServer } from '../../src/server/index.js';
import { fakeClient } from '../support/peers/fake-client.js';

let server: NdbServer;
let client: NdbClient;
const clients: NdbClient[] = [];

function newClient(...options: ConstructorParameters<typeof NdbClient>): NdbClient {
  const made = new NdbClient(...options);
  clients.push(made);
  return made;
}

beforeAll(async () => {
  server = await NdbServer.listen();
  client = new NdbClient();
  await firstValueFrom(client.open(server.url));
});

afterEach(() => {
  for (const made of clients.splice(0)) made.close();
});

afterAll(async () => {
  client.close();
  await server[Symbol.asyncDispose]();
});

/** The message of the error that a program gets. */
async function messageOf(command: Observable<unknown>): Promise<string> {
  const error: unknown = await lastValueFrom(command).then(
    (value) => expect.unreachable(`no error, but ${value}`),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return String(error);
}

/** Calls as a program without types does. */
const untyped = (made: NdbClient) => made as unknown as Record<string, (...args: unknown[]) => Observable<unknown>>;

/** A port on which nothing listens. */
async function deadPort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo; // it listens on a port
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

describe('the message for a likely mistake says what to do', () => {
  it('a server that is not running, or a wrong port', async () => {
    const url = `ws://127.0.0.1:${await deadPort()}/`;
    const message = await messageOf(newClient({ reconnect: false }).open(url));
    expect(message).toMatch(/^ConnectionError: .*ECONNREFUSED/);
    const waiting = newClient({ timeout: 300 });
    waiting.open(url).subscribe();
    expect(await messageOf(waiting.kv_count())).toMatch(
      /^TimeoutError: KV_COUNT was not sent within 300 ms: .*connect/,
    );
  });

  it('another server on that port', async () => {
    const web = createServer((_, response) => response.end('hello'));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const { port } = web.address() as AddressInfo; // as above
    const message = await messageOf(newClient({ reconnect: false }).open(`ws://127.0.0.1:${port}/`));
    expect(message).toMatch(/^ConnectionError: .*[Cc]heck the URL/);
    web.closeAllConnections();
    web.close();
  });

  it('open that was never subscribed to', async () => {
    const forgetful = newClient({ timeout: 100 });
    forgetful.open(server.url);
    expect(await messageOf(forgetful.kv_count())).toBe(
      'TimeoutError: KV_COUNT was not sent within 100 ms: open() was not subscribed to. Nothing happened on the server.',
    );
  });

  it('an https URL', async () => {
    expect(await messageOf(newClient().open('https://example.com/'))).toMatch(/^ValueError: .*(ws|wss):/);
  });

  it('a token that is a number', async () => {
    expect(await messageOf(untyped(client).sh_get?.(12, { key: 'a' }) as Observable<unknown>)).toBe(
      "ValueError: sh_get: tkn must be a bigint or a string of decimal digits, not a number: a number can't hold " +
        'every token. Nothing was sent.',
    );
  });

  it('both key and keys, or neither', async () => {
    expect(await messageOf(client.kv_get({ key: 'a', keys: ['b'] } as { key: string }))).toBe(
      'ValueError: kv_get: query takes either key or keys, not both. Nothing was sent.',
    );
    expect(await messageOf(untyped(client).kv_get?.('a') as Observable<unknown>)).toBe(
      'ValueError: kv_get: query must name the keys: { key: string } or { keys: string[] }. Nothing was sent.',
    );
  });

  it('a payload that is too large', async () => {
    const { client: limited } = fakeClient(undefined, { maxPayload: 1024 });
    expect(await messageOf(limited.kv_set({ long: 'x'.repeat(2000) }))).toBe(
      'PayloadTooLargeError: KV_SET needs a request of 2031 bytes; the server accepts 1024. ' +
        "Send less at once, or raise maxPayload here and in the server's configuration.",
    );
  });

  it.each<[string, unknown, string]>([
    ['a Date', new Date(), '"a" is an instance of Date. Send its toISOString() or getTime()'],
    ['a Map', new Map(), '"a" is an instance of Map. Send Object.fromEntries(map)'],
    ['a Set', new Set(), '"a" is an instance of Set. Send an array, [...set]'],
    ['NaN', Number.NaN, '"a" is not a finite number, and JSON has no form for NaN and Infinity'],
    ['a function', () => 1, '"a" is a function, which JSON has no form for'],
    ['undefined', [undefined], '"a".0 is undefined, which JSON has no form for. Use null, or leave the member out'],
    ['2^70', 2n ** 70n, '"a" is an integer of more than 64 bits, which NemesisDB does not keep. Send it as a string'],
  ])('a value that is no JSON: %s', async (_, value, what) => {
    const message = `ValueError: kv_set: The value at ${what}. Nothing was sent.`;
    expect(await messageOf(client.kv_set({ a: value as string }))).toBe(message);
  });

  it('a duration of 0 with a flag', async () => {
    expect(await messageOf(client.sh_create_session({ extendOnGet: true }))).toBe(
      'ValueError: sh_create_session: durationSeconds must be more than 0 with extendOnGet: ' +
        'a session of 0 seconds never expires. Nothing was sent.',
    );
  });

  it('a misspelt option', async () => {
    expect(() => newClient({ timout: 5 } as object)).toThrow(
      /^NdbClient: options has no "timout"; it takes timeout, retry/,
    );
    expect(await messageOf(untyped(client).kv_count?.({ timout: 5 }) as Observable<unknown>)).toBe(
      'ValueError: kv_count: options has no "timout"; it takes timeout, retry. Nothing was sent.',
    );
  });

  it('a client that is closed', async () => {
    const closed = newClient();
    await firstValueFrom(closed.close());
    const advice = 'ClosedError: The client is closed. Make a new NdbClient to connect again.';
    expect(await messageOf(closed.kv_count())).toBe(advice);
    expect(await messageOf(closed.open(server.url))).toBe(advice);
  });

  it('a session that is gone', async () => {
    expect(await messageOf(client.sh_get(1n, { key: 'a' }))).toBe(
      'ResponseError: The server refused SH_GET: SessionNotExist (100). ' +
        'The session expired or was ended, or the server restarted. Create a new one.',
    );
  });

  it('a server without sessions', async () => {
    const { client: withoutSessions } = fakeClient(() => ({ st: 10, m: '' }));
    expect(await messageOf(withoutSessions.sh_create_session())).toBe(
      'ResponseError: The server refused SH_NEW: CommandNotExist (10). ' +
        'This server has no sessions, as NemesisDB 0.9 and later. Use the kv_ commands, or a server of 0.7 or 0.8.',
    );
  });
});
