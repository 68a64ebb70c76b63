import { describe, expect, it } from 'vitest';
import { correlator, frame, pending, serial, waiter } from '../support/correlation/correlating.js';

/** Sixteen lone requests are answered, and the fence that counts is written. */
function afterSixteen() {
  const it = correlator();
  for (let count = 0; count < 16; count++) {
    it.written([waiter(count)]);
    it.received(frame('KV_GET'));
  }
  expect(it.count()).toBe('SH_1');
  return it;
}

describe('a request alone', () => {
  it('needs no fence, and whatever comes under its name is its reply', () => {
    const it = correlator();
    const [one, reply] = [waiter(1), frame('KV_GET')];
    expect(it.written([one])).toBeUndefined();
    expect([it.inFlight, it.batches, it.waiting()]).toEqual([1, 1, [one]]);
    expect(it.received(reply)).toEqual({ type: 'delivered', waiters: [one], frames: [reply], fenced: false });
    expect([it.inFlight, it.batches, it.waiting()]).toEqual([0, 0, []]);
  });

  it('may be answered as ERR', () => {
    const it = correlator();
    it.written([waiter(1)]);
    expect(it.received({ name: 'ERR', body: { st: 4 } }).type).toBe('delivered');
  });

  it('is not answered under another name', () => {
    const it = correlator();
    it.written([waiter(1)]);
    expect(it.received(frame('KV_SET'))).toMatchObject({
      type: 'confused',
      reason: expect.stringContaining('another'),
    });
  });

  it('is followed by a fence now and then, which counts what came, and keeps nobody waiting', () => {
    const it = correlator();
    const fences = Array.from({ length: 32 }, (_, number) => {
      const one = waiter(number);
      expect(it.written([one])).toBeUndefined();
      expect(it.received(frame('KV_GET'))).toMatchObject({ type: 'delivered', waiters: [one], fenced: false });
      const fence = it.count();
      if (fence !== undefined) expect(it.received(frame(fence, 10))).toMatchObject({ type: 'delivered', waiters: [] });
      return fence;
    });
    const places = fences.flatMap((fence, index) => (fence === undefined ? [] : [[fence, index]]));
    expect(places).toEqual([
      ['SH_1', 15],
      ['SH_2', 31],
    ]);
  });

  it('is answered behind a fence that counts as if there were none', () => {
    const it = afterSixteen();
    const one = waiter(17);
    expect(it.written([one])).toBeUndefined();
    expect(it.next).toBeUndefined(); // what comes next is the fence's
    it.received(frame('SH_1', 10));
    expect(it.next).toBe(one);
    expect(it.received(frame('KV_GET'))).toMatchObject({ type: 'delivered', waiters: [one], fenced: false });
  });

  it('has a fence of its own where that is asked for, unless the peer echoes none', () => {
    expect(correlator().written([waiter(1)], true)).toBe('SH_1');
    expect(correlator(serial).written([waiter(1)], true)).toBeUndefined();
  });

  it('behind a fence that counts shares a fence with what follows', () => {
    const it = afterSixteen();
    const [one, two] = [waiter(17), waiter(18)];
    expect(it.written([one])).toBeUndefined();
    expect(it.written([two])).toBe('SH_2');
    expect(it.batches).toBe(2);
    it.received(frame('SH_1', 10));
    it.received(frame('KV_GET')); // one of the two was dropped, and nobody knows which
    expect(it.received(frame('SH_2', 10))).toEqual({ type: 'lost', waiters: [one, two] });
  });

  it('is counted when nothing is under way, and not before', () => {
    const it = correlator();
    for (let count = 0; count < 15; count++) {
      it.written([waiter(count)]);
      it.received(frame('KV_GET'));
    }
    it.written([waiter(15)]);
    expect(it.count()).toBeUndefined();
    it.received(frame('KV_GET'));
    it.written([waiter(16)]);
    expect(it.count()).toBeUndefined();
    it.received(frame('KV_GET'));
    expect(it.count()).toBe('SH_1');
    expect(it.count()).toBeUndefined();
  });

  it('is not given the reply of its predecessor for long', () => {
    // One reply was unasked for: each true one comes to the request after its own.
    const it = afterSixteen();
    it.written([waiter(17)]);
    expect(it.received(frame('KV_GET'))).toEqual(pending);
    expect(it.received(frame('SH_1', 10))).toMatchObject({
      type: 'confused',
      reason: expect.stringContaining('more'),
    });
  });

  it('that follows several at once is the first of a row again', () => {
    const it = correlator();
    const alone = () => {
      it.written([waiter(1)]);
      it.received(frame('KV_GET'));
      return it.count();
    };
    for (let count = 0; count < 10; count++) expect(alone()).toBeUndefined();
    it.written([waiter(1), waiter(2)]);
    it.received(frame('KV_GET'));
    it.received(frame('KV_GET'));
    it.received(frame('SH_1', 10));
    for (let count = 0; count < 15; count++) expect(alone()).toBeUndefined();
    expect(alone()).toBe('SH_2');
  });

  it('has a fence of its own where one that asked has not come', () => {
    const it = correlator();
    it.written([waiter(1), waiter(2)]);
    it.probe();
    it.received(frame('KV_GET'));
    it.received(frame('KV_GET'));
    it.received(frame('SH_1', 10));
    expect(it.count()).toBeUndefined();
    expect(it.written([waiter(3)])).toBe('SH_3');
  });

  it('shares a fence with what follows before its reply has come', () => {
    const it = correlator();
    const waiters = [waiter(1), waiter(2), waiter(3)] as const;
    expect(it.written([waiters[0]])).toBeUndefined();
    expect(it.written([waiters[1], waiters[2]])).toBe('SH_1');
    expect(it.batches).toBe(1);
    const replies = [frame('KV_GET'), frame('KV_GET'), frame('KV_GET')];
    for (const reply of replies) expect(it.received(reply)).toEqual(pending);
    expect(it.received(frame('SH_1', 10))).toEqual({ type: 'delivered', waiters, frames: replies, fenced: true });
  });

  it('can be asked after with a fence, whose reply proves its own lost', () => {
    const it = correlator();
    const one = waiter(1);
    it.written([one]);
    expect(it.probe()).toBe('SH_1');
    expect(it.received(frame('SH_1', 10))).toEqual({ type: 'lost', waiters: [one] });
    expect(it.inFlight).toBe(0);
  });
});

describe('what comes next', () => {
  it('is the reply to the first request, where it is the only one before its fence', () => {
    const it = correlator();
    expect(it.next).toBeUndefined();
    const [one, two] = [waiter(1), waiter(2)];
    it.written([one]);
    expect(it.next).toBe(one);
    expect(it.received(frame('KV_GET')).type).toBe('delivered');
    it.written([one], true);
    it.written([two], true);
    expect(it.next).toBe(one);
  });

  it('may be that of any of a batch', () => {
    const it = correlator();
    it.written([waiter(1), waiter(2)]);
    expect(it.next).toBeUndefined();
  });

  it('is that of a fence, once its request has its own', () => {
    const it = correlator();
    it.written([waiter(1)], true);
    it.received(frame('KV_GET'));
    expect(it.next).toBeUndefined();
  });

  it('is of no matter any more where the only request before a fence was answered wrongly: it is that one', () => {
    const it = correlator();
    const one = waiter(1);
    it.written([one], true);
    it.received(frame('KV_COUNT'));
    expect(it.received(frame('SH_1', 10)).type).toBe('confused');
    expect(it.next).toBe(one);
  });

  it('is not known to be of one among several that were answered wrongly', () => {
    const it = correlator();
    it.written([waiter(1), waiter(2)]);
    it.received(frame('KV_COUNT'));
    it.received(frame('KV_GET'));
    expect(it.received(frame('SH_1', 10)).type).toBe('confused');
    expect(it.next).toBeUndefined();
  });
});
