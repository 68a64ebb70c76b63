import { describe, expect, it } from 'vitest';
import { ClosedError, type NdbError } from '../../src/errors.js';
import { type Bench, idleTransport, namesOf, openTransport, url } from '../support/peers/opened-transport.js';
import { send, write } from '../support/sent-request.js';

/** Closes, and tells when that is done. */
function close({ transport, clock }: Bench) {
  const result: { closedAt?: number } = {};
  transport.close().subscribe({
    complete: () => {
      result.closedAt = clock.now();
    },
  });
  return result;
}

describe('close', () => {
  it('begins without a subscriber, and tells whoever subscribes later', async () => {
    const bench = openTransport();
    const closing$ = bench.transport.close();
    expect(bench.platform.socket.closeCode).toBe(1000);
    bench.platform.socket.end({ code: 1000 });
    const heard: unknown[] = [];
    closing$.subscribe({ next: (value) => heard.push(value), complete: () => heard.push('complete') });
    expect(heard).toEqual([undefined, 'complete']);
  });

  it('of an idle client ends at once', () => {
    const bench = idleTransport();
    expect(close(bench).closedAt).toBe(0);
    expect(namesOf(bench.states)).toEqual(['idle', 'closed']);
  });

  it('while connecting drops the attempt, and completes open()', () => {
    const bench = idleTransport();
    const opening: unknown[] = [];
    bench.transport.open(url).subscribe({
      next: () => opening.push('next'),
      error: (error) => opening.push(error),
      complete: () => opening.push('complete'),
    });
    expect(close(bench).closedAt).toBe(0);
    expect(opening).toEqual(['complete']);
    expect(bench.platform.socket.state).toBe('ended');
    expect(bench.clock.timers).toBe(0);
  });

  it('while waiting for the next attempt ends at once, and there is no next attempt', async () => {
    const bench = openTransport();
    bench.platform.socket.end();
    expect(close(bench).closedAt).toBe(0);
    await bench.clock.advance(100_000);
    expect(bench.platform.sockets).toHaveLength(1);
    expect(bench.clock.timers).toBe(0);
  });

  it('lets what was accepted be answered, written or queued, and refuses what comes', async () => {
    const bench = openTransport({ maxInFlight: 1 });
    const [written, queued] = [send(bench.transport), send(bench.transport, write)];
    await bench.clock.advance();
    const closing = close(bench);
    const late = send(bench.transport);
    expect(late.errors).toEqual([expect.any(ClosedError)]);
    expect(bench.platform.socket.closeCode).toBeUndefined();
    bench.platform.socket.answerAll();
    await bench.clock.advance();
    bench.platform.socket.answerAll();
    expect([written.result, queued.result]).toEqual(['answered', 'answered']);
    expect(bench.platform.socket.closeCode).toBe(1000);
    bench.platform.socket.end({ code: 1000 });
    expect(closing.closedAt).toBe(0);
    expect(bench.clock.timers).toBe(0);
  });

  it('waits closeTimeout for a server that does not answer, and no longer', async () => {
    const bench = openTransport({ closeTimeout: 700, maxInFlight: 1 });
    const written = send(bench.transport, { timeout: 5000 });
    await bench.clock.advance();
    const queued = send(bench.transport, { timeout: 5000 });
    const closing = close(bench);
    await bench.clock.advance(1000);
    expect(closing.closedAt).toBe(700);
    expect([written.result, queued.result]).toEqual(['NDB_REPLY_LOST unknown', 'NDB_CLOSED not-sent']);
    expect(bench.platform.socket.state).toBe('ended');
    expect(bench.clock.timers).toBe(0);
  });

  it('waits closeTimeout for a peer that does not answer the closing handshake', async () => {
    const bench = openTransport({ closeTimeout: 700 });
    const closing = close(bench);
    await bench.clock.advance(1000);
    expect(closing.closedAt).toBe(700);
    expect(bench.platform.socket.state).toBe('ended');
  });

  it('does not wait for replies that nobody waits for', async () => {
    const bench = openTransport();
    const request = send(bench.transport);
    await bench.clock.advance();
    close(bench);
    expect(bench.platform.socket.closeCode).toBeUndefined();
    request.cancel();
    expect(bench.platform.socket.closeCode).toBe(1000);
  });

  it('says of a read whose reply was lost once, and that waited for another connection, that it had left', async () => {
    const bench = openTransport();
    const read = send(bench.transport);
    await bench.clock.advance();
    bench.platform.socket.end();
    expect(read.result).toBe('waiting');
    close(bench);
    expect(read.result).toBe('NDB_REPLY_LOST unknown');
  });

  it('ends when the connection is lost meanwhile', async () => {
    const bench = openTransport();
    const read = send(bench.transport);
    await bench.clock.advance();
    const closing = close(bench);
    bench.platform.socket.end();
    expect(closing.closedAt).toBe(0);
    expect(read.result).toBe('NDB_REPLY_LOST unknown');
    expect(namesOf(bench.states)).toEqual(['idle', 'connecting', 'open', 'closing', 'closed']);
  });

  it('twice is as good as once', async () => {
    const bench = openTransport();
    const [one, two] = [close(bench), close(bench)];
    bench.platform.socket.end({ code: 1000 });
    expect([one.closedAt, two.closedAt, close(bench).closedAt]).toEqual([0, 0, 0]);
  });

  it('completes all streams, and what comes later is refused', () => {
    const bench = openTransport();
    const completed: string[] = [];
    bench.transport.connection$.subscribe({ complete: () => completed.push('connection$') });
    bench.transport.activity$.subscribe({ complete: () => completed.push('activity$') });
    close(bench);
    bench.platform.socket.end({ code: 1000 });
    expect(completed.sort()).toEqual(['activity$', 'connection$']);
    const late = send(bench.transport);
    expect(late.errors).toEqual([expect.any(ClosedError)]);
  });
});

describe('a connection that is given up', () => {
  it('ends each request in an error that says whether it was sent, and leaves no timer', async () => {
    const bench = openTransport({ reconnect: false, maxInFlight: 1 });
    const written = send(bench.transport);
    await bench.clock.advance();
    const queued = send(bench.transport);
    bench.platform.socket.end({ code: 1011 });
    expect([written.result, queued.result]).toEqual(['NDB_REPLY_LOST unknown', 'NDB_CONNECTION not-sent']);
    const [error] = written.errors as NdbError[];
    expect(error?.message).toContain('the connection broke');
    expect(bench.states.at(-1)).toMatchObject({ state: 'idle', error: { closeCode: 1011 } });
    await bench.clock.advance(1000);
    expect(bench.clock.timers).toBe(0);
  });
});
