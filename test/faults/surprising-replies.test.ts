import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NdbClient, ProtocolError, ReplyLostError, ResponseError } from '../../src/index.js';
import { FaultPeer, faithful } from '../support/faults/peer.js';
import { clientsOfTest } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

const make = clientsOfTest();
let peer: FaultPeer;
let client: NdbClient;
let bystander: NdbClient;

beforeEach(async () => {
  peer = await FaultPeer.listen();
  peer.keys.set('a', 1);
  client = make();
  bystander = make();
  await Promise.all([client, bystander].map((each) => firstValueFrom(each.open(peer.url))));
});
afterEach(() => peer[Symbol.asyncDispose]());

/** The next command is answered so; everything after it faithfully. */
function answerOnce(data: string | Uint8Array): void {
  peer.reaction = (request) => {
    if (request.isOverhead) return faithful(request);
    peer.reaction = faithful;
    request.reply(data);
  };
}

/** The client works on, over a new connection or the old one; nobody else has noticed. */
async function unharmed(connections: number): Promise<void> {
  expect(await firstValueFrom(client.kv_get({ key: 'a' }))).toBe(1);
  expect(await firstValueFrom(bystander.kv_get({ key: 'a' }))).toBe(1);
  expect(peer.accepted).toBe(connections);
}

const deep = (depth: number) => `{"KV_GET_RSP":{"st":1,"keys":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}}`;

/** Replies that can't be read: the connection is not to be trusted after them. */
const unreadable = {
  'no JSON': 'I am a teapot',
  empty: '',
  'cut off': '{"KV_GET_RSP":{"st":1,"keys":{"a":',
  'a number': '7',
  null: 'null',
  'a list': '[{"KV_GET_RSP":{"st":1}}]',
  'an object without members': '{}',
  'of a name and no object': '{"KV_GET_RSP":1}',
  'of two members': '{"KV_GET_RSP":{"st":1,"keys":{"a":"wrong"}},"KV_SET_RSP":{"st":1}}',
  'under the name of another command': '{"KV_COUNT_RSP":{"st":1,"cnt":5}}',
  binary: new Uint8Array([0, 255, 1]),
};

/** Replies in their right place, whose content is nothing that the command answers. */
const unknownShapes = {
  'without a status': '{"KV_GET_RSP":{"keys":{"a":1}}}',
  'with a status that is no number': '{"KV_GET_RSP":{"st":"1","keys":{"a":1}}}',
  'without what was asked for': '{"KV_GET_RSP":{"st":1}}',
  'with a list in the place of an object': '{"KV_GET_RSP":{"st":1,"keys":[1]}}',
};

describe('a reply', () => {
  it.each(Object.entries(unreadable))(
    'that is %s: a ProtocolError or a repeated read, and a new connection',
    async (_, data) => {
      answerOnce(data);
      const { values, error } = await settled(client.kv_get({ key: 'a' }));
      if (error === undefined) expect(values).toEqual([1]);
      else {
        expect(error).toBeInstanceOf(ProtocolError);
        expect(error).toMatchObject({ command: 'KV_GET' });
      }
      await unharmed(3);
    },
  );

  it.each(Object.entries(unreadable))(
    'to a write that is %s: a typed error, and the write is sent once',
    async (_, data) => {
      answerOnce(data);
      const { error } = await settled(client.kv_arr_append({ key: 'a', items: [1] }));
      expect([ProtocolError, ReplyLostError].some((type) => error instanceof type)).toBe(true);
      await unharmed(3);
      expect(peer.received.filter((name) => name === 'KV_ARR_APPEND')).toHaveLength(1);
    },
  );

  it.each(Object.entries(unknownShapes))('%s: a ProtocolError for this call alone', async (_, data) => {
    answerOnce(data);
    const { error } = await settled(client.kv_get({ key: 'a' }));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ command: 'KV_GET' });
    await unharmed(2);
  });

  it('ERR: the server’s refusal, with its status', async () => {
    answerOnce('{"ERR":{"st":3,"m":"bad"}}');
    const { error } = await settled(client.kv_get({ key: 'a' }));
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({ status: 3, statusName: 'JsonInvalid', serverMessage: 'bad' });
    await unharmed(2);
  });

  it('with a status of no name: a ResponseError', async () => {
    answerOnce('{"KV_GET_RSP":{"st":777,"m":""}}');
    expect((await settled(client.kv_get({ key: 'a' }))).error).toMatchObject({ code: 'NDB_RESPONSE', status: 777 });
    await unharmed(2);
  });

  it('unasked for: a new connection, and nobody is answered with it', async () => {
    const lost = firstValueFrom(client.connection$.pipe(filter((state) => state.state === 'waiting')));
    for (const socket of peer.sockets) {
      socket.send('{"KV_GET_RSP":{"st":1,"keys":{"a":"wrong"}}}');
      break;
    }
    expect((await lost).error).toBeInstanceOf(ProtocolError);
    await unharmed(3);
  });

  it('nested 10,000 deep: read, or an error for this call; no overflow', async () => {
    answerOnce(deep(10_000));
    const { values, error } = await settled(client.kv_get({ key: 'a' }));
    if (error === undefined) expect(Array.isArray(values[0])).toBe(true);
    else expect(error).toBeInstanceOf(ProtocolError);
    await firstValueFrom(bystander.kv_count());
    expect(await firstValueFrom(client.kv_count())).toBe(1);
  });

  it('nested 10,000 deep with an integer that needs exactness: read, or an error for this call; no overflow', async () => {
    answerOnce(deep(10_000).replace('[]', '[12345678901234567890]'));
    const { values, error } = await settled(client.kv_get({ key: 'a' }));
    if (error === undefined)
      expect(Array.isArray(values[0]) || values[0] === 1).toBe(true); // 1: read once more
    else expect(error).toBeInstanceOf(ProtocolError);
    await firstValueFrom(bystander.kv_count());
    expect(await firstValueFrom(client.kv_count())).toBe(1);
  });

  it('50 MiB long: read, as it is shorter than maxReply', async () => {
    const text = 'x'.repeat(50 * 2 ** 20);
    answerOnce(`{"KV_GET_RSP":{"st":1,"keys":{"a":"${text}"}}}`);
    const value = await firstValueFrom(client.kv_get({ key: 'a' }, { timeout: 15_000 }));
    expect(typeof value === 'string' && value.length).toBe(text.length);
    await unharmed(2);
  });

  it('longer than maxReply: a typed error that names the option, for reads after few attempts', async () => {
    const careful = make({ maxReply: 100_000 });
    await firstValueFrom(careful.open(peer.url));
    peer.keys.set('long', 'x'.repeat(100_001));
    for (const call of [careful.kv_get({ key: 'long' }), careful.kv_get({ key: 'long' }, { retry: 'none' })]) {
      const { error } = await settled(call);
      expect(error).toBeInstanceOf(ReplyLostError);
      expect(error).toMatchObject({ cause: { closeCode: 1009 } });
      expect(`${error} ${String((error as ReplyLostError).cause)}`).toContain('maxReply'); // checked above
    }
    expect(peer.received.filter((name) => name === 'KV_GET').length).toBeLessThanOrEqual(4);
    expect(await firstValueFrom(careful.kv_get({ key: 'a' }))).toBe(1);
  });
});
