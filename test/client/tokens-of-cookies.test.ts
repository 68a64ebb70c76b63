import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseToken } from '../../src/index.js';
import { fakeClient } from '../support/peers/fake-client.js';
import { settled } from '../support/settled.js';

describe('parseToken', () => {
  it('reads every token from its decimal digits', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 2n ** 64n - 1n), (tkn) => {
        expect(parseToken(tkn.toString())).toBe(tkn);
      }),
    );
  });

  it.each([
    '',
    '0',
    'abc',
    '-1',
    '1.5',
    '012',
    ' 1',
    '1n',
    '0x10',
    '18446744073709551616',
    '9'.repeat(100),
    null,
    undefined,
  ])('is undefined for what can be no token: %s', (cookie) => {
    expect(parseToken(cookie)).toBeUndefined();
  });

  it('accepts exactly what a command accepts', async () => {
    const { client } = fakeClient();
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.stringMatching(/^\d{0,22}$/)), async (cookie) => {
        const { error } = await settled(client.sh_set(cookie, {}));
        expect(error === undefined).toBe(parseToken(cookie) !== undefined);
      }),
    );
  });
});
