import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/errors.js';
import { idleTransport, url } from '../support/peers/opened-transport.js';
import { send } from '../support/sent-request.js';

/** A transport with an open connection to a server that repeats ids. */
function openWithIds(given: Parameters<typeof idleTransport>[0] = {}) {
  const bench = idleTransport({ heartbeat: false, ...given });
  const events: unknown[] = [];
  bench.transport.events$.subscribe({ next: (event) => events.push(event), complete: () => events.push('complete') });
  bench.transport.open(url).subscribe();
  bench.platform.socket.greet({ features: ['ids', 'watch'], sweepInterval: 5000 });
  return { ...bench, events };
}

describe('a server that announces ids', () => {
  it('is described by open() and connection$', () => {
    const { states } = openWithIds();
    expect(states.at(-1)).toMatchObject({
      state: 'open',
      pipelining: 'ids',
      server: { features: ['ids', 'watch'], sweepInterval: 5000 },
    });
  });

  it('gets an id with each request and no fence, and each reply is delivered as it comes', async () => {
    const { transport, platform, clock } = openWithIds();
    const [slow, quick] = [send(transport, { command: 'KV_FIND' }), send(transport)];
    await clock.advance();
    expect(platform.socket.requests).toEqual([
      '{"KV_FIND":{"keys":["a"]},"id":"1"}',
      '{"KV_GET":{"keys":["a"]},"id":"2"}',
    ]);
    platform.socket.frame('{"KV_GET_RSP":{"st":1},"id":"2"}');
    expect([slow.result, quick.result]).toEqual(['waiting', 'answered']);
    platform.socket.frame('{"KV_FIND_RSP":{"st":1},"id":"1"}');
    expect(slow.result).toBe('answered');
  });

  it('may push events, which reach events$ and answer no request', async () => {
    const { transport, platform, clock, events } = openWithIds();
    const request = send(transport);
    await clock.advance();
    platform.socket.frame('{"SH_EVENT":{"watch":1,"type":"expired"}}');
    expect(events).toEqual([{ watch: 1, type: 'expired' }]);
    expect(request.result).toBe('waiting');
    transport.close().subscribe();
    platform.socket.frame('{"KV_GET_RSP":{"st":1},"id":"1"}');
    platform.socket.end({ code: 1000 });
    expect(events.at(-1)).toBe('complete');
  });

  it('takes requests that fit its maxPayload with their ids', async () => {
    const { transport, platform, clock } = openWithIds({ maxPayload: 200 });
    const text = (length: number) => `{"KV_GET":{"keys":["${'a'.repeat(length)}"]}}`;
    send(transport, { text: text(transport.maxPayload - 24) });
    expect(send(transport, { text: text(transport.maxPayload - 23) }).result).toBe('NDB_PAYLOAD_TOO_LARGE not-sent');
    await clock.advance();
    expect(Math.max(...platform.socket.requests.map(({ length }) => length))).toBeLessThanOrEqual(200);
  });

  it.each(['{"KV_GET_RSP":{"st":1}}', '{"KV_GET_RSP":{"st":1},"id":"7"}'])(
    'loses the connection over a reply to nothing that it was asked: %s',
    async (reply) => {
      const { transport, platform, clock, states } = openWithIds();
      send(transport);
      await clock.advance();
      platform.socket.frame(reply);
      expect(states.at(-1)).toMatchObject({ state: 'waiting', error: expect.any(ProtocolError) });
    },
  );
});

it('a NemesisDB that pushes what nobody asked for loses the connection', () => {
  const { transport, platform, states } = idleTransport();
  transport.open(url).subscribe();
  platform.socket.greet();
  platform.socket.frame('{"SH_EVENT":{"watch":1}}');
  expect(states.at(-1)).toMatchObject({ state: 'waiting', error: expect.any(ProtocolError) });
});
