import { describe, expect, it } from 'vitest';
import { commands } from '../../src/protocol/commands.js';
import { fakeClient } from '../support/peers/fake-client.js';
import { settled } from '../support/settled.js';

describe('a command', () => {
  it('sends nothing until it is subscribed to, and once for each subscription', async () => {
    const { client, transport } = fakeClient();
    const set$ = client.kv_set({ a: 1 });
    expect(transport.sent).toEqual([]);
    await settled(set$);
    expect(transport.sent.length).toBe(1);
    await settled(set$);
    expect(transport.sent.length).toBe(2);
  });

  it('cancels its request when it is unsubscribed, and only then', async () => {
    const { client, transport } = fakeClient(() => undefined);
    const subscription = client.kv_count().subscribe();
    expect(transport.cancelled).toBe(0);
    subscription.unsubscribe();
    expect(transport.cancelled).toBe(1);

    transport.answer = () => ({ st: 1, cnt: 0 });
    await settled(client.kv_count());
    expect(transport.cancelled).toBe(1);
  });

  it('has the timeout of the call, otherwise of the client', async () => {
    const { client, transport } = fakeClient(undefined, { timeout: 800 });
    await settled(client.kv_set({}));
    await settled(client.kv_set({}, { timeout: 50 }));
    await settled(client.sv_info({ timeout: 60 }));
    expect(transport.sent.map(({ timeout }) => timeout)).toEqual([800, 50, 60]);
  });

  it.each([
    ['none', false],
    ['reads', true],
  ] as const)('may be repeated if it is a read, with retry %s', async (retry, reads) => {
    for (const options of [{ retry }, {}]) {
      const { client, transport } = fakeClient(undefined, 'retry' in options ? {} : { retry });
      await settled(client.kv_count(options));
      await settled(client.kv_set({}, options));
      await settled(client.kv_update({ key: 'a', path: '$', value: 1 }, options));
      expect(transport.sent.map(({ repeatable }) => repeatable)).toEqual([reads, false, false]);
    }
  });

  it('has an alias without its prefix, as in NemesisDB examples', () => {
    const { client } = fakeClient();
    expect(client.set).toBe(client.sh_set);
    expect(client.get).toBe(client.sh_get);
    expect(client.info_all).toBe(client.sh_info_all);
  });

  it('may be repeated only if it changes nothing', () => {
    const repeatable = Object.values(commands).filter(({ retry }) => retry === 'read');
    expect(repeatable.map(({ command }) => command).sort()).toEqual(
      [
        ...['SV_INFO', 'SH_GET', 'SH_COUNT', 'SH_CONTAINS', 'SH_KEYS', 'SH_EXISTS', 'SH_INFO', 'SH_INFO_ALL'],
        ...['KV_GET', 'KV_COUNT', 'KV_CONTAINS', 'KV_KEYS', 'KV_FIND'],
      ].sort(),
    );
    expect(Object.keys(commands).length).toBe(32);
  });
});
