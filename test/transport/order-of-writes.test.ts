import { describe, expect, it } from 'vitest';
import { openTransport } from '../support/peers/opened-transport.js';
import { type SentRequest, send } from '../support/sent-request.js';

const set = (value: string, changes = 'KV') => ({
  command: 'KV_SET',
  text: `{"KV_SET":{"keys":{"a":"${value}"}}}`,
  timeout: 60_000,
  changes,
});
const once = { repeatable: false };

const resultsOf = (requests: readonly SentRequest[]) => requests.map(({ result }) => result);

describe('a write that may be sent again', () => {
  /** Two batches, each of a write and a read; the reply to the first write is dropped. */
  async function firstDropped(later: object) {
    const bench = openTransport({ heartbeat: false });
    const first = send(bench.transport, set('first'));
    send(bench.transport);
    await bench.clock.advance();
    const [, read = '', fence = ''] = bench.platform.socket.requests;
    const second = send(bench.transport, { ...set('second'), ...later });
    send(bench.transport);
    await bench.clock.advance();
    bench.platform.socket.answer(read);
    bench.platform.socket.answer(fence);
    await bench.clock.advance();
    const values = () => bench.platform.socket.requests.flatMap((text) => /"a":"(\w+)"/.exec(text)?.[1] ?? []);
    return { ...bench, first, second, values };
  }

  it('is not where another has left since that changes the same: it would undo that', async () => {
    const { first, values } = await firstDropped({});
    expect(first.result).toBe('NDB_REPLY_LOST executed');
    expect(first.errors[0]?.message).toMatch(/dropped a reply.*, and to send it again might undo a later one/);
    expect(values()).toEqual(['first', 'second']);
  });

  it('is not though nobody waits for that one any more', async () => {
    const bench = openTransport({ heartbeat: false });
    const first = send(bench.transport, set('first'));
    const second = send(bench.transport, set('second'));
    await bench.clock.advance();
    second.cancel();
    bench.platform.socket.end();
    await bench.clock.advance(1000);
    bench.platform.socket.greet();
    await bench.clock.advance();
    expect(first.result).toBe('NDB_REPLY_LOST unknown');
    expect(bench.platform.socket.requests).toEqual([]);
  });

  it.each<[string, object, (second: SentRequest) => unknown, Record<string, unknown>]>([
    ['is unsubscribed', {}, (second) => second.cancel(), {}],
    ['runs out of time', { timeout: 500 }, () => {}, {}],
    [
      'is too long for the server that answers then',
      { text: `{"KV_SET":{"keys":{"a":"${'x'.repeat(500)}"}}}` },
      () => {},
      { maxPayload: 200 },
    ],
  ])('is not where a later one was to be sent again as well, and %s', async (_, given, happens, info) => {
    const bench = openTransport({ heartbeat: false, maxPayload: 8192 });
    const first = send(bench.transport, set('first'));
    const other = send(bench.transport, set('other', '"tkn":17'));
    const second = send(bench.transport, { ...set('second'), ...given });
    const later = send(bench.transport, set('later'));
    await bench.clock.advance();
    bench.platform.socket.end({ code: 1001 });
    happens(second);
    await bench.clock.advance(1000);
    bench.platform.socket.greet(info);
    await bench.clock.advance();
    const values = bench.platform.socket.requests.flatMap((text) => /"a":"(\w+)"/.exec(text)?.[1] ?? []);
    expect(values).toEqual(['other', 'later']);
    bench.platform.socket.answerAll();
    expect(resultsOf([first, other, later])).toEqual(['NDB_REPLY_LOST unknown', 'answered', 'answered']);
    expect(first.errors[0]?.message).toContain('might then have undone a later one');
  });

  it('is though a later one, which never left, is given up', async () => {
    const bench = openTransport({ heartbeat: false, maxInFlight: 1 });
    const first = send(bench.transport, set('first'));
    await bench.clock.advance();
    const second = send(bench.transport, set('second'));
    bench.platform.socket.end();
    second.cancel();
    await bench.clock.advance(1000);
    bench.platform.socket.greet();
    await bench.clock.advance();
    bench.platform.socket.answerAll();
    expect(first.result).toBe('answered');
  });

  it.each([
    ['changes other keys', { changes: '"tkn":17' }],
    ['changes nothing', { command: 'KV_GET', changes: undefined }],
  ])('is where the later one %s', async (_, later) => {
    const { values, first } = await firstDropped(later);
    expect(values().filter((value) => value === 'first')).toHaveLength(2);
    expect(first.result).toBe('waiting');
  });

  it.each([
    ['with all later ones', [set('1'), set('2'), set('3')], ['1', '2', '3']],
    ['and those before one that is not are neither', [set('1'), { ...set('2'), ...once }, set('3')], ['3']],
    ['and those before the last, which is not, are neither', [set('1'), set('2'), { ...set('3'), ...once }], []],
    ['though one of others is not', [set('1'), { ...set('2', 'other'), ...once }, set('3')], ['1', '3']],
  ])('is sent over the next connection, %s', async (_, writes, again) => {
    const bench = openTransport({ heartbeat: false });
    const requests = writes.map((write) => send(bench.transport, write));
    await bench.clock.advance();
    bench.platform.socket.end();
    await bench.clock.advance(1000);
    bench.platform.socket.greet();
    await bench.clock.advance();
    const values = bench.platform.socket.requests.flatMap((text) => /"a":"(\w+)"/.exec(text)?.[1] ?? []);
    expect(values).toEqual(again);
    bench.platform.socket.answerAll();
    const expected = ['1', '2', '3'].map((value) => (again.includes(value) ? 'answered' : 'NDB_REPLY_LOST unknown'));
    expect(resultsOf(requests)).toEqual(expected);
  });
});
