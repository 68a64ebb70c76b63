import fc from 'fast-check';
import { lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { PayloadTooLargeError, ReplyLostError, ResponseError, TimeoutError } from '../../src/errors.js';
import { fakeClient } from '../support/peers/fake-client.js';
import { memoryServer } from '../support/peers/memory-server.js';
import { settled } from '../support/settled.js';
import { keyed, storable, text } from '../support/values.js';

const bytes = (frame: { readonly text: string }) => Buffer.byteLength(frame.text);

describe('a command over many keys that exceed maxPayload', () => {
  it('is split into requests that fit, with the same result as one request', async () => {
    await fc.assert(
      fc.asyncProperty(
        keyed(storable, 30),
        fc.array(text),
        fc.integer({ min: 64, max: 512 }),
        async (keys, others, limit) => {
          const cut = memoryServer();
          const whole = memoryServer();
          const { client, transport } = fakeClient(cut.answer, { maxPayload: limit });
          const unlimited = fakeClient(whole.answer, { maxPayload: 1_000_000 }).client;
          const asked = [...Object.keys(keys), ...others];

          const results = async (target: typeof client) => [
            await settled(target.kv_set(keys)),
            await settled(target.kv_add({ ...keys, more: 1 })),
            await settled(target.sh_get(7n, { keys: asked })),
            await settled(target.kv_contains({ keys: asked })),
            await settled(target.kv_rmv([...others, 'x'])),
            await settled(target.sh_get('7', { keys: asked })),
          ];
          const [inParts, atOnce] = [await results(client), await results(unlimited)];

          fc.pre(inParts.every((result) => !(result.error instanceof PayloadTooLargeError)));
          expect(inParts).toEqual(atOnce);
          expect(new Map(cut.keys)).toEqual(new Map(whole.keys));
          for (const frame of transport.sent) expect(bytes(frame)).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is not split if it has exactly maxPayload bytes', async () => {
    const frame = '{"KV_GET":{"keys":["é","key"]}}';
    const { client, transport } = fakeClient(memoryServer().answer);
    transport.maxPayload = Buffer.byteLength(frame);
    await settled(client.kv_get({ keys: ['é', 'key'] }));
    expect(transport.sent.map((sent) => sent.text)).toEqual([frame]);

    transport.maxPayload -= 1;
    await settled(client.kv_get({ keys: ['é', 'key'] }));
    expect(transport.sent.slice(1).map((sent) => sent.text)).toEqual([
      '{"KV_GET":{"keys":["é"]}}',
      '{"KV_GET":{"keys":["key"]}}',
    ]);
  });

  it('splits a list of tokens, and emits them in the order asked', async () => {
    const { client, transport } = fakeClient(memoryServer().answer, { maxPayload: 100 });
    const tkns = Array.from({ length: 20 }, (_, index) => 2n ** 64n - 1n - BigInt(index));
    expect(await settled(client.sh_session_exists(tkns))).toEqual({ values: [tkns] });
    expect(transport.sent.length).toBeGreaterThan(4);
  });

  it('joins results in the order of the keys, in whichever order the replies come', async () => {
    const { client, transport } = fakeClient(() => undefined, { maxPayload: 64 });
    const keys = ['a', 'b', 'c'].map((letter) => letter.repeat(30));
    const contained = settled(client.kv_contains(keys));
    for (const { text: sent, receiver } of transport.sent.toReversed()) {
      const contains = keys.filter((key) => sent.includes(key));
      receiver.replied({ body: { st: 1, contains }, writtenAt: 0, answeredAt: 1 });
    }
    expect(await contained).toEqual({ values: [keys] });
  });

  it('joins __proto__ like any other key', async () => {
    const server = memoryServer();
    const { client } = fakeClient(server.answer, { maxPayload: 64 });
    const keys = Object.fromEntries([
      ['__proto__', 'x'.repeat(20)],
      ['constructor', 'y'.repeat(20)],
    ]);
    await settled(client.kv_set(keys));
    const { values } = await settled(client.kv_get({ keys: ['__proto__', 'constructor', 'a'.repeat(20)] }));
    expect(values).toEqual([keys]);
    expect(Object.keys(values?.[0] ?? {}).sort()).toEqual(['__proto__', 'constructor']);
  });

  it.each<[string, (client: ReturnType<typeof fakeClient>['client']) => Parameters<typeof settled>[0]]>([
    ['one key of many is too long by itself', (client) => client.kv_set({ a: 1, b: 'x'.repeat(100), c: 1 })],
    ['the only key is too long', (client) => client.sh_get(1n, { key: 'x'.repeat(100) })],
    ['the command has to be atomic', (client) => client.kv_clear_set({ a: 'x'.repeat(50), b: 'x'.repeat(50) })],
    ['the length is that of bytes, not of characters', (client) => client.kv_set({ a: '€'.repeat(20) })],
  ])('sends nothing if %s', async (_, command) => {
    const { client, transport } = fakeClient(memoryServer().answer, { maxPayload: 64 });
    const { error } = await settled(command(client));
    expect(error).toBeInstanceOf(PayloadTooLargeError);
    expect(error).toMatchObject({ maxPayload: 64, outcome: 'not-sent' });
    expect(transport.sent).toEqual([]);
  });

  it('reads maxPayload at subscription, as a server may announce its own later', async () => {
    const { client, transport } = fakeClient(memoryServer().answer, { maxPayload: 64 });
    const set$ = client.kv_set({ a: 'x'.repeat(100) });
    expect((await settled(set$)).error).toBeInstanceOf(PayloadTooLargeError);
    transport.maxPayload = 8192;
    expect(await settled(set$)).toEqual({ values: [undefined] });
  });
});

describe('a split write of which one request fails', () => {
  const keys = Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`key${index}`, 'x'.repeat(20)]));

  it('ends in an error of the same class, with how many requests succeeded', async () => {
    let replies = 0;
    const { client } = fakeClient(() => (replies++ < 2 ? { st: 1 } : { st: 100, m: '' }), { maxPayload: 64 });
    const { error } = await settled(client.sh_set(1n, keys));
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({ status: 100, parts: { total: 6, answered: 2 } });
    expect((error as Error).message).toContain('6 requests');
    expect((error as Error).message).toContain('of which 2 succeeded');
  });

  it('has the outcome unknown even if the failed request was executed', async () => {
    const { client } = fakeClient((command) => new ReplyLostError(command, 'executed', 'a test lost it'), {
      maxPayload: 64,
    });
    expect((await settled(client.kv_set(keys))).error).toMatchObject({
      outcome: 'unknown',
      parts: { answered: 0 },
      cause: { outcome: 'executed' },
    });
  });

  it('keeps the reason of a timeout before anything was sent', async () => {
    const { client } = fakeClient((command) => new TimeoutError(command, 1, 'not-sent', 'it rained'), {
      maxPayload: 64,
    });
    const { error } = await settled(client.kv_get({ keys: ['a'.repeat(30), 'b'.repeat(30)] }));
    expect(error).toMatchObject({ outcome: 'not-sent', reason: 'it rained' });
    expect((error as Error).message).toContain('it rained');
  });

  it('reports the timeout of the call, not what was left of it for one request', async () => {
    const { client } = fakeClient((command, _, { timeout }) => new TimeoutError(command, timeout, 'unknown'), {
      maxPayload: 64,
    });
    expect((await settled(client.kv_set(keys, { timeout: 700 }))).error).toMatchObject({
      timeout: 700,
      outcome: 'unknown',
    });
  });

  it('sends at most 16 requests at once, and none after a failure or an unsubscription', async () => {
    const { client, transport } = fakeClient(() => undefined, { maxPayload: 64 });
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`key${index}`, 'x'.repeat(20)]));
    client.kv_set(many).subscribe().unsubscribe();
    expect(transport.sent.length).toBe(16);
    expect(transport.cancelled).toBe(16);
    transport.answer = (_, __, { text: sent }) => (sent.includes('key3"') ? { st: 100 } : { st: 1 });
    transport.sent.length = 0;
    await expect(lastValueFrom(client.kv_set(many))).rejects.toThrow(ResponseError);
    expect(transport.sent.length).toBe(4);
  });
});
