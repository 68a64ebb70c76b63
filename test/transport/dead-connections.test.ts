import { describe, expect, it } from 'vitest';
import type { FakeSocket } from '../support/fake-platform.js';
import { namesOf, openTransport } from '../support/opened-transport.js';
import { send } from '../support/sent-request.js';

const heartbeat = { interval: 1000, timeout: 500 };
const found = 2 * heartbeat.interval + heartbeat.timeout;

describe('a peer that is gone without saying so', () => {
  it.each([
    ['pings', true],
    ['SV_INFO, where there are no pings', false],
  ])('is found by %s within 2 × interval + timeout', async (_, pings) => {
    const { clock, states } = openTransport({ heartbeat }, { pings });
    await clock.advance(heartbeat.interval + heartbeat.timeout - 1);
    expect(namesOf(states).at(-1)).toBe('open');
    await clock.advance(found);
    expect(namesOf(states)).toContain('waiting');
    expect(states.find(({ state }) => state === 'waiting')).toMatchObject({ nextAttemptAt: 1550 });
  });

  it('is found in that time after its last frame, however much it said before', async () => {
    const { clock, platform, states, transport } = openTransport({ heartbeat });
    for (let time = 0; time < 10; time++) {
      send(transport);
      await clock.advance(700);
      platform.socket.answerAll();
    }
    const last = clock.now();
    await clock.advance(found);
    const waiting = states.find((state) => state.state === 'waiting');
    expect(waiting?.nextAttemptAt).toBeGreaterThan(last);
    expect(waiting?.nextAttemptAt).toBeLessThanOrEqual(last + found + 50);
  });

  it('is not looked for where heartbeat is off', async () => {
    const { clock, platform, states } = openTransport({ heartbeat: false });
    await clock.advance(1_000_000);
    expect(platform.socket.pings).toBe(0);
    expect(namesOf(states).at(-1)).toBe('open');
    expect(clock.timers).toBe(0);
  });
});

describe('a peer that lives', () => {
  it('is kept by pongs', async () => {
    const peer = { pinged: (socket: FakeSocket) => socket.pong() };
    const { clock, platform, states } = openTransport({ heartbeat }, { peer });
    await clock.advance(20_000);
    expect(platform.socket.pings).toBe(13);
    expect(namesOf(states).at(-1)).toBe('open');
  });

  it('is kept by replies to SV_INFO where there are no pings', async () => {
    const peer = {
      wrote: (socket: FakeSocket, [request = '', ...others]: readonly string[]) =>
        others.length === 0 && socket.answer(request),
    };
    const { clock, states } = openTransport({ heartbeat }, { peer, pings: false });
    await clock.advance(20_000);
    expect(namesOf(states)).toEqual(['idle', 'connecting', 'open']);
  });

  it('is not asked while it talks', async () => {
    const { clock, platform, transport } = openTransport({ heartbeat });
    for (let time = 0; time < 30; time++) {
      send(transport);
      await clock.advance(300);
      platform.socket.answerAll();
    }
    expect(platform.socket.pings).toBe(0);
  });

  it('may take as long over a request as the request may last: it answers nothing else meanwhile', async () => {
    const { clock, platform, transport, states } = openTransport({ heartbeat });
    const request = send(transport, { command: 'KV_SAVE', timeout: 60_000, repeatable: false });
    await clock.advance(59_000);
    expect(namesOf(states).at(-1)).toBe('open');
    platform.socket.answerAll();
    expect(request.result).toBe('answered');
  });
});

describe('a machine that slept, or a page that was throttled', () => {
  it('asks again before it judges, as the peer had no chance to answer', async () => {
    const peer = { pinged: (socket: FakeSocket) => setTimeout(() => socket.pong()) };
    const { clock, platform, states } = openTransport({ heartbeat }, { peer });
    await clock.advance(heartbeat.interval);
    expect(platform.socket.pings).toBe(1);
    await clock.sleep(3_600_000);
    expect(platform.socket.pings).toBe(2);
    expect(namesOf(states).at(-1)).toBe('open');
  });

  it('is as quick as ever to find the peer gone after that, without pings too', async () => {
    const { clock, states } = openTransport({ heartbeat }, { pings: false });
    await clock.advance(heartbeat.interval);
    await clock.sleep(10_000);
    const woke = clock.now();
    await clock.advance(found);
    const waiting = states.find((state) => state.state === 'waiting');
    expect(waiting?.nextAttemptAt).toBeLessThanOrEqual(woke + found + 50);
  });
});
