import { describe, expect, it } from 'vitest';
import { Ids } from '../../src/transport/requests/ids.js';
import { frame, requests } from '../support/correlation/correlating.js';

const reply = (id: string | undefined) => ({ ...frame('KV_GET'), id });

describe('requests with ids', () => {
  it('carry their id beside the command, in base 36', () => {
    const it = new Ids(128);
    expect(it.write(requests(1, 51))).toEqual({
      frames: ['{"KV_GET":{},"id":"1"}', '{"KV_GET":{},"id":"1f"}'],
      fenced: false,
    });
    expect([it.inFlight, it.pending()]).toEqual([2, [1, 51]]);
  });

  it('are delivered as their replies come, in any order', () => {
    const it = new Ids(128);
    it.write(requests(1, 2, 3));
    for (const id of [2, 3, 1]) {
      const answer = reply(String(id));
      expect(it.receive(answer)).toEqual({ type: 'delivered', ids: [id], frames: [answer], fenced: false });
    }
    expect(it.inFlight).toBe(0);
  });

  it.each([
    ['no id', undefined],
    ['the id of no request', '7'],
    ['the id of a request that was answered', '1'],
    ['the id of a request in other letters', '0002'],
  ])('prove a peer of another kind if a reply has %s', (_, id) => {
    const it = new Ids(128);
    it.write(requests(1, 2));
    it.receive(reply('1'));
    expect(it.receive(reply(id)).type).toBe('untrusted');
    expect(it.pending()).toEqual([2]);
  });

  it('are bounded by maxInFlight', () => {
    const it = new Ids(3);
    it.write(requests(1, 2));
    expect(it.room()).toBe(1);
    it.write(requests(3));
    expect(it.room()).toBe(0);
    it.receive(reply('2'));
    expect(it.room()).toBe(1);
  });

  it('need no fence to be asked after: the server drops no reply', () => {
    const it = new Ids(3);
    it.write(requests(1));
    expect(it.probe()).toBeUndefined();
  });
});
