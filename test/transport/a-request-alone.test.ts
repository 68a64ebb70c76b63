import { describe, expect, it } from 'vitest';
import { fences, frame, pending, request, requests, serial } from '../support/correlation/correlating.js';

describe('a request alone', () => {
  it('needs no fence, and whatever comes under its name is its reply', () => {
    const it = fences();
    const reply = frame('KV_GET');
    expect(it.write([request(1)], false)).toEqual({ frames: ['{"KV_GET":{}}'], fenced: false });
    expect([it.inFlight, it.pending()]).toEqual([1, [1]]);
    expect(it.receive(reply)).toEqual({ type: 'delivered', ids: [1], frames: [reply], fenced: false });
    expect([it.inFlight, it.pending()]).toEqual([0, []]);
  });

  it('may be answered as ERR', () => {
    const it = fences();
    it.write([request(1)], false);
    expect(it.receive({ name: 'ERR', body: { st: 4 }, length: 1 }).type).toBe('delivered');
  });

  it('is not answered under another name', () => {
    const it = fences();
    it.write([request(1)], false);
    expect(it.receive(frame('KV_SET'))).toMatchObject({
      type: 'untrusted',
      reason: expect.stringContaining('another'),
    });
    expect(it.pending()).toEqual([1]);
  });

  it('has a fence of its own if others follow at once, unless the peer echoes none', () => {
    expect(fences().write([request(1)], true)).toEqual({ frames: ['{"KV_GET":{}}', '{"SH_1":{}}'], fenced: true });
    expect(fences(serial).write([request(1)], true)).toEqual({ frames: ['{"KV_GET":{}}'], fenced: false });
  });

  it('shares a fence with what follows before its reply has come', () => {
    const it = fences();
    it.write([request(1)], false);
    expect(it.write(requests(2, 3), false).frames.at(-1)).toBe('{"SH_1":{}}');
    const replies = [frame('KV_GET'), frame('KV_GET'), frame('KV_GET')];
    for (const reply of replies) expect(it.receive(reply)).toEqual(pending);
    expect(it.receive(frame('SH_1', 10))).toEqual({ type: 'delivered', ids: [1, 2, 3], frames: replies, fenced: true });
  });

  it('that follows it while its reply has not come is fenced with it', () => {
    const it = fences();
    it.write([request(1)], false);
    expect(it.write([request(2)], false)).toEqual({ frames: ['{"KV_GET":{}}', '{"SH_1":{}}'], fenced: true });
    it.receive(frame('KV_GET')); // one of the two was dropped, and nobody knows which
    expect(it.receive(frame('SH_1', 10))).toEqual({ type: 'lost', ids: [1, 2] });
  });

  it('has a fence of its own while one that asked has not come', () => {
    const it = fences();
    it.write(requests(1, 2), false);
    it.probe();
    it.receive(frame('KV_GET'));
    it.receive(frame('KV_GET'));
    it.receive(frame('SH_1', 10));
    expect(it.write([request(3)], false).frames).toEqual(['{"KV_GET":{}}', '{"SH_3":{}}']);
  });

  it('can be asked after with a fence, whose reply proves its own lost', () => {
    const it = fences();
    it.write([request(1)], false);
    expect(it.probe()).toBe('{"SH_1":{}}');
    expect(it.receive(frame('SH_1', 10))).toEqual({ type: 'lost', ids: [1] });
    expect(it.inFlight).toBe(0);
  });
});
