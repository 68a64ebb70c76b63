import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { NdbClient } from '../../src/index.js';
import { NdbServer } from '../../src/server/index.js';

class Query {
  get key() {
    return 'a';
  }
}

it('a get reads a key that the query inherits', async () => {
  await using server = await NdbServer.listen();
  await using client = new NdbClient();
  await firstValueFrom(client.open(server.url));
  await firstValueFrom(client.kv_set({ a: 1 }));
  expect(await firstValueFrom(client.kv_get(new Query()))).toBe(1);
});

it('open takes a URL object for the same server as its string', async () => {
  await using server = await NdbServer.listen();
  await using client = new NdbClient();
  await firstValueFrom(client.open(new URL(server.url)));
  await firstValueFrom(client.open(server.url));
  expect(await firstValueFrom(client.connection$)).toMatchObject({ state: 'open', url: expect.any(String) });
});

/** A program may reuse its arrays and objects as soon as it has subscribed. */
describe('an argument that the program changes after subscribing', () => {
  it('changes neither the request nor the result', async () => {
    await using server = await NdbServer.listen();
    await using client = new NdbClient();
    await firstValueFrom(client.open(server.url));
    await firstValueFrom(client.kv_set({ a: 1, b: 2 }));
    const one = { key: 'a' };
    const several = { keys: ['a', 'b'] };
    const list = ['a', 'b'];
    const tkns = ['1'];
    const find = { path: '$', rsp: 'kv' as const, keys: ['a'] };
    const got = Promise.all([
      firstValueFrom(client.kv_get(one)),
      firstValueFrom(client.kv_get(several)),
      firstValueFrom(client.kv_contains(list)),
      firstValueFrom(client.sh_session_exists(tkns)),
      firstValueFrom(client.kv_find(find)),
    ]);
    let connections = 0;
    client.connection$.subscribe(() => connections++);
    one.key = 'b';
    several.keys.length = 0;
    list.splice(0, 2, 'x');
    tkns[0] = '9';
    find.keys[0] = 'z';
    expect(await got).toEqual([1, { a: 1, b: 2 }, ['a', 'b'], [], { a: 1 }]);
    expect(connections).toBe(1);
  });
});
