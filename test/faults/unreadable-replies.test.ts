import { firstValueFrom } from 'rxjs';
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

/** The key `bad` is answered like this, each time. */
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

/** Reads the bad key amid many others, all at once. */
async function readAmidOthers(client: NdbClient) {
  const read = (place: number) => settled(client.kv_get({ key: `k${place}` }));
  const before = Array.from({ length: 30 }, (_, place) => read(place));
  const bad = settled(client.kv_get({ key: 'bad' }));
  const after = Array.from({ length: 30 }, (_, place) => read(place + 30));
  return { bad: await bad, others: await Promise.all([...before, ...after]) };
}

describe('one reply that can not be read, each time that it is asked for,', () => {
  it.each([
    ['no JSON', 'oops'],
    ['of another command', '{"KV_COUNT_RSP":{"st":1,"cnt":1}}'],
  ])('(%s) costs three connections at most, and gives no read a wrong value', async (_, data) => {
    answerBad(data);
    const client = await opened();
    const { bad, others } = await readAmidOthers(client);
    for (const [place, { values, error }] of others.entries()) {
      if (error === undefined) expect(values).toEqual([place]);
      else expect(error).toBeInstanceOf(ReplyLostError);
    }
    expect(bad.error).toBeInstanceOf(ReplyLostError);
    expect(bad.error).toMatchObject({ command: 'KV_GET', cause: expect.any(ProtocolError) });
    expect(await firstValueFrom(client.kv_get({ key: 'k1' }))).toBe(1);
    expect(peer.accepted).toBe(4);
  });
});

describe('one reply longer than maxReply', () => {
  it('is asked for three times at most, and its error names maxReply', async () => {
    peer.keys.set('bad', 'x'.repeat(5000));
    const client = await opened({ maxReply: 4096 });
    const { error } = await settled(client.kv_get({ key: 'bad' }));
    expect(error).toBeInstanceOf(ReplyLostError);
    expect(String(error)).toContain('maxReply');
    expect(peer.received).toEqual(['KV_GET', 'KV_GET', 'KV_GET']);
  });

  it('to a write is never asked for again', async () => {
    const client = await opened({ maxReply: 4096 });
    peer.reaction = onCommands(({ reply }) => reply(`{"KV_CLEAR_RSP":{"st":1,"x":"${'x'.repeat(5000)}"}}`));
    expect((await settled(client.kv_clear())).error).toMatchObject({ code: 'NDB_REPLY_LOST', outcome: 'unknown' });
    expect(peer.received).toEqual(['KV_CLEAR']);
  });
});
