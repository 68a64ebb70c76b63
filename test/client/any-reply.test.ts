import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NdbError } from '../../src/errors.js';
import { commands } from '../../src/protocol/commands.js';
import type { JsonObject, JsonValue } from '../../src/protocol/json.js';
import { fakeClient } from '../support/peers/fake-client.js';
import { settled } from '../support/settled.js';
import { storable } from '../support/values.js';

/** Members that replies have, with values of any kind. */
const members = [
  'keys',
  'contains',
  'exist',
  'cnt',
  'tkn',
  'expiry',
  'expires',
  'keyCnt',
  'paths',
  'name',
  'duration',
  'm',
];
const whole = fc.oneof(fc.integer(), fc.bigInt(-(2n ** 70n), 2n ** 70n), fc.constant(Number.MAX_VALUE));
const status = fc.oneof(fc.constantFrom<JsonValue>(1, 121, 141, 100, 10), storable);
const reply: fc.Arbitrary<JsonObject> = fc
  .tuple(status, fc.dictionary(fc.constantFrom(...members), fc.oneof(storable, whole)))
  .map(([st, others]) => ({ ...others, st }));

const args: Readonly<Record<string, unknown>> = {
  keys: { a: 1 },
  query: { path: '$', rsp: 'keys', key: 'a' },
  tkns: [1n],
  name: 'x',
  update: { key: 'a', path: '$', value: 1 },
  append: { key: 'a', items: [1] },
};

describe('whatever a peer replies', () => {
  it('a command ends in one value or in one error of this library', async () => {
    const { client, transport } = fakeClient();
    const methods = client as unknown as Record<string, (...given: unknown[]) => never>; // called by name
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.entries(commands)), reply, async ([method, row], body) => {
        transport.answer = () => body;
        const { name } = row.parameter ?? { name: '' };
        const argument =
          method === 'kv_find' ? { path: '$', rsp: 'keys' } : method.endsWith('_get') ? { key: 'a' } : args[name];
        const given = method.endsWith('rmv') || method.endsWith('contains') ? ['a'] : argument;
        const { values, error } = await settled(
          methods[method]?.(...(row.bound ? [7n] : []), ...(name ? [given] : [])) as never,
        );
        if (error === undefined) expect(values.length).toBe(1);
        else expect(error).toBeInstanceOf(NdbError);
        expect(error).not.toMatchObject({ code: 'NDB_VALUE' });
      }),
      { numRuns: 3000 },
    );
  });
});
