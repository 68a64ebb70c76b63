import { firstValueFrom, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ResponseError, ValueError } from '../../src/errors.js';
import type { Interval, NewSession } from '../../src/index.js';
import { ManualClock } from '../support/clocks/manual-clock.js';
import { fakeClient } from '../support/peers/fake-client.js';
import { settled } from '../support/settled.js';

const tkn = 2n ** 64n - 1n;

describe('sh_create_session', () => {
  it.each<[NewSession | undefined, string]>([
    [undefined, '{"SH_NEW":{}}'],
    [{}, '{"SH_NEW":{}}'],
    [{ durationSeconds: 0, deleteSessionOnExpire: false, extendOnSetAdd: false, extendOnGet: false }, '{"SH_NEW":{}}'],
    [
      { durationSeconds: 60, deleteSessionOnExpire: true, extendOnGet: true },
      '{"SH_NEW":{"expiry":{"duration":60,"deleteSession":true,"extendOnSetAdd":false,"extendOnGet":true}}}',
    ],
    [
      { durationSeconds: 9_000_000_000, schema: { a: z.string() }, expiringBefore: 10 },
      '{"SH_NEW":{"expiry":{"duration":9000000000,"deleteSession":false,"extendOnSetAdd":false,"extendOnGet":false}}}',
    ],
  ])('%j is sent as NemesisDB takes it, and never twice', async (params, text) => {
    const { client, transport } = fakeClient(() => ({ st: 1, tkn }), { retry: 'reads' });
    const session = await firstValueFrom(client.sh_create_session(params));
    expect(session).toMatchObject({ tkn, token: tkn, isValid: true });
    expect(transport.sent).toMatchObject([{ text, repeatable: false }]);
  });

  it('gives a token as bigint, however small', async () => {
    const { client } = fakeClient(() => ({ st: 1, tkn: 5 }));
    expect((await firstValueFrom(client.sh_create_session())).tkn).toBe(5n);
  });

  it('knows from the reply when the session may lapse, in milliseconds', async () => {
    // The clock stands still: a proof widens with the time since, and a worker may have taken seconds to start.
    const { client, transport } = fakeClient(() => ({ st: 1, tkn }), { clock: new ManualClock() });
    const session = await firstValueFrom(
      client.sh_create_session({ durationSeconds: 60, deleteSessionOnExpire: true }),
    );
    const { deadline } = (await firstValueFrom(session.state$)) as { readonly deadline: Interval };
    expect(transport.sent.length).toBe(1);
    expect(deadline.lo).toBeGreaterThan(59_000); // written at 0, answered at 1: 60,000 to 60,001, a little wider for the clocks
    expect(deadline.hi).toBeLessThan(61_001);
  });

  it.each<[string, object, string]>([
    ['a negative duration', { durationSeconds: -1 }, 'durationSeconds'],
    ['a fractional duration', { durationSeconds: 1.5 }, 'durationSeconds'],
    ['a duration that overflows in the server', { durationSeconds: 9_000_000_001 }, 'durationSeconds'],
    ['a duration as text', { durationSeconds: '60' }, 'durationSeconds'],
    ['0 with deleteSessionOnExpire', { deleteSessionOnExpire: true }, 'durationSeconds'],
    ['0 with extendOnSetAdd', { durationSeconds: 0, extendOnSetAdd: true }, 'durationSeconds'],
    ['0 with extendOnGet', { extendOnGet: true }, 'durationSeconds'],
    ['a flag that is no boolean', { durationSeconds: 1, extendOnGet: 1 }, 'extendOnGet'],
    ['a misspelt parameter', { duration: 60 }, 'params'],
    ['a schema whose members can not be seen', { schema: z.string() }, 'schema'],
    ['a negative expiringBefore', { durationSeconds: 60, expiringBefore: -1 }, 'expiringBefore'],
  ])('%s ends in a ValueError that names it, and nothing is sent', async (_, params, parameter) => {
    const { client, transport } = fakeClient();
    const { error } = await settled(client.sh_create_session(params as NewSession) as Observable<unknown>);
    expect(error).toBeInstanceOf(ValueError);
    expect(error).toMatchObject({ parameter });
    expect((error as Error).message).toMatch(/^sh_create_session: /);
    expect(transport.sent).toEqual([]);
  });

  it('ends in a ResponseError where the server refuses', async () => {
    const { client } = fakeClient(() => ({ st: 103, m: '', tkn: null }));
    const { values, error } = await settled(client.sh_create_session({ durationSeconds: 1 }));
    expect(values).toEqual([]);
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({ status: 103, statusName: 'SessionNewFail', command: 'SH_NEW' });
  });

  it('checks what the session holds by its schema, both ways', async () => {
    const { client } = fakeClient((command) => ({ st: 1, tkn, ...(command === 'SH_GET' && { keys: { n: 'x' } }) }));
    const session = await firstValueFrom(client.sh_create_session({ schema: z.object({ n: z.number() }) }));
    expect((await settled(session.set({ n: 'x' as never }))).error).toMatchObject({
      code: 'NDB_SCHEMA',
      direction: 'in',
    });
    expect((await settled(session.get({ key: 'n' }))).error).toMatchObject({ code: 'NDB_SCHEMA', direction: 'out' });
  });
});

describe('client.session', () => {
  const info = { st: 1, tkn, shared: false, keyCnt: 0, expires: false };

  it('asks the server first, and gives the session', async () => {
    const { client, transport } = fakeClient(() => info);
    const session = await firstValueFrom(client.session(tkn.toString(), { timeout: 70, retry: 'none' }));
    expect(session).toMatchObject({ tkn, isValid: true });
    expect(transport.sent).toMatchObject([
      { text: '{"SH_INFO":{"tkn":18446744073709551615}}', timeout: 70, repeatable: false },
    ]);
  });

  it('ends in a ResponseError of status 100 where there is none any more', async () => {
    const { client } = fakeClient(() => ({ st: 100, keyCnt: null, shared: null, tkn }));
    expect((await settled(client.session(tkn))).error).toMatchObject({ status: 100, statusName: 'SessionNotExist' });
  });

  it('tells wrong arguments as an error notification', async () => {
    const { client } = fakeClient();
    expect((await settled(client.session('x'))).error).toMatchObject({ code: 'NDB_VALUE', parameter: 'tkn' });
    for (const [options, parameter] of [
      [{ expiringBefore: -1 }, 'expiringBefore'],
      [{ schema: z.string() }, 'schema'],
      [{ timout: 1 }, 'options'],
      [null, 'options'],
    ] as const) {
      const { error } = await settled(client.session(tkn, options as never) as Observable<unknown>);
      expect(error).toMatchObject({ code: 'NDB_VALUE', parameter });
    }
  });
});
