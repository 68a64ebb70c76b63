import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NdbClient, ProtocolError, ReplyLostError } from '../../src/index.js';
import { FaultPeer, onCommands } from '../support/faults/peer.js';
import { clientsOfTest } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

const make = clientsOfTest();
let peer: FaultPeer;

beforeEach(async () => {
  peer = await FaultPeer.listen();
  for (let place = 0; place < 60; place++) peer.keys.set(`k${place}`, place);
});
afterEach(() => peer[Symbol.asyncDispose]());

/** The key `bad` is answered so, each time. */
function answerBad(data: string): void {
  peer.reaction = onCommands((request) =>
    request.text.includes('"bad"') ? request.reply(data) : request.reply(request.answer()),
  );
}

async function opened(options: Parameters<typeof make>[0] = {}): Promise<NdbClient> {
  const client = make(options);
  await firstValueFrom(client.open(peer.url));
  return client;
}

/** Reads the bad key amid many others, all at once; what came of it, and of the others. */
async function readAmidOthers(client: NdbClient) {
  const before = Array.from({ length: 30 }, (_, place) => settled(client.kv_get({ key: `k${place}` })));
  const bad = settled(client.kv_get({ key: 'bad' }));
  const after = Array.from({ length: 30 }, (_, place) => settled(client.kv_get({ key: `k${place + 30}` })));
  return { bad: await bad, others: await Promise.all([...before, ...after]) };
}

/** In how many batches 60 reads leave that are asked for at once. */
async function batchesOf60(client: NdbClient): Promise<number> {
  let batches = 0;
  const counting = client.activity$.subscribe((activity) => {
    if (activity.type === 'written') batches += 1;
  });
  await Promise.all(Array.from({ length: 60 }, (_, place) => firstValueFrom(client.kv_get({ key: `k${place}` }))));
  counting.unsubscribe();
  return batches;
}

const right = Array.from({ length: 60 }, (_, place) => ({ values: [place] }));

describe('one reply that can not be read, each time that it is asked for,', () => {
  it.each([
    ['no JSON', 'oops'],
    ['of another command', '{"KV_COUNT_RSP":{"st":1,"cnt":1}}'],
  ])('(%s) harms no read that shared its batch', async (_, data) => {
    answerBad(data);
    const client = await opened();
    const { bad, others } = await readAmidOthers(client);
    expect(others).toEqual(right);
    expect([ProtocolError, ReplyLostError].some((type) => bad.error instanceof type)).toBe(true);
    expect(await firstValueFrom(client.kv_get({ key: 'k1' }))).toBe(1);
    expect(peer.accepted).toBeLessThanOrEqual(4);
  });

  it('is named in the error of the one call that it answers', async () => {
    answerBad('oops');
    const { bad } = await readAmidOthers(await opened());
    expect(bad.error).toBeInstanceOf(ProtocolError);
    expect(bad.error).toMatchObject({ command: 'KV_GET' });
  });

  it('is no reason to ask for everything one by one for ever', async () => {
    answerBad('oops');
    const client = await opened();
    await readAmidOthers(client);
    expect(await batchesOf60(client)).toBeLessThanOrEqual(5);
  });

  it.each([
    ['is unsubscribed', (client: NdbClient) => client.kv_get({ key: 'bad' }).subscribe({ error: () => {} })],
    ['times out', (client: NdbClient) => settled(client.kv_get({ key: 'bad' }, { timeout: 30 }))],
  ])('and then %s, is no reason either', async (_, ask) => {
    const client = await opened({ reconnect: { initialDelay: 50, maxDelay: 50 } });
    answerBad('oops');
    const asked = ask(client);
    const others = Promise.all(Array.from({ length: 10 }, () => firstValueFrom(client.kv_get({ key: 'k1' }))));
    await firstValueFrom(client.connection$.pipe(filter(({ state }) => state === 'waiting')));
    if ('unsubscribe' in asked) asked.unsubscribe();
    await asked;
    await others;
    expect(await batchesOf60(client)).toBeLessThanOrEqual(5);
  });
});

describe('one reply longer than maxReply', () => {
  it('harms no read that shared its batch, and is not asked for again and again', async () => {
    peer.keys.set('bad', 'x'.repeat(5000));
    const client = await opened({ maxReply: 4096 });
    const { bad, others } = await readAmidOthers(client);
    expect(others).toEqual(right);
    expect(bad.error).toBeInstanceOf(ReplyLostError);
    expect(String(bad.error)).toContain('maxReply');
    expect(peer.accepted).toBe(3);
  });

  it('is asked for once, where it is asked for alone', async () => {
    peer.keys.set('bad', 'x'.repeat(5000));
    const client = await opened({ maxReply: 4096 });
    expect((await settled(client.kv_get({ key: 'bad' }))).error).toBeInstanceOf(ReplyLostError);
    expect(peer.received).toEqual(['KV_GET']);
  });
});
