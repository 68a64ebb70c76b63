import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../support/clocks/virtual-clock.js';
import type { FakeSocket } from '../support/peers/fake-platform.js';
import { namesOf, openTransport } from '../support/peers/opened-transport.js';
import { send } from '../support/sent-request.js';

const heartbeat = { interval: 1000, timeout: 500 };
const found = 1.2 * heartbeat.interval + heartbeat.timeout;

type Bench = ReturnType<typeof openTransport>;

/** When the connection was given up. */
const givenUpAt = ({ states }: Bench): number | undefined => {
  const waiting = states.find((state) => state.state === 'waiting');
  return waiting && waiting.nextAttemptAt - waiting.delay;
};

/** The peer answers something. */
async function talk({ transport, clock, platform }: Bench): Promise<void> {
  send(transport);
  await clock.advance();
  platform.socket.answerAll();
}

describe('a peer that is gone without saying so', () => {
  it.each([
    ['pings', true],
    ['SV_INFO, where there are no pings', false],
  ])('is found by %s within interval + timeout where it never said anything', async (_, pings) => {
    const { clock, states } = openTransport({ heartbeat }, { pings });
    await clock.advance(heartbeat.interval + heartbeat.timeout - 1);
    expect(namesOf(states).at(-1)).toBe('open');
    await clock.advance(found);
    expect(namesOf(states)).toContain('waiting');
    expect(states.find(({ state }) => state === 'waiting')).toMatchObject({ nextAttemptAt: 1550 });
  });

  it.each([0, 1, 150, 199, 200, 201, 450, 999, 1001, 1199])(
    'is found within 1.2 × interval + timeout after its last sign of life, be it after %i ms',
    async (last) => {
      const bench = openTransport({ heartbeat });
      await bench.clock.advance(last);
      await talk(bench);
      await bench.clock.advance(2 * found);
      expect(givenUpAt(bench)).toBeGreaterThanOrEqual(last + heartbeat.interval + heartbeat.timeout);
      expect(givenUpAt(bench)).toBeLessThanOrEqual(last + found);
    },
  );

  it('is found in that time after its last frame, however much it said before', async () => {
    const bench = openTransport({ heartbeat });
    for (let time = 0; time < 10; time++) {
      await bench.clock.advance(700);
      await talk(bench);
    }
    const last = bench.clock.now();
    await bench.clock.advance(found);
    expect(givenUpAt(bench)).toBeGreaterThan(last);
  });

  it('is found no later for a request that somebody waited for and then gave up', async () => {
    const bench = openTransport({ heartbeat });
    const request = send(bench.transport, { timeout: 60_000, repeatable: false });
    await bench.clock.advance(heartbeat.interval + 100);
    request.cancel();
    await bench.clock.advance(60_000);
    expect(givenUpAt(bench)).toBe(heartbeat.interval + heartbeat.timeout);
  });

  it('is found soon after nobody waits any more, where that is after the timeout', async () => {
    const bench = openTransport({ heartbeat });
    const request = send(bench.transport, { timeout: 60_000, repeatable: false });
    await bench.clock.advance(7050);
    expect(givenUpAt(bench)).toBeUndefined();
    request.cancel();
    await bench.clock.advance(heartbeat.interval / 5);
    expect(givenUpAt(bench)).toBeGreaterThan(7050);
  });

  it('is found in the time of the requests that were there when it was asked, however many come after', async () => {
    const bench = openTransport({ heartbeat });
    send(bench.transport, { timeout: 5000, repeatable: false });
    for (let second = 0; second < 10; second++) {
      await bench.clock.advance(1000);
      send(bench.transport, { timeout: 60_000, repeatable: false });
    }
    expect(givenUpAt(bench)).toBe(5000);
  });

  it('is not looked for where heartbeat is off', async () => {
    const { clock, platform, states } = openTransport({ heartbeat: false });
    await clock.advance(1_000_000);
    expect(platform.socket.pings).toBe(0);
    expect(namesOf(states).at(-1)).toBe('open');
    expect(clock.timers).toBe(0);
  });
});

describe('checkConnection', () => {
  const ping = () => openTransport({ heartbeat: { interval: 15_000, timeout: 5000 } });

  it('gives the connection up if the peer does not answer within its time, whoever waits for a reply', async () => {
    const bench = ping();
    send(bench.transport, { timeout: 60_000 });
    await bench.clock.advance(100);
    bench.transport.checkConnection(700);
    expect(bench.platform.socket.pings).toBe(1);
    await bench.clock.advance(699);
    expect(givenUpAt(bench)).toBeUndefined();
    await bench.clock.advance(1);
    expect(givenUpAt(bench)).toBe(800);
  });

  it('keeps a connection whose peer answers, and goes on as before', async () => {
    const bench = ping();
    bench.transport.checkConnection(700);
    bench.platform.socket.pong();
    await bench.clock.advance(14_000);
    expect(namesOf(bench.states).at(-1)).toBe('open');
    expect(bench.platform.socket.pings).toBe(1);
  });

  it('that is called again and again does not put the verdict off', async () => {
    const bench = ping();
    for (let time = 0; time < 10; time++) {
      bench.transport.checkConnection(700);
      await bench.clock.advance(100);
    }
    expect(givenUpAt(bench)).toBe(700);
  });

  it('does nothing without a connection, or without a heartbeat', async () => {
    const bench = openTransport({ heartbeat: false });
    bench.transport.checkConnection(10);
    await bench.clock.advance(100);
    expect(namesOf(bench.states)).toEqual(['idle', 'connecting', 'open']);
    bench.platform.socket.end();
    bench.transport.checkConnection(10);
    expect(namesOf(bench.states).at(-1)).toBe('waiting');
  });
});

describe('a peer that lives', () => {
  it('is kept by pongs', async () => {
    const peer = { pinged: (socket: FakeSocket) => socket.pong() };
    const { clock, platform, states } = openTransport({ heartbeat }, { peer });
    await clock.advance(20_000);
    // Each answer is noticed a fifth of the interval later.
    expect(platform.socket.pings).toBe(16);
    expect(namesOf(states).at(-1)).toBe('open');
  });

  it('is kept by replies to SV_INFO where there are no pings', async () => {
    const peer = {
      wrote: (socket: FakeSocket, frames: readonly string[]) => {
        const isGreeting = frames.length === 4;
        if (!isGreeting) for (const request of frames) socket.answer(request);
      },
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

/** A machine whose monotonic clock stands still while it sleeps, as that of Linux does. */
class SleepyClock extends VirtualClock {
  slept = 0;

  override wall(): number {
    return this.now() + this.slept;
  }
}

function openSleepy(options = heartbeat): Bench & { readonly clock: SleepyClock } {
  const clock = new SleepyClock();
  return { ...openTransport({ heartbeat: options, clock }), clock };
}

describe('a machine that slept, or a page that was throttled', () => {
  const tick = heartbeat.interval / 5;

  it('asks at once on waking, whatever it heard before', async () => {
    const bench = openTransport({ heartbeat });
    await bench.clock.advance(100);
    await talk(bench);
    await bench.clock.sleep(60_000);
    expect(bench.platform.socket.pings).toBe(1);
    const woke = bench.clock.now();
    await bench.clock.advance(found);
    expect(givenUpAt(bench)).toBe(woke + heartbeat.timeout);
  });

  it.each([
    ['slept', 3_600_000],
    ['slept for little more than a second', 1100],
    ['had its calendar set back', -3_600_000],
  ])('asks at the next look where only the wall clock shows that it %s', async (_, slept) => {
    const bench = openSleepy();
    const { clock } = bench;
    await clock.advance(tick + 1);
    await talk(bench);
    clock.slept = slept;
    await clock.advance(tick);
    expect(bench.platform.socket.pings).toBe(1);
    await clock.advance(tick);
    expect(bench.platform.socket.pings).toBe(1);
  });

  it('looks every 3 s, however long the interval is', async () => {
    const bench = openSleepy({ interval: 600_000, timeout: 5000 });
    const { clock } = bench;
    await clock.advance(60_000);
    expect(bench.platform.socket.pings).toBe(0);
    clock.slept = 3_600_000;
    await clock.advance(3000);
    expect(bench.platform.socket.pings).toBe(1);
  });

  it('does not judge where only the wall clock shows that it slept after it had asked', async () => {
    const bench = openSleepy();
    const { clock } = bench;
    await clock.advance(heartbeat.interval + heartbeat.timeout - 1);
    clock.slept = 3_600_000;
    await clock.advance(1);
    expect(bench.platform.socket.pings).toBe(2);
    expect(givenUpAt(bench)).toBeUndefined();
  });

  it('is not mistaken for one whose wall clock is merely slewed', async () => {
    const bench = openSleepy();
    const { clock } = bench;
    for (let time = 0; time < 100; time++) {
      await talk(bench);
      await clock.advance(tick);
      clock.slept += tick / 1000;
    }
    expect(bench.platform.socket.pings).toBe(0);
  });

  it('is not put off for ever by a page that is throttled for ever', async () => {
    const bench = openTransport({ heartbeat });
    for (let minute = 0; minute < 3; minute++) await bench.clock.sleep(60_000);
    expect(bench.platform.socket.pings).toBe(2);
    expect(givenUpAt(bench)).toBe(180_000);
  });

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
