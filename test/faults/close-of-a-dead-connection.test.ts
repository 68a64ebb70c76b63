import { filter, firstValueFrom, lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { NdbClient } from '../../src/index.js';
import { faultSetting } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

const setting = faultSetting();
const bound = 150;
/** What the machine may take besides. */
const slack = 250;

async function timeToClose(client: NdbClient): Promise<number> {
  const begun = performance.now();
  await lastValueFrom(client.close());
  return performance.now() - begun;
}

describe('close() of a connection that is dead without saying so', () => {
  it('ends within its bound, with nothing in flight', async () => {
    const client = await setting.connect({ closeTimeout: bound });
    setting.proxy.strike('black-hole');
    expect(await timeToClose(client)).toBeLessThan(bound + slack);
  });

  it('ends within its bound with requests in flight, and they have settled', async () => {
    const client = await setting.connect({ closeTimeout: bound, timeout: 60_000 });
    setting.proxy.strike('black-hole');
    const written = firstValueFrom(client.activity$.pipe(filter(({ type }) => type === 'written')));
    const calls = Array.from({ length: 200 }, () => settled(client.kv_count()));
    await written;
    expect(await timeToClose(client)).toBeLessThan(bound + slack);
    for (const { error } of await Promise.all(calls)) expect(error).toBeDefined();
  });

  it('ends within its bound where only what the server says is lost', async () => {
    const client = await setting.connect({ closeTimeout: bound });
    setting.proxy.strike('swallow', 'down');
    expect(await timeToClose(client)).toBeLessThan(bound + slack);
  });

  it('ends within its bound while a connection is sought in a black hole', async () => {
    const client = await setting.connect({ closeTimeout: bound });
    setting.proxy.admission = 'silence';
    setting.proxy.strike('reset');
    await expect.poll(() => setting.proxy.accepted).toBeGreaterThan(1);
    expect(await timeToClose(client)).toBeLessThan(bound + slack);
  });

  it('does not take its bound where the server is alive', async () => {
    const client = await setting.connect({ closeTimeout: 10_000 });
    expect(await timeToClose(client)).toBeLessThan(slack);
    await expect.poll(() => setting.proxy.connections).toBe(0);
  });
});
