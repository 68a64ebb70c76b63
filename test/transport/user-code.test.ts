import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Activity } from '../../src/transport/activity.js';
import { idleTransport, namesOf, openTransport, url } from '../support/peers/opened-transport.js';
import { type SentRequest, send, write } from '../support/sent-request.js';

const resultsOf = (requests: readonly SentRequest[]) => requests.map(({ result }) => result);

describe('a receiver that throws', () => {
  const uncaught: unknown[] = [];

  beforeEach(() => {
    uncaught.length = 0;
    // What is thrown on a stack of its own: kept from the test runner, which would end the run.
    vi.stubGlobal('setTimeout', (work: () => void) => {
      try {
        work();
      } catch (error) {
        uncaught.push(error);
      }
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  const thrower = () => {
    throw new Error('mine');
  };

  it('keeps no other request from its reply, and is heard of', async () => {
    const { transport, clock, platform } = openTransport();
    const requests = [send(transport), send(transport, {}, thrower), send(transport)];
    await clock.advance();
    platform.socket.answerAll();
    expect(resultsOf(requests)).toEqual(['answered', 'answered', 'answered']);
    expect(uncaught).toEqual([new Error('mine')]);
    const later = send(transport);
    await clock.advance();
    platform.socket.answerAll();
    expect(later.result).toBe('answered');
  });

  it('keeps no other request from its error, and the connection from coming back', async () => {
    const { transport, clock, platform, states } = openTransport();
    const requests = [send(transport, write, thrower), send(transport, write)];
    await clock.advance();
    platform.socket.end();
    await clock.advance(100);
    platform.socket.greet();
    expect(resultsOf(requests)).toEqual(['NDB_REPLY_LOST unknown', 'NDB_REPLY_LOST unknown']);
    expect(namesOf(states).at(-1)).toBe('open');
    expect(uncaught).toHaveLength(1);
  });
});

describe('code that is told of a reply', () => {
  it('may close the client: the rest of its batch is delivered still', async () => {
    const { transport, clock, platform } = openTransport();
    const requests = [send(transport, {}, () => transport.close()), send(transport)];
    await clock.advance();
    platform.socket.answerAll();
    expect(resultsOf(requests)).toEqual(['answered', 'answered']);
    expect(platform.socket.closeCode).toBe(1000);
  });

  it('may unsubscribe another request of its batch, which then hears nothing', async () => {
    const { transport, clock, platform } = openTransport();
    const requests: SentRequest[] = [];
    requests.push(
      send(transport, {}, () => requests[1]?.cancel()),
      send(transport),
    );
    await clock.advance();
    platform.socket.answerAll();
    expect(resultsOf(requests)).toEqual(['answered', 'waiting']);
    expect(clock.timers).toBe(2); // the heartbeat, and the look-out for silence
  });

  it('may send more, as many as it likes', async () => {
    const { transport, clock, platform } = openTransport();
    const more: SentRequest[] = [];
    const first = send(transport, {}, () => {
      for (let count = 0; count < 100; count++) more.push(send(transport));
    });
    await clock.advance();
    for (let round = 0; round < 5; round++) {
      platform.socket.answerAll();
      await clock.advance();
    }
    expect(first.result).toBe('answered');
    expect(more.filter(({ result }) => result === 'answered')).toHaveLength(100);
  });
});

describe('code that is told of a failure', () => {
  it('may close the client while a connection is lost', async () => {
    const { transport, clock, platform, states } = openTransport();
    const requests = [send(transport, write, () => transport.close()), send(transport, write), send(transport)];
    await clock.advance();
    platform.socket.end();
    expect(resultsOf(requests)).toEqual(Array(3).fill('NDB_REPLY_LOST unknown'));
    expect(namesOf(states)).toEqual(['idle', 'connecting', 'open', 'waiting', 'closed']);
    expect(clock.timers).toBe(0);
  });

  it('may send and unsubscribe while requests are refused that a new server finds too long', async () => {
    const { transport, clock, platform } = idleTransport({ maxPayload: 1000 });
    const text = `{"KV_GET":{"keys":["${'a'.repeat(500)}"]}}`;
    const others: SentRequest[] = [];
    const long = send(transport, { text }, () => {
      others[0]?.cancel();
      for (let count = 0; count < 40; count++) others.push(send(transport));
    });
    others.push(send(transport), send(transport, write));
    transport.open(url).subscribe();
    platform.socket.greet({ maxPayload: 100 });
    await clock.advance();
    const [cancelled, ...kept] = others;
    for (let round = 0; round < 3; round++) {
      platform.socket.answerAll();
      await clock.advance();
    }
    expect(long.result).toBe('NDB_PAYLOAD_TOO_LARGE not-sent');
    expect(cancelled?.result).toBe('waiting');
    expect(kept.filter(({ result }) => result === 'answered')).toHaveLength(41);
  });
});

describe('code that is told of the connection', () => {
  it('may close at any state, and everybody hears of all states in their order', () => {
    for (const at of ['connecting', 'open', 'waiting']) {
      const { transport, platform, clock } = idleTransport();
      const [before, after]: [string[], string[]] = [[], []];
      transport.connection$.subscribe(({ state }) => before.push(state));
      transport.connection$.subscribe(({ state }) => state === at && transport.close());
      transport.connection$.subscribe(({ state }) => after.push(state));
      transport.open(url).subscribe({ error: () => {} });
      platform.sockets[0]?.greet();
      platform.sockets[0]?.end();
      expect(after).toEqual(before);
      expect(before.at(-1)).toBe('closed');
      expect(clock.timers).toBe(0);
    }
  });
});

describe('code that is told of activity', () => {
  const during = (type: Activity['type'], act: (bench: ReturnType<typeof idleTransport>) => void) => {
    const bench = openTransport({ maxInFlight: 1000 });
    let done = false;
    bench.transport.activity$.subscribe((activity) => {
      if (activity.type !== type || done) return;
      done = true;
      act(bench);
    });
    return bench;
  };

  it('may send while a batch is written: order on the wire is the order that counts', async () => {
    const more: SentRequest[] = [];
    const bench = during('written', ({ transport }) => {
      for (let count = 0; count < 64; count++) more.push(send(transport));
    });
    const requests = Array.from({ length: 5 }, () => send(bench.transport, write));
    await bench.clock.advance();
    bench.platform.socket.answerAll();
    await bench.clock.advance();
    bench.platform.socket.answerAll();
    expect(new Set(resultsOf([...requests, ...more]))).toEqual(new Set(['answered']));
  });

  it('may unsubscribe while a request is to be sent again', async () => {
    const requests: SentRequest[] = [];
    const bench = during('again', () => requests[0]?.cancel());
    requests.push(send(bench.transport, { timeout: 5000 }), send(bench.transport, { timeout: 5000 }));
    await bench.clock.advance();
    bench.platform.socket.end();
    await bench.clock.advance(100);
    bench.platform.socket.greet();
    await bench.clock.advance();
    bench.platform.socket.answerAll();
    expect(resultsOf(requests)).toEqual(['waiting', 'answered']);
    expect(bench.platform.socket.written).toHaveLength(4 + 1);
  });

  it.each(['queued', 'written', 'answered', 'fence', 'failed', 'again'] as const)(
    'may close the client at any time: %s',
    async (type) => {
      const bench = during(type, ({ transport }) => transport.close());
      const requests = [send(bench.transport, { timeout: 500 }), send(bench.transport, write), send(bench.transport)];
      await bench.clock.advance();
      bench.platform.socket.answer('{"KV_GET":{}}');
      bench.platform.socket.answer(bench.platform.socket.written.at(-1) ?? '');
      await bench.clock.advance(10_000);
      expect(requests.map(({ settlements }) => settlements)).toEqual([1, 1, 1]);
      bench.transport.close();
      await bench.clock.advance(5000);
      expect(bench.clock.timers).toBe(0);
    },
  );
});
