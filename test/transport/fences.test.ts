import { describe, expect, it } from 'vitest';
import { Fences } from '../../src/transport/requests/fences.js';
import {
  fenced,
  fences,
  frame,
  namesOf,
  pending,
  request,
  requests,
  serial,
} from '../support/correlation/correlating.js';

describe('several requests', () => {
  const two = () => {
    const it = fences();
    const { frames, fenced } = it.write([request(1, 'KV_GET'), request(2, 'KV_SET')], false);
    expect([frames, fenced]).toEqual([['{"KV_GET":{}}', '{"KV_SET":{}}', '{"SH_1":{}}'], true]);
    return it;
  };

  it('are delivered when their fence comes, and not before', () => {
    const it = two();
    const replies = [frame('KV_GET'), frame('KV_SET')];
    for (const reply of replies) expect(it.receive(reply)).toEqual(pending);
    expect(it.inFlight).toBe(2);
    expect(it.receive(frame('SH_1', 10))).toEqual({ type: 'delivered', ids: [1, 2], frames: replies, fenced: true });
    expect(it.inFlight).toBe(0);
  });

  it.each([
    ['no reply', []],
    ['the first reply only', ['KV_GET']],
    ['the second reply only', ['KV_SET']],
  ])('are all lost if the fence finds %s', (_, names) => {
    const it = two();
    for (const name of names) it.receive(frame(name));
    expect(it.receive(frame('SH_1', 10))).toEqual({ type: 'lost', ids: [1, 2] });
    expect([it.inFlight, it.pending()]).toEqual([0, []]);
  });

  it.each([
    ['exchanged names', ['KV_SET', 'KV_GET']],
    ['the first name twice', ['KV_GET', 'KV_GET']],
    ['the second name twice', ['KV_SET', 'KV_SET']],
    ['the name of unknown commands', ['SH_OLD', 'KV_SET']],
  ])('prove a peer of another kind if none is missing, but they come under %s', (_, names) => {
    const it = two();
    for (const name of names) it.receive(frame(name));
    expect(it.receive(frame('SH_1', 10))).toMatchObject({
      type: 'untrusted',
      reason: expect.stringContaining('another'),
    });
    expect(it.pending()).toEqual([1, 2]);
  });

  it('may each be answered as ERR', () => {
    const it = two();
    it.receive({ name: 'ERR', body: { st: 4 }, length: 1 });
    it.receive(frame('KV_SET'));
    expect(it.receive(frame('SH_1', 10)).type).toBe('delivered');
  });

  it('leave nothing of a lost batch for the next one', () => {
    const it = two();
    it.receive(frame('KV_GET'));
    it.receive(frame('SH_1', 10));
    expect(it.write(requests(3, 4), false).frames.at(-1)).toBe('{"SH_2":{}}');
    const replies = [frame('KV_GET'), frame('KV_GET')];
    for (const reply of replies) it.receive(reply);
    expect(it.receive(frame('SH_2', 10))).toEqual({ type: 'delivered', ids: [3, 4], frames: replies, fenced: true });
  });

  it('are settled with the batch after them if their own fence was dropped', () => {
    const it = two();
    expect(it.write([request(3)], false).frames).toEqual(['{"KV_GET":{}}', '{"SH_2":{}}']);
    expect([it.inFlight, it.pending()]).toEqual([3, [1, 2, 3]]);
    const replies = [frame('KV_GET'), frame('KV_SET'), frame('KV_GET')];
    for (const reply of replies) expect(it.receive(reply)).toEqual(pending);
    expect(it.receive(frame('SH_2', 10))).toEqual({ type: 'delivered', ids: [1, 2, 3], frames: replies, fenced: true });
    expect(it.inFlight).toBe(0);
  });

  it('do not wait for the batch after them', () => {
    const it = two();
    it.write([request(3)], false);
    it.receive(frame('KV_GET'));
    it.receive(frame('KV_SET'));
    expect(it.receive(frame('SH_1', 10))).toMatchObject({ type: 'delivered', ids: [1, 2] });
    expect([it.inFlight, it.pending()]).toEqual([1, [3]]);
    expect(it.receive(frame('KV_GET'))).toEqual(pending);
    expect(it.receive(frame('SH_2', 10))).toMatchObject({ type: 'delivered', ids: [3] });
  });

  it('prove a peer of another kind if more replies come than they are', () => {
    const it = two();
    it.receive(frame('KV_GET'));
    it.receive(frame('KV_SET'));
    expect(it.receive(frame('KV_SET'))).toMatchObject({ type: 'untrusted', reason: expect.stringContaining('more') });
  });

  it('have fences whose names were not used on the connection before', () => {
    expect(new Fences(fenced, 128, 2).write(requests(1, 2), false).frames.at(-1)).toBe('{"SH_3":{}}');
  });
});

describe('a command that may be slow', () => {
  const slow = [
    'KV_FIND',
    'KV_UPDATE',
    'KV_KEYS',
    'KV_CLEAR',
    'KV_CLEAR_SET',
    'KV_SAVE',
    'KV_LOAD',
    'SH_SAVE',
    'SH_LOAD',
  ];

  it.each(slow)('has a fence before it if others are written with it: %s', (command) => {
    const it = fences();
    const { frames } = it.write([request(1), request(2, command), request(3), request(4, command)], false);
    expect(namesOf(frames)).toEqual(['KV_GET', 'SH_1', command, 'KV_GET', 'SH_2', command, 'SH_3']);
    const reply = frame('KV_GET');
    it.receive(reply);
    expect(it.receive(frame('SH_1', 10))).toEqual({ type: 'delivered', ids: [1], frames: [reply], fenced: true });
    expect(it.pending()).toEqual([2, 3, 4]);
  });

  it('has a fence before it if a lone request has not been answered yet', () => {
    const it = fences();
    it.write([request(1)], false);
    expect(namesOf(it.write([request(2, 'KV_FIND')], false).frames)).toEqual(['SH_1', 'KV_FIND', 'SH_2']);
    it.receive(frame('KV_GET'));
    expect(it.receive(frame('SH_1', 10))).toMatchObject({ type: 'delivered', ids: [1] });
  });

  it('needs no fence before it if nothing is in flight', () => {
    expect(namesOf(fences().write([request(1, 'KV_FIND'), request(2)], false).frames)).toEqual([
      'KV_FIND',
      'KV_GET',
      'SH_1',
    ]);
  });
});

describe('a fence that comes after more replies than there were requests before it', () => {
  it('proves a peer of another kind, and leaves all requests in flight', () => {
    const it = fences();
    it.write(requests(1, 2), false);
    it.write(requests(3), false);
    for (let count = 0; count < 3; count++) expect(it.receive(frame('KV_GET'))).toEqual(pending);
    expect(it.receive(frame('SH_1', 10))).toMatchObject({ type: 'untrusted', reason: expect.stringContaining('more') });
    expect(it.pending()).toEqual([1, 2, 3]);
  });
});

describe('a fence that asks', () => {
  it('is not needed if nothing is in flight', () => {
    expect(fences().probe()).toBeUndefined();
  });

  it('can not be sent to a peer that echoes none', () => {
    const it = fences(serial);
    it.write([request(1)], false);
    expect(it.probe()).toBeUndefined();
    expect(it.receive(frame('KV_GET')).type).toBe('delivered');
  });

  it('settles a batch whose own fence was dropped', () => {
    const it = fences();
    it.write(requests(1, 2), false);
    expect(it.probe()).toBe('{"SH_2":{}}');
    it.receive(frame('KV_GET'));
    it.receive(frame('KV_GET'));
    expect(it.receive(frame('SH_2', 10))).toMatchObject({ type: 'delivered', ids: [1, 2] });
  });

  it('settles nothing if the batch is settled meanwhile', () => {
    const it = fences();
    it.write(requests(1, 2), false);
    it.probe();
    it.receive(frame('KV_GET'));
    it.receive(frame('KV_GET'));
    it.receive(frame('SH_1', 10));
    expect(it.receive(frame('SH_2', 10))).toEqual({ type: 'delivered', ids: [], frames: [], fenced: true });
  });
});

describe('a peer that echoes no fence', () => {
  it('takes one request at a time, without a fence', () => {
    const it = fences(serial);
    for (let count = 1; count < 40; count++) {
      expect([it.room(50), it.fullBatch]).toEqual([1, 1]);
      expect(it.write([request(count)], true)).toEqual({ frames: ['{"KV_GET":{}}'], fenced: false });
      expect(it.room(50)).toBe(0);
      expect(it.receive(frame('KV_GET'))).toMatchObject({ type: 'delivered', fenced: false });
    }
  });

  it('answers what it does not know under the one name that the handshake showed', () => {
    const it = fences(serial);
    it.write([request(1, 'SH_GET')], false);
    expect(it.receive(frame('SH_OLD', 10)).type).toBe('delivered');
  });

  it.each([
    ['another name', frame('SH_OTHER', 10)],
    ['that name, but with another status', frame('SH_OLD', 1)],
  ])('is not understood under %s', (_, reply) => {
    const it = fences(serial);
    it.write([request(1, 'SH_GET')], false);
    expect(it.receive(reply).type).toBe('untrusted');
  });
});

describe('the room for requests that wait', () => {
  it('is half of them if nothing is in flight and 16 or more wait, and 32 at most', () => {
    expect([2, 15, 16, 40, 100].map((waiting) => fences().room(waiting))).toEqual([32, 32, 8, 20, 32]);
  });

  it('is what maxInFlight leaves', () => {
    const it = fences(fenced, 40);
    it.write(requests(...Array.from({ length: 32 }, (_, id) => id)), false);
    expect(it.room(100)).toBe(8);
    it.write(requests(...Array.from({ length: 8 }, (_, id) => 100 + id)), false);
    expect(it.room(100)).toBe(0);
  });

  it('is none while four batches are under way, unless maxInFlight needs more', () => {
    const [few, many] = [fences(fenced, 128), fences(fenced, 160)];
    for (const it of [few, many]) for (let batch = 0; batch < 4; batch++) it.write(requests(batch), true);
    expect([few.room(1), many.room(1)]).toEqual([0, 32]);
    many.write(requests(9), true);
    expect(many.room(1)).toBe(0);
  });

  it('shrinks with the length of replies, alone or fenced, and grows again', () => {
    const it = fences();
    const long = (length: number) => ({ ...frame('KV_GET'), length });
    for (let time = 0; time < 30; time++) {
      it.write([request(time)], false);
      it.receive(long(16 * 1024));
    }
    expect(it.fullBatch).toBe(5); // 64 KiB, rounded up: the average is a little less than 16 KiB
    for (let time = 1; time <= 30; time++) {
      it.write(requests(1, 2), false);
      it.receive(long(80));
      it.receive(long(120));
      it.receive(frame(`SH_${time}`, 10));
    }
    expect(it.fullBatch).toBe(32);
  });
});

it('a reply that nothing had asked for proves a peer of another kind', () => {
  expect(fences().receive(frame('KV_GET'))).toMatchObject({
    type: 'untrusted',
    reason: expect.stringContaining('nothing'),
  });
});
