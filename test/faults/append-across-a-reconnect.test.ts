import { filter, firstValueFrom, skip } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type NdbClient, ReplyLostError } from '../../src/index.js';
import { faultSetting } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

/** An append is what `INCR` is elsewhere: executed twice, it leaves another value. The server's own list tells. */
const setting = faultSetting();

async function emptyList(): Promise<NdbClient> {
  const witness = await setting.witness();
  await firstValueFrom(witness.kv_set({ list: [] }));
  return witness;
}

const listOf = (witness: NdbClient) => firstValueFrom(witness.kv_get({ key: 'list' }));
const append = (client: NdbClient, item: number) => client.kv_arr_append({ key: 'list', items: [item] });
const reconnection = (client: NdbClient) =>
  firstValueFrom(
    client.connection$.pipe(
      skip(1),
      filter(({ state }) => state === 'open'),
    ),
  );

describe('an append whose connection breaks', () => {
  it('after the server has executed it is not executed again', async () => {
    const witness = await emptyList();
    const client = await setting.connect();
    const back = reconnection(client);
    setting.proxy.lets = (text) => {
      if (text.startsWith('{"KV_ARR_APPEND_RSP"')) setting.proxy.strike('reset');
      return true;
    };
    const { error } = await settled(append(client, 1));
    expect(error).toBeInstanceOf(ReplyLostError);
    expect(error).toMatchObject({ outcome: 'unknown' });
    expect(String(error)).toContain('read the state before you send it again');
    await back;
    // A read after it on the new connection: what would be sent again has come by then.
    expect(await firstValueFrom(client.kv_get({ key: 'list' }))).toEqual([1]);
    expect(await listOf(witness)).toEqual([1]);
  });

  it('on its way to the server is not sent again either', async () => {
    const witness = await emptyList();
    const client = await setting.connect();
    const back = reconnection(client);
    setting.proxy.strikeAfter('up', 20, 'reset');
    expect((await settled(append(client, 1))).error).toMatchObject({ code: 'NDB_REPLY_LOST', outcome: 'unknown' });
    await back;
    expect(await firstValueFrom(client.kv_get({ key: 'list' }))).toEqual([]);
    expect(await listOf(witness)).toEqual([]);
  });

  it('among many is executed once or never, and every one is told the truth', async () => {
    const witness = await emptyList();
    const client = await setting.connect();
    setting.proxy.strikeAfter('down', 1600, 'truncate');
    const items = Array.from({ length: 100 }, (_, item) => item);
    const results = await Promise.all(items.map((item) => settled(append(client, item))));
    const list = await listOf(witness);
    expect(Array.isArray(list) && new Set(list).size === list.length).toBe(true);
    const outcomes = results.map(({ error }) => (error === undefined ? 'answered' : (error as ReplyLostError).outcome)); // no other error belongs here
    for (const [item, outcome] of outcomes.entries()) {
      if (outcome === 'answered' || outcome === 'executed') expect(list).toContain(item);
      if ((outcome as string) === 'not-sent') expect(list).not.toContain(item);
    }
    expect(new Set(outcomes)).toEqual(new Set(['answered', 'unknown']));
  });
});
