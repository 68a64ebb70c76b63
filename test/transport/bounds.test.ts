import { describe, expect, it, onTestFinished } from 'vitest';
import { PayloadTooLargeError, QueueFullError } from '../../src/errors.js';
import { nameOf } from '../support/peers/fake-platform.js';
import { idleTransport, openTransport, url } from '../support/peers/opened-transport.js';
import { send, write } from '../support/sent-request.js';

const ofLength = (bytes: number) => ({ text: `{"KV_GET":{"keys":["${'a'.repeat(bytes - 24)}"]}}` });

describe('the queue', () => {
  it('is bounded by count: one request more ends in a QueueFullError', () => {
    const { transport } = idleTransport({ maxQueued: 3 });
    const requests = Array.from({ length: 4 }, () => send(transport));
    expect(requests.map(({ result }) => result)).toEqual(['waiting', 'waiting', 'waiting', 'NDB_QUEUE_FULL not-sent']);
    expect(requests[3]?.errors[0]).toMatchObject({ queued: 3 });
  });

  it('takes one request however long it is, where none waits; and says which bound is reached', () => {
    const { transport } = idleTransport({ maxQueuedBytes: 50 });
    expect(send(transport, ofLength(100)).result).toBe('waiting');
    const [error] = send(transport).errors;
    expect(error).toMatchObject({ bound: 'maxQueuedBytes' });
    expect(error?.message).toMatch(/1 requests wait already, with too many bytes\..* raise maxQueuedBytes/);
  });

  it('is bounded by characters', () => {
    const { transport } = idleTransport({ maxQueuedBytes: 250 });
    const requests = [100, 100, 51, 50].map((bytes) => send(transport, ofLength(bytes)));
    expect(requests.map(({ errors }) => errors[0]?.constructor)).toEqual([
      undefined,
      undefined,
      QueueFullError,
      undefined,
    ]);
  });

  it('has room again for each request that leaves it: written, unsubscribed or timed out', async () => {
    const { transport, clock, platform } = idleTransport({ maxQueued: 1, maxQueuedBytes: 100 });
    expect(send(transport, ofLength(100)).cancel()).toBe('not-sent');
    const late = send(transport, { ...ofLength(100), timeout: 10 });
    await clock.advance(11);
    expect(late.result).toBe('NDB_TIMEOUT not-sent');
    const kept = send(transport, ofLength(100));
    expect(send(transport).result).toBe('NDB_QUEUE_FULL not-sent');
    transport.open(url).subscribe();
    platform.socket.greet();
    await clock.advance();
    expect(send(transport, ofLength(100)).result).toBe('waiting');
    platform.socket.answerAll();
    expect(kept.result).toBe('answered');
  });

  it('has room for what is vital though it is full, and that goes first; but not once the client is closing', async () => {
    for (const bound of [{ maxQueued: 2 }, { maxQueuedBytes: 60 }]) {
      const { transport, clock, platform } = idleTransport(bound);
      const ordinary = [send(transport), send(transport), send(transport)];
      const vital = ['SH_INFO', 'SH_GET'].map((command) => send(transport, { command, vital: true }));
      expect(ordinary.map(({ result }) => result)).toEqual(['waiting', 'waiting', 'NDB_QUEUE_FULL not-sent']);
      transport.open(url).subscribe();
      platform.socket.greet();
      await clock.advance();
      const commands = platform.socket.requests.map(nameOf).filter((name) => /_[A-Z]/.test(name));
      expect(commands).toEqual(['SH_INFO', 'SH_GET', 'KV_GET', 'KV_GET']);
      platform.socket.answerAll();
      expect(vital.map(({ result }) => result)).toEqual(['answered', 'answered']);
      send(transport);
      transport.close().subscribe();
      expect(send(transport, { vital: true }).result).toBe('NDB_CLOSED not-sent');
    }
  });

  it('bounds what a million requests at once cost', () => {
    const { transport } = idleTransport({ maxQueued: 10_000 });
    const ends = { full: 0 };
    // The traces of a million errors would take more time than all the rest.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    onTestFinished(() => {
      Error.stackTraceLimit = stackTraceLimit;
    });
    const receiver = {
      replied: () => {},
      failed: (error: Error) => {
        if (error instanceof QueueFullError) ends.full += 1;
      },
    };
    const text = '{"KV_GET":{"keys":["a"]}}';
    for (let count = 0; count < 1_000_000; count++) {
      transport.send({ command: 'KV_GET', text, timeout: 1000, repeatable: true }, receiver);
    }
    expect(ends.full).toBe(990_000);
  });
});

describe('requests in flight', () => {
  it('leave no place to one more, which is told so when its time is over', async () => {
    const { transport, clock } = openTransport({ maxInFlight: 1, heartbeat: false });
    send(transport, { timeout: 1000 });
    const late = send(transport, { timeout: 100 });
    await clock.advance(101);
    expect(late.result).toBe('NDB_TIMEOUT not-sent');
    expect(late.errors[0]?.message).toContain('too many requests were in flight (maxInFlight)');
  });

  it('are bounded by maxInFlight, and more follow as replies come', async () => {
    const { transport, clock, platform } = openTransport({ maxInFlight: 40 });
    const requests = Array.from({ length: 100 }, () => send(transport));
    await clock.advance();
    const inFlight = () => platform.socket.requests.filter((text) => text.includes('KV_GET')).length;
    expect(inFlight()).toBe(40);
    for (let round = 0; round < 5; round++) {
      platform.socket.answerAll();
      await clock.advance();
      expect(inFlight()).toBeLessThanOrEqual(40);
    }
    expect(requests.every(({ result }) => result === 'answered')).toBe(true);
  });

  it('leave in one piece, closed by a fence for each 32 at most; the first ones in two halves', async () => {
    const { transport, clock, platform } = openTransport();
    for (let count = 0; count < 70; count++) send(transport);
    await clock.advance();
    const fences = platform.socket.requests.flatMap((text, place) => (text.startsWith('{"SH_') ? [place] : []));
    expect(fences).toEqual([16, 33, 66, 73]);
  });

  it('share a fence rather than to have one each, however many turns they come in', async () => {
    const { transport, clock, platform } = openTransport();
    const requests = [];
    for (let turn = 0; turn < 40; turn++) {
      requests.push(send(transport));
      await clock.advance();
    }
    expect(platform.socket.requests.filter((text) => text.startsWith('{"SH_')).length).toBeLessThanOrEqual(4);
    while (requests.some(({ result }) => result === 'waiting')) {
      platform.socket.answerAll();
      await clock.advance();
    }
    expect(requests.every(({ result }) => result === 'answered')).toBe(true);
  });

  it('leave few to a fence where replies are long, so that none waits for many others', async () => {
    const { transport, clock, platform } = openTransport();
    const long = `{"KV_GET_RSP":{"st":1,"keys":{"a":"${'x'.repeat(20_000)}"}}}`;
    for (let round = 0; round < 10; round++) {
      send(transport);
      await clock.advance();
      platform.socket.frame(long);
    }
    const before = platform.socket.requests.length;
    for (let count = 0; count < 20; count++) send(transport);
    await clock.advance();
    const kinds = platform.socket.requests.slice(before).map((text) => (text.startsWith('{"SH_') ? '|' : '.'));
    expect(kinds.join('')).toBe('....|....|....|....|....|');
  });

  it('do not wait for one another where each reply is long', async () => {
    const { transport, clock, platform } = openTransport();
    for (let round = 0; round < 10; round++) {
      send(transport);
      await clock.advance();
      platform.socket.frame(`{"KV_GET_RSP":{"st":1,"keys":{"a":"${'x'.repeat(200_000)}"}}}`);
    }
    const before = platform.socket.requests.length;
    send(transport);
    send(transport);
    await clock.advance();
    const kinds = platform.socket.requests.slice(before).map((text) => (text.startsWith('{"SH_') ? '|' : '.'));
    expect(kinds.join('')).toBe('.|.|');
  });

  it('need no fence where there is one alone', async () => {
    const { transport, clock, platform } = openTransport();
    const request = send(transport);
    await clock.advance();
    expect(platform.socket.requests).toEqual(['{"KV_GET":{"keys":["a"]}}']);
    platform.socket.answerAll();
    expect(request.result).toBe('answered');
  });

  it('go one at a time to a peer that echoes no fence', async () => {
    const { transport, clock, platform } = idleTransport();
    transport.open(url).subscribe();
    platform.socket.open();
    const info = '{"SV_INFO_RSP":{"st":1,"serverVersion":"0.9","persistEnabled":true}}';
    for (const text of [info, info]) platform.socket.frame(text);
    const requests = [send(transport), send(transport, write), send(transport)];
    for (const request of requests) {
      await clock.advance();
      const last = platform.socket.written.at(-1) ?? '';
      expect(request.result).toBe('waiting');
      platform.socket.answer(last);
      expect(request.result).toBe('answered');
    }
    expect(platform.socket.written).toHaveLength(4 + 3);
  });
});

describe('a request longer than maxPayload', () => {
  it('never leaves, counted in UTF-8 bytes', async () => {
    const { transport, clock, platform } = openTransport({ maxPayload: 100 });
    const text = (letters: number) => ({ text: `{"KV_GET":{"keys":["${'ä'.repeat(letters)}"]}}` });
    const [fits, exceeds] = [send(transport, text(38)), send(transport, text(39))];
    await clock.advance();
    expect(exceeds.errors[0]).toBeInstanceOf(PayloadTooLargeError);
    expect(exceeds.errors[0]).toMatchObject({ bytes: 102, maxPayload: 100 });
    expect(platform.socket.requests).toHaveLength(1);
    expect(fits.result).toBe('waiting');
  });

  it('never leaves where the server announced less after it was queued, and others do', async () => {
    const { transport, clock, platform } = idleTransport({ maxPayload: 1000 });
    const requests = [500, 50].map((bytes) => send(transport, ofLength(bytes)));
    transport.open(url).subscribe();
    platform.socket.greet({ maxPayload: 100 });
    await clock.advance();
    platform.socket.answerAll();
    expect(requests.map(({ result }) => result)).toEqual(['NDB_PAYLOAD_TOO_LARGE not-sent', 'answered']);
  });

  it('is not said to have stayed here where it had left before', async () => {
    const { transport, clock, platform } = openTransport({ maxPayload: 1000 });
    const read = send(transport, { ...ofLength(500), timeout: 5000 });
    await clock.advance();
    platform.socket.end();
    await clock.advance(100);
    platform.socket.greet({ maxPayload: 100 });
    await clock.advance();
    expect(read.result).toBe('NDB_REPLY_LOST unknown');
  });
});
