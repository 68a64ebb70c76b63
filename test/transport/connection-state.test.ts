import { describe, expect, it } from 'vitest';
import { ClosedError, ConnectionError, ValueError } from '../../src/errors.js';
import {
  type ConnectionEvent,
  type Lifecycle,
  next,
  refusal,
  snapshot,
} from '../../src/transport/connection/connection-state.js';
import type { Link } from '../../src/transport/connection/handshake.js';
import { SocketSubject } from '../../src/transport/socket/socket.js';

const url = 'ws://host/';
const error = new ConnectionError('gone');
const server = { serverVersion: '0.7.2', persistEnabled: true };
const retry = { attempt: 3, delay: 50, at: 1050 };

const idle: Lifecycle = { state: 'idle' };
const first: Extract<Lifecycle, { state: 'connecting' }> = {
  state: 'connecting',
  source: url,
  url,
  attempt: 1,
  purpose: 'first',
};
const again: Extract<Lifecycle, { state: 'connecting' }> = {
  state: 'connecting',
  source: url,
  url,
  attempt: 2,
  purpose: 'again',
};
const socket = new SocketSubject({ send() {}, close() {}, terminate() {} });
const link: Link = { socket, server, peer: { pipelining: 'fenced', unknownName: undefined }, fencesUsed: 2 };
const open: Lifecycle = { state: 'open', source: url, url, link, since: 7 };
const wait = (purpose: 'first' | 'again', attempt = 3): Lifecycle => ({
  state: 'waiting',
  source: url,
  url,
  attempt,
  purpose,
  delay: 50,
  nextAttemptAt: 1050,
  error,
});
const closing: Lifecycle = { state: 'closing', link };
const closed: Lifecycle = { state: 'closed' };
const givenUp: Lifecycle = { state: 'idle', error };

const events: Record<string, ConnectionEvent> = {
  open: { type: 'open', source: url },
  abandon: { type: 'abandon' },
  opened: { type: 'opened', link, url, at: 7 },
  'failed, to be tried again': { type: 'failed', error, retry },
  'failed for good': { type: 'failed', error },
  retry: { type: 'retry' },
  close: { type: 'close' },
  drained: { type: 'drained' },
};

/** The events that lead on from each state; all others leave it as it is. */
const table: [name: string, state: Lifecycle, leadsOn: Partial<Record<keyof typeof events, Lifecycle>>][] = [
  ['idle', idle, { open: first, close: closed }],
  [
    'connecting for the first time',
    first,
    {
      abandon: idle,
      opened: open,
      'failed, to be tried again': wait('first'),
      'failed for good': givenUp,
      close: closed,
    },
  ],
  [
    'connecting again',
    again,
    { opened: open, 'failed, to be tried again': wait('again'), 'failed for good': givenUp, close: closed },
  ],
  ['open', open, { 'failed, to be tried again': wait('again'), 'failed for good': givenUp, close: closing }],
  [
    'waiting for the first connection',
    wait('first'),
    { open: { ...first, attempt: 3 }, abandon: idle, retry: { ...first, attempt: 3 }, close: closed },
  ],
  [
    'waiting for the next connection',
    wait('again'),
    { open: { ...again, attempt: 3 }, retry: { ...again, attempt: 3 }, close: closed },
  ],
  ['closing', closing, { 'failed, to be tried again': closed, 'failed for good': closed, drained: closed }],
  ['closed', closed, {}],
  ['idle after a failure', givenUp, { open: first, close: closed }],
];

describe.each(table)('a connection that is %s', (_, state, leadsOn) => {
  it.each(Object.entries(events))('at the event: %s', (name, event) => {
    const following = next(state, event);
    if (name in leadsOn) expect(following).toStrictEqual(leadsOn[name]);
    else expect(following).toBe(state);
  });
});

it('only an idle, connecting, open or waiting client can be opened, and to one URL only', () => {
  expect([refusal(idle, url), refusal(givenUp, url)]).toEqual([undefined, undefined]);
  for (const state of [first, open, wait('again')]) {
    expect(refusal(state, url)).toBeUndefined();
    expect(refusal(state, 'ws://other/')).toBeInstanceOf(ValueError);
  }
  for (const state of [closing, closed]) expect(refusal(state, url)).toBeInstanceOf(ClosedError);
});

it('others see frozen objects that are not the state of the client', () => {
  for (const state of [idle, givenUp, first, open, wait('again'), closing, closed]) {
    const seen = snapshot(state);
    expect(seen).not.toBe(state);
    expect(Object.isFrozen(seen)).toBe(true);
    expect(seen.state).toBe(state.state);
  }
  expect(snapshot(open)).toEqual({ state: 'open', url, server, pipelining: 'fenced' });
  const { source, ...waiting } = { source: url, ...wait('again') };
  expect([snapshot(wait('again')), source]).toEqual([waiting, url]);
});
