import { describe, expect, it } from 'vitest';
import { ClosedError, ConnectionError, NdbError, ProtocolError, ValueError } from '../../src/errors.js';
import { idleTransport, namesOf, openTransport, url } from '../support/peers/opened-transport.js';
import { send } from '../support/sent-request.js';

const heard = () => {
  const events: unknown[] = [];
  return {
    events,
    observer: {
      next: (value: unknown) => events.push(value),
      error: (error: unknown) => events.push(error),
      complete: () => events.push('complete'),
    },
  };
};
const server = { serverVersion: '0.7.2', persistEnabled: true };
const info = '{"SV_INFO_RSP":{"st":1,"serverVersion":"0.7.2","persistEnabled":true}}';

describe('open', () => {
  it('does nothing until it is subscribed to', () => {
    const { transport, platform } = idleTransport();
    transport.open(url);
    expect(platform.sockets).toHaveLength(0);
  });

  it('tells what the server says of itself once the peer is known, and completes', () => {
    const { transport, platform, states } = idleTransport();
    const { events, observer } = heard();
    transport.open(url).subscribe(observer);
    platform.socket.open();
    expect(events).toEqual([]);
    platform.socket.greet();
    expect(events).toEqual([server, 'complete']);
    expect(namesOf(states)).toEqual(['idle', 'connecting', 'open']);
  });

  it('dials once for two who open, and tells both', () => {
    const { transport, platform } = idleTransport();
    const one = heard();
    const two = heard();
    transport.open(url).subscribe(one.observer);
    transport.open(url).subscribe(two.observer);
    expect(platform.sockets).toHaveLength(1);
    platform.socket.greet();
    expect([one.events, two.events]).toEqual([
      [server, 'complete'],
      [server, 'complete'],
    ]);
  });

  it('answers at once when it is open already', () => {
    const { transport, platform } = openTransport();
    const { events, observer } = heard();
    transport.open(url).subscribe(observer);
    expect(events).toEqual([server, 'complete']);
    expect(platform.sockets).toHaveLength(1);
  });

  it('refuses another URL while there is a connection to one', () => {
    const { transport } = openTransport();
    const { events, observer } = heard();
    transport.open('ws://other/').subscribe(observer);
    expect(events).toEqual([expect.any(ValueError)]);
  });

  it.each(['ws://fake', 'WS://FAKE:80/', 'ws://fake/x/..'])(
    'takes %s for the URL that it has a connection to',
    (same) => {
      const { transport, platform } = openTransport();
      const { events, observer } = heard();
      transport.open(same).subscribe(observer);
      expect(events).toEqual([server, 'complete']);
      expect(platform.sockets).toHaveLength(1);
    },
  );

  it.each(['ws://fake/x', 'ws://fake/?x', 'ws://fake:81/', 'wss://fake/', 'ws://me@fake/'])(
    'takes %s for another URL',
    (different) => {
      const { transport } = openTransport();
      const { events, observer } = heard();
      transport.open(different).subscribe(observer);
      expect(events).toEqual([expect.any(ValueError)]);
    },
  );

  it.each(['nonsense', 'http://host/', 'ws://host/#part', ''])('refuses the URL %j before it dials', (wrong) => {
    const { transport, platform, states } = idleTransport();
    const { events, observer } = heard();
    transport.open(wrong).subscribe(observer);
    expect(events).toEqual([expect.any(ValueError)]);
    expect(platform.sockets).toHaveLength(0);
    expect(namesOf(states)).toEqual(['idle']);
  });

  it('is refused after close', () => {
    const { transport } = idleTransport();
    transport.close();
    const { events, observer } = heard();
    transport.open(url).subscribe(observer);
    expect(events).toEqual([expect.any(ClosedError)]);
  });
});

describe('open, unsubscribed while connecting', () => {
  it('goes back to idle, and leaves neither socket nor timer', () => {
    const { transport, platform, clock, states } = idleTransport();
    transport.open(url).subscribe().unsubscribe();
    expect(namesOf(states)).toEqual(['idle', 'connecting', 'idle']);
    expect(platform.socket.state).toBe('ended');
    expect(clock.timers).toBe(0);
  });

  it('goes on while another still waits', () => {
    const { transport, platform, states } = idleTransport();
    transport.open(url).subscribe();
    transport.open(url).subscribe().unsubscribe();
    platform.socket.greet();
    expect(namesOf(states)).toEqual(['idle', 'connecting', 'open']);
  });

  it('can be opened again, to another URL too, and counts its attempts anew', async () => {
    const { transport, platform, clock, states } = idleTransport();
    const opening = transport.open(url).subscribe();
    for (let attempt = 0; attempt < 4; attempt++) {
      platform.socket.end();
      await clock.advance(1000);
    }
    opening.unsubscribe();
    transport.open('ws://other/').subscribe();
    platform.socket.end();
    // The first delay again: half of 100 ms, as chance stands at a half.
    expect(states.at(-1)).toMatchObject({ state: 'waiting', url: 'ws://other/', attempt: 2, delay: 50 });
  });

  it('keeps an open connection when it has done its work', () => {
    const { transport, states } = openTransport();
    transport.open(url).subscribe().unsubscribe();
    expect(namesOf(states)).toEqual(['idle', 'connecting', 'open']);
  });
});

describe('an attempt', () => {
  it('may take connectTimeout from dialling to the end of the greeting, all in all', async () => {
    const { transport, platform, clock, states } = idleTransport({ connectTimeout: 1000 });
    transport.open(url).subscribe();
    await clock.advance(900);
    platform.socket.open();
    await clock.advance(100);
    expect(states.at(-1)).toMatchObject({ state: 'waiting', error: expect.any(ConnectionError) });
    expect(platform.socket.state).toBe('ended');
  });

  it('is not tried again where the peer is no NemesisDB', () => {
    const { transport, platform, states } = idleTransport();
    const { events, observer } = heard();
    transport.open(url).subscribe(observer);
    platform.socket.open();
    platform.socket.frame('hello');
    expect(events).toEqual([expect.any(ProtocolError)]);
    expect(namesOf(states)).toEqual(['idle', 'connecting', 'idle']);
  });

  it.each([
    ['at first', 0],
    ['after SV_INFO', 1],
    ['amid the echoes', 2],
  ])('is not tried again where the peer sends binary frames, and ends at once: %s', (_, replies) => {
    const { transport, platform, states } = idleTransport();
    const { events, observer } = heard();
    transport.open(url).subscribe(observer);
    platform.socket.open();
    for (const text of [info, '{"SH_1_RSP":{"st":10}}'].slice(0, replies)) platform.socket.frame(text);
    platform.socket.binary();
    expect(events).toEqual([expect.any(ProtocolError)]);
    expect(String(events[0])).toContain('binary');
    expect(namesOf(states)).toEqual(['idle', 'connecting', 'idle']);
    expect(platform.socket.state).toBe('ended');
  });

  it('to come back ends at once as well at a binary frame, and is followed by another', async () => {
    const { clock, platform, states } = openTransport();
    platform.socket.end();
    await clock.advance(100);
    platform.socket.open();
    platform.socket.binary();
    expect(states.at(-1)).toMatchObject({ state: 'waiting', error: expect.any(ProtocolError) });
  });

  it('ends at once where a peer sends more than it was asked for: its frames are not kept', () => {
    const { transport, platform, states } = idleTransport();
    const { events, observer } = heard();
    transport.open(url).subscribe(observer);
    platform.socket.open();
    platform.socket.frame(info);
    for (let frame = 0; frame < 2; frame++) platform.socket.frame('{"SH_OLD_RSP":{"st":10}}');
    expect(namesOf(states).at(-1)).toBe('connecting');
    platform.socket.frame('{"SH_OLD_RSP":{"st":10}}');
    expect(events).toEqual([expect.any(ProtocolError)]);
    expect(platform.socket.state).toBe('ended');
  });

  it('is tried again where the greeting got no complete answer', async () => {
    const { transport, platform, clock } = idleTransport();
    transport.open(url).subscribe();
    platform.socket.open();
    platform.socket.frame(info);
    await clock.advance(5000 + 100);
    expect(platform.sockets).toHaveLength(2);
  });

  it('finds out in one exchange that a peer does not echo fences', async () => {
    const { transport, platform, states } = idleTransport();
    transport.open(url).subscribe();
    platform.socket.open();
    for (const text of [info, '{"SH_OLD_RSP":{"st":10}}', '{"SH_OLD_RSP":{"st":10}}', info])
      platform.socket.frame(text);
    expect(states.at(-1)).toMatchObject({ state: 'open', pipelining: 'serial' });
  });
});

describe('a request of a client that was never opened', () => {
  it('ends within its timeout, as not sent', async () => {
    const { transport, clock } = idleTransport();
    const request = send(transport, { timeout: 300 });
    await clock.advance(299);
    expect(request.result).toBe('waiting');
    await clock.advance(2);
    expect(request.result).toBe('NDB_TIMEOUT not-sent');
    expect(clock.timers).toBe(0);
  });

  it('leaves no timer when it is unsubscribed', () => {
    const { transport, clock } = idleTransport();
    expect(send(transport).cancel()).toBe('not-sent');
    expect(clock.timers).toBe(0);
  });

  it('is sent once it is opened', async () => {
    const { transport, platform, clock } = idleTransport();
    const request = send(transport);
    transport.open(url).subscribe();
    platform.socket.greet();
    await clock.advance();
    platform.socket.answerAll();
    expect(request.result).toBe('answered');
    expect(request.errors.every((error) => error instanceof NdbError)).toBe(true);
  });
});
