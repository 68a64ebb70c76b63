import { firstValueFrom, forkJoin } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { PayloadTooLargeError, ReplyLostError } from '../../src/index.js';
import { faultSetting } from '../support/fault-setting.js';
import { settled } from '../support/settled.js';

/** As NemesisDB is shipped: 1024 bytes, which the server does not tell. */
const setting = faultSetting({ maxPayload: 1024 });
const long = 'x'.repeat(2000);

describe('a request longer than the server accepts', () => {
  it('never leaves, where the client has not been told to allow it', async () => {
    const client = await setting.connect();
    expect((await settled(client.kv_set({ long }))).error).toBeInstanceOf(PayloadTooLargeError);
    expect(setting.proxy.accepted).toBe(1);
  });

  it('cuts the connection: the error says that the server’s maxPayload is likely smaller', async () => {
    const client = await setting.connect({ maxPayload: 8192 });
    const { error } = await settled(client.kv_set({ long }));
    expect(error).toBeInstanceOf(ReplyLostError);
    expect(error).toMatchObject({ outcome: 'unknown' });
    expect(String(error)).toContain('maxPayload is likely smaller');
    expect(await firstValueFrom(client.kv_count())).toBe(0);
  });

  it('that is a read is not sent for ever, and its error says the same', async () => {
    const client = await setting.connect({ maxPayload: 8192 });
    const { error } = await settled(client.kv_get({ key: long }));
    expect(String(error)).toContain('maxPayload is likely smaller');
    expect(setting.proxy.accepted).toBeLessThanOrEqual(4);
    expect(await firstValueFrom(client.kv_count())).toBe(0);
  });

  it('does not take the reads of others with it', async () => {
    const client = await setting.connect({ maxPayload: 8192 });
    await firstValueFrom(client.kv_set({ a: 1 }));
    const cut = settled(client.kv_set({ long }));
    const others = forkJoin(Array.from({ length: 40 }, () => client.kv_get({ key: 'a' })));
    expect(await firstValueFrom(others)).toEqual(Array.from({ length: 40 }, () => 1));
    expect((await cut).error).toBeInstanceOf(ReplyLostError);
  });

  it('is not blamed where a connection breaks under short ones', async () => {
    const client = await setting.connect();
    setting.proxy.strikeAfter('up', 10, 'reset');
    const { error } = await settled(client.kv_set({ a: 1 }));
    expect(String(error)).not.toContain('maxPayload');
  });
});
