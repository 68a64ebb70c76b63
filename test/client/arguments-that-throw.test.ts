import type { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ValueError } from '../../src/errors.js';
import { fakeClient } from '../support/peers/fake-client.js';
import { settled } from '../support/settled.js';

const cause = new Error('of a getter');

/** An object whose member throws when it is read. */
const throwing = (name: string, others: object = {}): never =>
  Object.defineProperty({ ...others }, name, {
    enumerable: true,
    get() {
      throw cause;
    },
  }) as never;

/** A Proxy that throws whatever is done with it. */
const revoked = (target: object): never => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy as never;
};

type Client = ReturnType<typeof fakeClient>['client'];

describe('an argument that throws when it is read', () => {
  it.each<[string, string, (client: Client) => Observable<unknown>]>([
    ['a key of a get', 'query', (client) => client.kv_get(throwing('key'))],
    ['the schema of a get', 'query', (client) => client.kv_get(throwing('schema', { key: 'a' }))],
    ['a list of keys', 'keys', (client) => client.kv_contains(revoked([]))],
    ['a value', 'value', (client) => client.kv_set({ a: [throwing('b')] })],
    ['all keys', 'keys', (client) => client.kv_set(revoked({}))],
    ['tokens', 'tkns', (client) => client.sh_session_exists(revoked([]))],
    ['a duration', 'params', (client) => client.sh_create_session(throwing('durationSeconds'))],
    ['a dataset', 'name', (client) => client.kv_save(throwing('name'))],
    ['a path', 'query', (client) => client.kv_find(throwing('path', { rsp: 'kv' }))],
    ['an item', 'value', (client) => client.kv_arr_append({ key: 'a', items: [throwing('b')] })],
    ['the timeout of a call', 'options', (client) => client.kv_count(throwing('timeout'))],
    ['an option of session', 'options', (client) => client.session(1n, throwing('schema'))],
  ])('ends in a ValueError that names it: %s', async (_, parameter, command) => {
    const { client, transport } = fakeClient();
    const { error } = await settled(command(client));
    expect(error).toBeInstanceOf(ValueError);
    expect(error).toMatchObject({ parameter, outcome: 'not-sent', cause: expect.any(Error) });
    expect((error as Error).message).toContain('threw an error when');
    expect(transport.sent).toEqual([]);
  });

  it('is a ValueError of the constructor if it is an option of the client', () => {
    expect(() => fakeClient(undefined, throwing('timeout'))).toThrow(
      expect.objectContaining({ code: 'NDB_VALUE', cause }),
    );
  });

  it('is a ValueError if it is a schema that throws as it checks', async () => {
    const { client } = fakeClient(() => ({ st: 1, keys: { a: 1 } }));
    const validate = () => {
      throw cause;
    };
    const schema = { '~standard': { version: 1, vendor: 'test', validate } } as const;
    const { error } = await settled(client.kv_get({ key: 'a', schema }));
    expect(error).toMatchObject({ code: 'NDB_VALUE', cause });
  });
});
