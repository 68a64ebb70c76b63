import { firstValueFrom, forkJoin, lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type NdbClient, ReplyLostError, TimeoutError } from '../../src/index.js';
import { faultSetting } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

const setting = faultSetting();
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** Gives each key its own name as its value. */
async function fill(): Promise<void> {
  const witness = await setting.witness();
  await lastValueFrom(witness.kv_set(Object.fromEntries(names.map((name) => [name, name]))));
}

/** Loses one reply under this name: that at the given place, from now. */
function lose(replyName: string, place = 0): void {
  let seen = 0;
  setting.proxy.lets = (text) => !(text.startsWith(`{"${replyName}"`) && seen++ === place);
}

/** The kinds of what the client does from now on. */
function activityOf(client: NdbClient): readonly string[] {
  const types: string[] = [];
  client.activity$.subscribe(({ type }) => types.push(type));
  return types;
}

const get = (client: NdbClient, key: string) => client.kv_get({ key });

describe('with one reply lost', () => {
  it.each(names.map((_, place) => place))(
    'no get of eight at once has another’s value (the reply at place %i)',
    async (place) => {
      await fill();
      const client = await setting.connect();
      lose('KV_GET_RSP', place);
      expect(await lastValueFrom(forkJoin(names.map((name) => get(client, name))))).toEqual(names);
    },
  );

  it('a get alone has no later value, and the later one its own', async () => {
    await fill();
    const client = await setting.connect();
    lose('KV_GET_RSP');
    const first = settled(get(client, 'a'));
    await expect.poll(() => setting.proxy.lets?.('{"KV_GET_RSP"')).toBe(true);
    expect(await settled(get(client, 'b'))).toEqual({ values: ['b'] });
    expect(await first).toEqual({ values: ['a'] });
  });

  it('a get alone is asked again, without any other traffic', async () => {
    await fill();
    const client = await setting.connect();
    lose('KV_GET_RSP');
    expect(await firstValueFrom(get(client, 'a'))).toBe('a');
  });

  it('writes are told that they were executed, or answered; none is told of another’s success', async () => {
    const client = await setting.connect({ timeout: 1500 });
    await firstValueFrom(client.kv_set({ list: [] }));
    lose('KV_ARR_APPEND_RSP', 2);
    const appends = await Promise.all(
      names.map((name) => settled(client.kv_arr_append({ key: name === 'd' ? 'absent' : 'list', items: [name] }))),
    );
    for (const { error } of appends) {
      expect(error).toBeInstanceOf(ReplyLostError);
      expect(error).toMatchObject({ outcome: 'executed', command: 'KV_ARR_APPEND' });
    }
    expect(await firstValueFrom(client.kv_get({ key: 'list' }))).toEqual(names.filter((name) => name !== 'd'));
  });

  it('a lost fence delays, and changes nothing', async () => {
    await fill();
    const client = await setting.connect();
    let lost = 0;
    setting.proxy.lets = (text) => !(/^\{"SH_\d+_RSP"/.test(text) && lost++ === 0);
    expect(await lastValueFrom(forkJoin(names.map((name) => get(client, name))))).toEqual(names);
    expect(lost).toBeGreaterThan(0);
  });

  it('a reply that comes after its timeout reaches nobody else, and nothing is sent again for it', async () => {
    await fill();
    const client = await setting.connect();
    const activity = activityOf(client);
    setting.proxy.hinder('down', { delay: 80 });
    const late = settled(client.kv_get({ key: 'a' }, { timeout: 30 }));
    expect((await late).error).toBeInstanceOf(TimeoutError);
    expect(await lastValueFrom(forkJoin([get(client, 'b'), get(client, 'c')]))).toEqual(['b', 'c']);
    expect(activity).not.toContain('again');
    expect(setting.proxy.accepted).toBe(1);
  });

  it('a reply to one that was unsubscribed reaches nobody else, and nothing is sent again for it', async () => {
    await fill();
    const client = await setting.connect();
    const activity = activityOf(client);
    const gone = get(client, 'a').subscribe(() => expect.fail('it was unsubscribed'));
    await expect.poll(() => activity, { interval: 0 }).toContain('written');
    gone.unsubscribe();
    expect(await lastValueFrom(forkJoin([get(client, 'b'), get(client, 'c')]))).toEqual(['b', 'c']);
    expect(activity).not.toContain('again');
    expect(setting.proxy.accepted).toBe(1);
  });
});
