import { describe, expect, it } from 'vitest';
import { correlator, frame, pending, serial, waiter } from '../support/correlation/correlating.js';

describe('several requests', () => {
  const two = () => {
    const it = correlator();
    const waiters = [waiter(1, 'KV_GET'), waiter(2, 'KV_SET')];
    expect(it.written(waiters)).toBe('SH_1');
    return { it, waiters };
  };

  it('are delivered when their fence comes, and not before', () => {
    const { it, waiters } = two();
    const replies = [frame('KV_GET'), frame('KV_SET')];
    for (const reply of replies) expect(it.received(reply)).toEqual(pending);
    expect(it.inFlight).toBe(2);
    expect(it.received(frame('SH_1', 10))).toEqual({ type: 'delivered', waiters, frames: replies, fenced: true });
    expect(it.inFlight).toBe(0);
  });

  it.each([
    ['no reply', []],
    ['the first reply only', ['KV_GET']],
    ['the second reply only', ['KV_SET']],
  ])('are all lost where the fence finds %s', (_, names) => {
    const { it, waiters } = two();
    for (const name of names) it.received(frame(name));
    expect(it.received(frame('SH_1', 10))).toEqual({ type: 'lost', waiters });
    expect([it.inFlight, it.batches]).toEqual([0, 0]);
  });

  it.each([
    ['exchanged names', ['KV_SET', 'KV_GET']],
    ['the first name twice', ['KV_GET', 'KV_GET']],
    ['the second name twice', ['KV_SET', 'KV_SET']],
    ['the name of unknown commands', ['SH_OLD', 'KV_SET']],
  ])('prove a peer of another kind where none is missing, but they come under %s', (_, names) => {
    const { it, waiters } = two();
    for (const name of names) it.received(frame(name));
    expect(it.received(frame('SH_1', 10))).toMatchObject({
      type: 'confused',
      reason: expect.stringContaining('another'),
    });
    expect(it.waiting()).toEqual(waiters);
  });

  it('may each be answered as ERR', () => {
    const { it } = two();
    it.received({ name: 'ERR', body: { st: 4 } });
    it.received(frame('KV_SET'));
    expect(it.received(frame('SH_1', 10)).type).toBe('delivered');
  });

  it('leave nothing of a lost batch for the next one', () => {
    const { it } = two();
    it.received(frame('KV_GET'));
    it.received(frame('SH_1', 10));
    const next = [waiter(3), waiter(4)];
    expect(it.written(next)).toBe('SH_2');
    const replies = [frame('KV_GET'), frame('KV_GET')];
    for (const reply of replies) it.received(reply);
    expect(it.received(frame('SH_2', 10))).toEqual({ type: 'delivered', waiters: next, frames: replies, fenced: true });
  });

  it('are settled with the batch after them where their own fence was dropped', () => {
    const { it, waiters } = two();
    const more = [waiter(3)];
    expect(it.written(more)).toBe('SH_2');
    expect([it.batches, it.inFlight, it.waiting()]).toEqual([2, 3, [...waiters, ...more]]);
    const replies = [frame('KV_GET'), frame('KV_SET'), frame('KV_GET')];
    for (const reply of replies) expect(it.received(reply)).toEqual(pending);
    expect(it.received(frame('SH_2', 10))).toEqual({
      type: 'delivered',
      waiters: [...waiters, ...more],
      frames: replies,
      fenced: true,
    });
    expect(it.batches).toBe(0);
  });

  it('do not wait for the batch after them', () => {
    const { it, waiters } = two();
    const more = [waiter(3)];
    it.written(more);
    it.received(frame('KV_GET'));
    it.received(frame('KV_SET'));
    expect(it.received(frame('SH_1', 10))).toMatchObject({ type: 'delivered', waiters });
    expect([it.batches, it.inFlight]).toEqual([1, 1]);
    expect(it.received(frame('KV_GET'))).toEqual(pending);
    expect(it.received(frame('SH_2', 10))).toMatchObject({ type: 'delivered', waiters: more });
  });

  it('prove a peer of another kind if more replies come than they are', () => {
    const { it } = two();
    it.received(frame('KV_GET'));
    it.received(frame('KV_SET'));
    expect(it.received(frame('KV_SET'))).toMatchObject({ type: 'confused', reason: expect.stringContaining('more') });
  });
});

describe('a fence that comes after more replies than there were requests before it', () => {
  it('proves a peer of another kind, and leaves all requests in flight', () => {
    const it = correlator();
    const waiters = [waiter(1), waiter(2), waiter(3)];
    it.written(waiters.slice(0, 2));
    it.written(waiters.slice(2));
    for (let count = 0; count < 3; count++) expect(it.received(frame('KV_GET'))).toEqual(pending);
    expect(it.received(frame('SH_1', 10))).toMatchObject({ type: 'confused', reason: expect.stringContaining('more') });
    expect(it.waiting()).toEqual(waiters);
  });
});

describe('a fence that asks', () => {
  it('is not needed where nothing is in flight', () => {
    expect(correlator().probe()).toBeUndefined();
  });

  it('can not be sent to a peer that echoes none', () => {
    const it = correlator(serial);
    it.written([waiter(1)]);
    expect(it.probe()).toBeUndefined();
    expect(it.batches).toBe(1);
  });

  it('settles a batch whose own fence was dropped', () => {
    const it = correlator();
    const waiters = [waiter(1), waiter(2)];
    it.written(waiters);
    expect(it.probe()).toBe('SH_2');
    it.received(frame('KV_GET'));
    it.received(frame('KV_GET'));
    expect(it.received(frame('SH_2', 10))).toMatchObject({ type: 'delivered', waiters });
  });

  it('is answered in vain where the batch is settled meanwhile', () => {
    const it = correlator();
    it.written([waiter(1), waiter(2)]);
    it.probe();
    it.received(frame('KV_GET'));
    it.received(frame('KV_GET'));
    it.received(frame('SH_1', 10));
    expect(it.received(frame('SH_2', 10))).toEqual({ type: 'delivered', waiters: [], frames: [], fenced: true });
  });
});

describe('a peer that echoes no fence', () => {
  it('takes one request at a time, without a fence', () => {
    const it = correlator(serial);
    expect(it.written([waiter(1)])).toBeUndefined();
    expect(it.received(frame('KV_GET')).type).toBe('delivered');
    for (let count = 2; count < 40; count++) {
      expect(it.written([waiter(count)])).toBeUndefined();
      expect(it.received(frame('KV_GET'))).toMatchObject({ type: 'delivered', fenced: false });
      expect(it.count()).toBeUndefined();
    }
  });

  it('answers what it does not know under the one name that its greeting showed', () => {
    const it = correlator(serial);
    it.written([waiter(1, 'SH_GET')]);
    expect(it.received(frame('SH_OLD', 10)).type).toBe('delivered');
  });

  it.each([
    ['another name', frame('SH_OTHER', 10)],
    ['that name, but with another status', frame('SH_OLD', 1)],
  ])('is not understood under %s', (_, reply) => {
    const it = correlator(serial);
    it.written([waiter(1, 'SH_GET')]);
    expect(it.received(reply).type).toBe('confused');
  });
});

it('a reply that nothing had asked for proves a peer of another kind', () => {
  expect(correlator().received(frame('KV_GET'))).toMatchObject({
    type: 'confused',
    reason: expect.stringContaining('nothing'),
  });
});
