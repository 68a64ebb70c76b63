import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { SchemaError, ValueError } from '../../src/errors.js';
import { checkKeys, keySchemas, type StandardSchema } from '../../src/protocol/schema.js';
import { fakeClient } from '../support/peers/fake-client.js';
import { settled } from '../support/settled.js';

const holding = (keys: Record<string, never> | object) =>
  fakeClient(() => ({ st: 1, keys: keys as Record<string, string> })).client;

/** A schema of another library, which implements nothing but Standard Schema. */
const standard = (validate: StandardSchema['~standard']['validate']): StandardSchema => ({
  '~standard': { version: 1, vendor: 'test', validate },
});

const user = z.object({ name: z.string(), age: z.number(), tags: z.array(z.string()) });

describe('a get with a schema', () => {
  it('emits the value that the schema makes of it', async () => {
    const client = holding({ at: '2020-01-01' });
    const date = z.string().transform((text) => new Date(text));
    expect(await settled(client.sh_get(1n, { key: 'at', schema: date }))).toEqual({ values: [new Date('2020-01-01')] });
  });

  it('ends in a SchemaError that names the key and the path, not the value', async () => {
    const client = holding({ u: { name: 'hunter2', age: 1, tags: ['a', 2] } });
    const { values, error } = await settled(client.kv_get({ key: 'u', schema: user }));
    expect(values).toEqual([]);
    expect(error).toBeInstanceOf(SchemaError);
    expect(error).toMatchObject({
      code: 'NDB_SCHEMA',
      command: 'KV_GET',
      direction: 'out',
      key: 'u',
      path: ['tags', 1],
    });
    expect((error as Error).message).toContain('"tags".1');
    expect((error as Error).message).not.toContain('hunter2');
  });

  it('emits undefined for an absent key, without asking the schema', async () => {
    expect(await settled(holding({}).sh_get(1n, { key: 'u', schema: user }))).toEqual({ values: [undefined] });
    expect(await settled(holding({}).sh_get(1n, { keys: ['u'], schema: { u: user } }))).toEqual({ values: [{}] });
  });

  it('checks each of several keys against its own schema, from z.object or a plain object', async () => {
    const client = holding({ n: '5', s: 'x' });
    for (const schema of [
      z.object({ n: z.coerce.number(), s: z.string(), other: z.string() }),
      { n: z.coerce.number(), s: z.string() },
    ]) {
      expect(await settled(client.sh_get(1n, { keys: ['n', 's'], schema }))).toEqual({ values: [{ n: 5, s: 'x' }] });
    }
    const { error } = await settled(client.kv_get({ keys: ['n', 's'], schema: { n: z.string(), s: z.number() } }));
    expect(error).toMatchObject({ key: 's', path: [] });
  });

  it('ends in a ValueError for a key without a schema, and nothing is sent', async () => {
    const { client, transport } = fakeClient();
    const { error } = await settled(client.sh_get(1n, { keys: ['a', 'b'], schema: { a: z.string() } }));
    expect(error).toBeInstanceOf(ValueError);
    expect(transport.sent).toEqual([]);
  });

  it('takes a schema of any library that implements Standard Schema', async () => {
    const client = holding({ k: 'v' });
    const schema = standard(() => ({ issues: [{ message: 'secret v', path: [{ key: 'a' }, 0, Symbol('s')] }] }));
    const { error } = await settled(client.sh_get(1n, { key: 'k', schema }));
    expect(error).toMatchObject({ path: ['a', 0, 'Symbol(s)'] });
    expect(String(error)).not.toContain('secret');
  });

  it('ends in a ValueError if the schema returns a promise', async () => {
    const client = holding({ k: 'v' });
    for (const schema of [
      z.string().refine(async () => true),
      standard(async () => ({ value: 1 })),
      standard(() => Promise.reject(new Error('late'))),
    ]) {
      const { error } = await settled(client.sh_get(1n, { key: 'k', schema }));
      expect(error).toBeInstanceOf(ValueError);
      expect((error as Error).message).toContain('checks synchronously');
    }
  });

  it('ends in a ValueError if the schema throws', async () => {
    const schema = standard(() => {
      throw new Error('bug in the schema');
    });
    const { error } = await settled(holding({ k: 1 }).sh_get(1n, { key: 'k', schema }));
    expect(error).toBeInstanceOf(ValueError);
    expect((error as Error).cause).toMatchObject({ message: 'bug in the schema' });
  });

  it('checks the results of a split get', async () => {
    const schema = { a: z.coerce.number(), b: z.coerce.number() };
    const { client } = fakeClient(
      (_, body) => ({
        st: 1,
        keys: Object.fromEntries((body.keys as string[]).map((key) => [key, '1'])),
      }),
      { maxPayload: 64 },
    );
    const keys = ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b', 'a', 'b', 'a', 'b', 'a', 'b'];
    expect(await settled(client.kv_get({ keys, schema }))).toEqual({ values: [{ a: 1, b: 1 }] });
  });
});

describe('the schema of a session', () => {
  it('has one schema for each key, from a plain object, zod or valibot', () => {
    const text = standard((value) => (typeof value === 'string' ? { value } : { issues: [{ message: 'no' }] }));
    const valibot = { ...text, entries: { a: text } };
    for (const schema of [{ a: z.string() }, z.object({ a: z.string() }), valibot]) {
      expect([...(keySchemas(schema)?.keys() ?? [])]).toEqual(['a']);
    }
  });

  it('is refused if its members are not visible', () => {
    for (const schema of [z.string(), z.record(z.string(), z.string()), { a: 1 }, null, 'x', undefined]) {
      expect(keySchemas(schema)).toBeUndefined();
    }
  });

  it('may have __proto__ as a key', () => {
    const schemas = keySchemas(Object.fromEntries([['__proto__', z.string()]])) ?? new Map();
    const keys = Object.fromEntries([['__proto__', 'x']]);
    expect(checkKeys(schemas, keys, { command: 'SH_SET', direction: 'in' })).toEqual(keys);
    expect(() => checkKeys(schemas, { toString: 1 }, { command: 'SH_SET', direction: 'in' })).toThrow(
      'has no key "toString"',
    );
  });
});
