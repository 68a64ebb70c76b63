import { describe, expect, it } from 'vitest';
import { ConnectionError, ProtocolError } from '../../src/errors.js';
import type { ConnectionState } from '../../src/transport/connection/connection-state.js';
import { idleTransport, namesOf, openTransport, url } from '../support/peers/opened-transport.js';

const reconnect = { initialDelay: 100, maxDelay: 1000, attempts: Number.POSITIVE_INFINITY, resetAfter: 10_000 };

const delays = (states: readonly ConnectionState[]) =>
  states.flatMap((state) => (state.state === 'waiting' ? [state.delay] : []));

/** Has so many connections or attempts fail, one after the other. */
async function fail({ platform, clock }: ReturnType<typeof idleTransport>, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    platform.socket.end();
    await clock.advance(1000);
  }
}

describe('reconnecting', () => {
  it('waits up to twice as long after each failure, up to a bound', async () => {
    const bench = openTransport({ reconnect, random: () => 1 });
    await fail(bench, 7);
    expect(delays(bench.states)).toEqual([100, 200, 400, 800, 1000, 1000, 1000]);
  });

  it('chooses its delay at random between nothing and that', async () => {
    const chances = [0, 0.25, 0.75];
    const bench = openTransport({ reconnect, random: () => chances.shift() ?? 0 });
    await fail(bench, 3);
    expect(delays(bench.states)).toEqual([0, 50, 300]);
  });

  it('begins anew only after a connection has held for resetAfter', async () => {
    const bench = openTransport({ reconnect, random: () => 1 });
    await fail(bench, 3);
    bench.platform.socket.greet();
    await bench.clock.advance(9999);
    await fail(bench, 1);
    bench.platform.socket.greet();
    await bench.clock.advance(10_000);
    await fail(bench, 1);
    expect(delays(bench.states)).toEqual([100, 200, 400, 800, 100]);
  });

  it('gives up after so many failures in a row, with the last one as the reason', async () => {
    const bench = idleTransport({ reconnect: { ...reconnect, attempts: 3 } });
    const errors: unknown[] = [];
    bench.transport.open(url).subscribe({ error: (error) => errors.push(error) });
    await fail(bench, 3);
    expect(bench.platform.sockets).toHaveLength(3);
    expect(errors).toEqual([expect.any(ConnectionError)]);
    expect(bench.states.at(-1)).toMatchObject({ state: 'idle', error: expect.any(ConnectionError) });
    expect(bench.clock.timers).toBe(0);
  });

  it.each([1, 2, 3])('after a loss has %i attempts where attempts is so, and then gives up', async (attempts) => {
    const bench = openTransport({ reconnect: { ...reconnect, attempts }, random: () => 1 });
    await fail(bench, 1 + attempts);
    expect(bench.platform.sockets).toHaveLength(1 + attempts);
    expect(bench.states.at(-1)).toMatchObject({ state: 'idle', error: expect.any(ConnectionError) });
    expect(delays(bench.states)).toEqual([100, 200, 400].slice(0, attempts));
    expect(bench.clock.timers).toBe(0);
  });

  it('after a loss has as many attempts as ever, however many failed before the connection was open', async () => {
    const bench = idleTransport({ reconnect: { ...reconnect, attempts: 3 } });
    bench.transport.open(url).subscribe();
    await fail(bench, 2);
    bench.platform.socket.greet();
    await fail(bench, 1 + 2);
    bench.platform.socket.greet();
    expect(bench.states.at(-1)).toMatchObject({ state: 'open' });
    await fail(bench, 1 + 3);
    expect(bench.platform.sockets).toHaveLength(3 + 3 + 3);
    expect(bench.states.at(-1)).toMatchObject({ state: 'idle' });
  });

  it('numbers its attempts from 1 after a loss', async () => {
    const bench = openTransport({ reconnect });
    await fail(bench, 3);
    const numbers = bench.states.flatMap((state) => (state.state === 'connecting' ? [state.attempt] : []));
    expect(numbers).toEqual([1, 1, 2, 3]);
  });

  it('does not happen after a loss where attempts is 0', async () => {
    const bench = openTransport({ reconnect: { ...reconnect, attempts: 0 } });
    await fail(bench, 1);
    expect(namesOf(bench.states)).toEqual(['idle', 'connecting', 'open', 'idle']);
  });

  it.each([0, 1])('has one attempt at the first connection where attempts is %i', async (attempts) => {
    const bench = idleTransport({ reconnect: { ...reconnect, attempts } });
    bench.transport.open(url).subscribe({ error: () => {} });
    await fail(bench, 1);
    expect(bench.platform.sockets).toHaveLength(1);
    expect(bench.states.at(-1)).toMatchObject({ state: 'idle' });
  });

  it('does not happen where it is off', async () => {
    const bench = idleTransport({ reconnect: false });
    const errors: unknown[] = [];
    bench.transport.open(url).subscribe({ error: (error) => errors.push(error) });
    await fail(bench, 1);
    expect(errors).toEqual([expect.any(ConnectionError)]);
    expect(namesOf(bench.states)).toEqual(['idle', 'connecting', 'idle']);
  });

  it.each([400, 401, 403, 404, 301, 200])('stops at a refusal with HTTP %i', async (httpStatus) => {
    const bench = idleTransport();
    bench.transport.open(url).subscribe({ error: () => {} });
    bench.platform.socket.end({ httpStatus });
    expect(bench.states.at(-1)).toMatchObject({ state: 'idle', error: { permanent: true } });
  });

  it.each([500, 502, 503, 408, 425, 429])('tries again after a refusal with HTTP %i', async (httpStatus) => {
    const bench = idleTransport();
    bench.transport.open(url).subscribe({ error: () => {} });
    bench.platform.socket.end({ httpStatus });
    expect(bench.states.at(-1)).toMatchObject({ state: 'waiting', error: { permanent: false } });
  });

  it.each([
    ['CERT_HAS_EXPIRED', 'certificate'],
    ['CERT_NOT_YET_VALID', 'certificate'],
    ['CERT_REVOKED', 'certificate'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate'],
    ['HOSTNAME_MISMATCH', 'certificate'],
    ['UNABLE_TO_GET_ISSUER_CERT', 'certificate'],
    ['EPROTO', 'is the port one of wss://'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'is the port one of wss://'],
    ['HPE_INVALID_CONSTANT', 'speaks no WebSocket: check the URL'],
    ['HPE_HEADER_OVERFLOW', 'speaks no WebSocket: check the URL'],
  ])('stops at the failure %s, with advice', (code, advice) => {
    const bench = idleTransport();
    bench.transport.open(url).subscribe({ error: () => {} });
    bench.platform.socket.end({ cause: Object.assign(new Error('no'), { code }) });
    expect(bench.states.at(-1)).toMatchObject({
      state: 'idle',
      error: { permanent: true, message: expect.stringContaining(advice) },
    });
  });

  it('stops where the answer to the upgrade is none of a WebSocket server', () => {
    const bench = idleTransport();
    bench.transport.open(url).subscribe({ error: () => {} });
    bench.platform.socket.end({ reason: 'Invalid Upgrade header', cause: new Error('Invalid Upgrade header') });
    expect(bench.states.at(-1)).toMatchObject({
      state: 'idle',
      error: { permanent: true, message: expect.stringMatching(/check the URL .*Invalid Upgrade header/) },
    });
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EUNHEARD'])('tries again after %s', (code) => {
    const bench = idleTransport();
    bench.transport.open(url).subscribe({ error: () => {} });
    bench.platform.socket.end({ cause: Object.assign(new Error('no'), { code }) });
    expect(bench.states.at(-1)).toMatchObject({ state: 'waiting', error: { permanent: false } });
  });

  it('tries again where a platform tells of no cause, as a browser does not', () => {
    const bench = idleTransport();
    bench.transport.open(url).subscribe({ error: () => {} });
    bench.platform.socket.end();
    expect(bench.states.at(-1)).toMatchObject({ state: 'waiting', error: { permanent: false } });
  });

  it.each<[string, Error]>([
    ['no HTTP', Object.assign(new Error('no'), { code: 'HPE_INVALID_CONSTANT' })],
    ['no WebSocket', new Error('Invalid Upgrade header')],
  ])('goes on after a peer that speaks %s in the place of a NemesisDB that was there', async (_, cause) => {
    const bench = openTransport();
    bench.platform.socket.end();
    await bench.clock.advance(100);
    bench.platform.socket.end({ cause });
    expect(bench.states.at(-1)).toMatchObject({ state: 'waiting', purpose: 'again' });
  });

  it('goes on after a peer that was a NemesisDB garbled a reply', async () => {
    const bench = openTransport();
    bench.platform.socket.frame('garble');
    expect(bench.states.at(-1)).toMatchObject({ state: 'waiting', error: expect.any(ProtocolError) });
    await bench.clock.advance(100);
    expect(bench.platform.sockets).toHaveLength(2);
    expect(bench.platform.sockets[0]?.state).toBe('ended');
  });

  it.each<[string, (bench: ReturnType<typeof openTransport>) => unknown]>([
    ['open() is subscribed to', ({ transport }) => transport.open(url).subscribe({ error: () => {} })],
    ['the network is back', ({ platform }) => platform.online$.next()],
  ])('does not wait any longer once %s', async (_, happens) => {
    const bench = openTransport({
      heartbeat: false,
      reconnect: { ...reconnect, initialDelay: 60_000, maxDelay: 60_000 },
    });
    bench.platform.socket.end();
    await bench.clock.advance(1000);
    expect(bench.platform.sockets).toHaveLength(1);
    happens(bench);
    expect(bench.platform.sockets).toHaveLength(2);
    bench.platform.socket.greet();
    expect(bench.states.at(-1)).toMatchObject({ state: 'open' });
    await bench.clock.advance(60_000);
    expect(bench.platform.sockets).toHaveLength(2);
  });

  it('keeps the longest request that the server announced while there is no connection', async () => {
    const bench = openTransport();
    bench.platform.socket.end();
    await bench.clock.advance(100);
    bench.platform.socket.greet({ maxPayload: 4096 });
    expect(bench.transport.maxPayload).toBe(4096);
    bench.platform.socket.end();
    expect(bench.transport.maxPayload).toBe(4096);
  });
});

describe('maxPayload', () => {
  it.each([
    [undefined, undefined, 1024],
    [2000, undefined, 2000],
    [undefined, 8192, 8192],
    [2000, 8192, 2000],
    [9000, 8192, 8192],
  ])('with the option %s and a server that announces %s is %i', (option, announced, expected) => {
    const { transport, platform } = idleTransport({ maxPayload: option });
    transport.open(url).subscribe();
    platform.socket.greet(announced === undefined ? {} : { maxPayload: announced });
    expect(transport.maxPayload).toBe(expected);
  });
});
