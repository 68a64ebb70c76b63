import { describe, expect, it } from 'vitest';
import { type Bench, namesOf, openTransport } from '../support/peers/opened-transport.js';
import { type SentRequest, send, write } from '../support/sent-request.js';

const resultsOf = (requests: readonly SentRequest[]) => requests.map(({ result }) => result);

/** Has the connection cut, and another one take its place. */
async function cut({ platform, clock }: Bench, end: { code?: number } = {}): Promise<void> {
  platform.socket.end(end);
  await clock.advance(1000);
  platform.socket.greet();
  await clock.advance();
}

describe('a connection that breaks', () => {
  it('has reads sent again over the next one, first of all, and others fail with an unknown outcome', async () => {
    const bench = openTransport({ maxInFlight: 2 });
    const read = send(bench.transport, { command: 'KV_COUNT', timeout: 5000 });
    const set = send(bench.transport, write);
    await bench.clock.advance();
    const queued = send(bench.transport, { command: 'KV_KEYS', timeout: 5000 });
    await cut(bench);
    expect(set.result).toBe('NDB_REPLY_LOST unknown');
    expect(bench.platform.socket.requests[0]).toContain('KV_COUNT');
    bench.platform.socket.answerAll();
    expect(resultsOf([read, queued])).toEqual(['answered', 'answered']);
  });

  it('says when a request was first written', async () => {
    const bench = openTransport();
    const read = send(bench.transport, { timeout: 5000 });
    await bench.clock.advance(10);
    await cut(bench);
    await bench.clock.advance(5);
    bench.platform.socket.answerAll();
    expect(read.replies).toMatchObject([{ writtenAt: 0, answeredAt: 1015 }]);
  });

  it('does not have a read sent more than three times', async () => {
    const bench = openTransport();
    const read = send(bench.transport, { timeout: 60_000 });
    await bench.clock.advance();
    for (let time = 0; time < 3; time++) await cut(bench, { code: 1011 });
    expect(read.result).toBe('NDB_REPLY_LOST unknown');
  });

  it('leaves a request that is to be sent again its own time only', async () => {
    const bench = openTransport();
    const read = send(bench.transport, { timeout: 500 });
    await bench.clock.advance();
    bench.platform.socket.end();
    await bench.clock.advance(501);
    expect(read.result).toBe('NDB_TIMEOUT unknown');
    await bench.clock.advance(1000);
    bench.platform.socket.greet();
    await bench.clock.advance();
    expect(bench.platform.socket.requests).toEqual([]);
  });

  it('does not send again what was unsubscribed', async () => {
    const bench = openTransport();
    const read = send(bench.transport, { timeout: 60_000 });
    await bench.clock.advance();
    bench.platform.socket.end();
    expect(read.cancel()).toBe('unknown');
    await bench.clock.advance(1000);
    bench.platform.socket.greet();
    await bench.clock.advance();
    expect(bench.platform.socket.requests).toEqual([]);
  });
});

describe('a connection that is cut right after a long request', () => {
  const long = (command: string) => ({
    command,
    text: `{"${command}":{"keys":["${'ä'.repeat(600)}"]}}`,
    timeout: 60_000,
  });

  it('says so, and that the maxPayload of the server is likely smaller', async () => {
    const bench = openTransport({ maxPayload: 8192 });
    const set = send(bench.transport, { ...long('KV_SET'), repeatable: false });
    await bench.clock.advance();
    bench.platform.socket.end();
    expect(set.result).toBe('NDB_REPLY_LOST unknown');
    expect(set.errors[0]?.message).toContain('1224 bytes, so its maxPayload is likely smaller');
  });

  it('has the long read tried twice at most, so that others get through', async () => {
    const bench = openTransport({ maxPayload: 8192 });
    const requests = [send(bench.transport, long('KV_GET')), send(bench.transport, { timeout: 60_000 })];
    await bench.clock.advance();
    await cut(bench);
    await cut(bench);
    bench.platform.socket.answerAll();
    expect(resultsOf(requests)).toEqual(['NDB_REPLY_LOST unknown', 'answered']);
  });

  it.each([
    ['the server announced its limit', 1006, { maxPayload: 8192 }],
    ['the connection was closed with a code', 1001, {}],
  ])('is not suspected where %s', async (_, code, info) => {
    const bench = openTransport({ maxPayload: 8192 });
    await bench.clock.advance();
    bench.platform.socket.end();
    await bench.clock.advance(100);
    bench.platform.socket.greet(info);
    const set = send(bench.transport, { ...long('KV_SET'), repeatable: false });
    await bench.clock.advance();
    bench.platform.socket.end({ code });
    expect(set.errors[0]?.message).toContain('the connection broke');
  });
});

describe('a server that drops a reply', () => {
  const two = async (given = {}) => {
    const bench = openTransport({ heartbeat: false });
    const requests = [
      send(bench.transport, { timeout: 20_000, ...given }),
      send(bench.transport, { ...write, timeout: 20_000 }),
    ];
    await bench.clock.advance();
    const [first = '', second = '', fence = ''] = bench.platform.socket.requests;
    return { ...bench, requests, first, second, fence };
  };

  it('has the reads of the batch sent again, and the rest end as executed', async () => {
    const { platform, clock, requests, first, fence } = await two();
    platform.socket.answer(first);
    expect(resultsOf(requests)).toEqual(['waiting', 'waiting']);
    platform.socket.answer(fence);
    await clock.advance();
    expect(resultsOf(requests)).toEqual(['waiting', 'NDB_REPLY_LOST executed']);
    platform.socket.answer('{"KV_GET":{}}');
    expect(resultsOf(requests)).toEqual(['answered', 'NDB_REPLY_LOST executed']);
  });

  it('is asked with another fence after a second of silence where the fence itself was dropped', async () => {
    const { platform, clock, requests, first, second } = await two();
    platform.socket.answer(first);
    platform.socket.answer(second);
    await clock.advance(2000);
    expect(platform.socket.requests).toHaveLength(4);
    platform.socket.answer(platform.socket.requests[3] ?? '');
    expect(resultsOf(requests)).toEqual(['answered', 'answered']);
  });

  it('is asked too where the request was alone', async () => {
    const { platform, clock, transport } = openTransport({ heartbeat: false });
    const request = send(transport, { ...write, timeout: 5000 });
    await clock.advance(1000);
    platform.socket.answer(platform.socket.requests[1] ?? '');
    expect(request.result).toBe('NDB_REPLY_LOST executed');
  });

  it('is asked though pongs keep coming, which say nothing of replies', async () => {
    const heartbeat = { interval: 100, timeout: 100 };
    const { platform, clock, transport } = openTransport(
      { heartbeat },
      { peer: { pinged: (socket) => socket.pong() } },
    );
    send(transport, { timeout: 5000 });
    await clock.advance(1500);
    expect(platform.socket.requests).toHaveLength(2);
  });
});

describe('a connection over which nothing comes', () => {
  it('is given up once everything in flight is overdue, and not even a fence was answered', async () => {
    const { platform, clock, transport, states } = openTransport({ heartbeat: false });
    const request = send(transport, { timeout: 2500 });
    await clock.advance(2400);
    expect(namesOf(states).at(-1)).toBe('open');
    await clock.advance(1500);
    expect(request.result).toBe('NDB_TIMEOUT unknown');
    expect(namesOf(states)).toContain('waiting');
    expect(platform.sockets).toHaveLength(2);
  });

  it('is kept where a request was only unsubscribed: its reply may just take its time', async () => {
    const { platform, clock, transport, states } = openTransport({ heartbeat: false });
    send(transport, { timeout: 5000 }).cancel();
    const other = send(transport, { timeout: 5000 });
    await clock.advance();
    other.cancel();
    await clock.advance(4000);
    platform.socket.answerAll();
    await clock.advance(10_000);
    expect(namesOf(states)).toEqual(['idle', 'connecting', 'open']);
    expect(clock.timers).toBe(0);
  });

  it('is judged by its own silence, not by that of the connection before', async () => {
    const { platform, clock, transport, states } = openTransport({ heartbeat: false, random: () => 0 });
    send(transport, { timeout: 100 });
    await clock.advance(900);
    platform.socket.end();
    await clock.advance();
    platform.socket.greet();
    send(transport, { timeout: 5000 });
    await clock.advance(10);
    const before = platform.socket.requests.length;
    await clock.advance(900);
    expect(platform.socket.requests).toHaveLength(before);
    expect(namesOf(states).at(-1)).toBe('open');
  });

  it('does not stay in the way with a peer that takes one request at a time', async () => {
    const { platform, clock, transport, states } = openTransport({ heartbeat: false });
    platform.socket.end();
    await clock.advance(1000);
    platform.socket.open();
    const info = '{"SV_INFO_RSP":{"st":1,"serverVersion":"0.9","persistEnabled":true}}';
    platform.socket.frame(info);
    platform.socket.frame(info);
    expect(states.at(-1)).toMatchObject({ state: 'open', pipelining: 'serial' });
    const [lost, waiting] = [send(transport, { timeout: 300 }), send(transport, { timeout: 5000 })];
    await clock.advance(3000);
    platform.socket.greet();
    await clock.advance();
    platform.socket.answerAll();
    expect(resultsOf([lost, waiting])).toEqual(['NDB_TIMEOUT unknown', 'answered']);
  });
});
