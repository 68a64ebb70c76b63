import type { Server } from 'node:http';
import { NdbClient } from 'rx-nemesisdb';
import { NdbServer } from 'rx-nemesisdb/server';
import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createService } from '../../examples/http-service/service.js';

const maxAge = 1000;

let ndb: NdbServer;
let client: NdbClient;
let http: Server;
let store: ReturnType<typeof createService>['store'];

beforeEach(async () => {
  ndb = await NdbServer.listen({ sweepInterval: 20, maxPayload: 65_536 });
  client = new NdbClient({ sweepInterval: 20 });
  await firstValueFrom(client.open(ndb.url));
  const service = createService(client, { secret: 'for tests', maxAge });
  store = service.store;
  http = await new Promise((resolve) => {
    const listening = service.app.listen(0, '127.0.0.1', () => resolve(listening));
  });
});

afterEach(async () => {
  http.close();
  await firstValueFrom(client.close());
  await ndb.close();
});

/** A browser: it keeps its cookie. */
function browser() {
  let cookie = '';
  return async (method: 'GET' | 'POST', path: string, body?: object) => {
    const address = http.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { cookie, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const given = response.headers.get('set-cookie');
    if (given !== null) cookie = given.split(';')[0] ?? '';
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
}

const left = async () => (await firstValueFrom(client.kv_keys())).filter((key) => key.startsWith('sid:'));

test('a session keeps what a person did, and nobody else sees it', async () => {
  const ada = browser();
  const grace = browser();
  expect(await ada('GET', '/me')).toMatchObject({ status: 401 });
  expect(await ada('POST', '/login', { user: 'ada' })).toMatchObject({ status: 200 });
  expect(await grace('POST', '/login', { user: 'grace' })).toMatchObject({ status: 200 });
  expect(await ada('GET', '/me')).toEqual({ status: 200, body: { user: 'ada', views: 1 } });
  expect(await ada('GET', '/me')).toEqual({ status: 200, body: { user: 'ada', views: 2 } });
  expect(await grace('GET', '/me')).toEqual({ status: 200, body: { user: 'grace', views: 1 } });
});

test('a session lapses after its last use, and leaves nothing behind', async () => {
  const ada = browser();
  const lapsed = firstValueFrom(store.lapsed$);
  await ada('POST', '/login', { user: 'ada' });
  await ada('GET', '/me');
  await lapsed;
  expect(await ada('GET', '/me')).toMatchObject({ status: 401 });
  await expect.poll(left).toEqual([]);
});

test('a session that is used outlives its duration', async () => {
  const ada = browser();
  await ada('POST', '/login', { user: 'ada' });
  const until = performance.now() + 2.5 * maxAge;
  while (performance.now() < until) {
    // Time is the server's here: it lets sessions lapse.
    await new Promise((resolve) => setTimeout(resolve, maxAge / 5));
    expect(await ada('GET', '/me')).toMatchObject({ status: 200 });
  }
});

test('logging out ends the session on the server', async () => {
  const ada = browser();
  await ada('POST', '/login', { user: 'ada' });
  expect(await ada('POST', '/logout')).toMatchObject({ status: 204 });
  expect(await ada('GET', '/me')).toMatchObject({ status: 401 });
  expect(await firstValueFrom(client.sh_info_all())).toMatchObject({ totalSessions: 0 });
});

test('logging out everywhere logs out every browser of that person, and nobody else', async () => {
  const laptop = browser();
  const phone = browser();
  const grace = browser();
  await laptop('POST', '/login', { user: 'ada' });
  await phone('POST', '/login', { user: 'ada' });
  await grace('POST', '/login', { user: 'grace' });
  expect(await phone('POST', '/logout-everywhere')).toMatchObject({ status: 204 });
  expect(await laptop('GET', '/me')).toMatchObject({ status: 401 });
  expect(await phone('GET', '/me')).toMatchObject({ status: 401 });
  expect(await grace('GET', '/me')).toMatchObject({ status: 200 });
});
