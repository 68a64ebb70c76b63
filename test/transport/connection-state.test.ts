import { describe, expect, it } from 'vitest';
import { ClosedError, ConnectionError, ValueError } from '../../src/errors.js';
import {
  type ConnectionEvent,
  type ConnectionState,
  next,
  refusal,
} from '../../src/transport/connection/connection-state.js';

const url = 'ws://host/';
const error = new ConnectionError('gone');
const server = { serverVersion: '0.7.2', persistEnabled: true };
const retry = { attempt: 3, delay: 50, at: 1050 };

const idle: ConnectionState = { state: 'idle' };
const first: ConnectionState = { state: 'connecting', url, attempt: 1, purpose: 'first' };
const again: ConnectionState = { state: 'connecting', url, attempt: 2, purpose: 'again' };
const open: ConnectionState = { state: 'open', url, server, pipelining: 'fenced' };
const wait = (purpose: 'first' | 'again', attempt = 3): ConnectionState => ({
  state: 'waiting',
  url,
  attempt,
  purpose,
  delay: 50,
  nextAttemptAt: 1050,
  error,
});
const closing: ConnectionState = { state: 'closing' };
const closed: ConnectionState = { state: 'closed' };
const failed: ConnectionState = { state: 'closed', error };

const events: Record<string, ConnectionEvent> = {
  open: { type: 'open', url },
  abandon: { type: 'abandon' },
  opened: { type: 'opened', server, pipelining: 'fenced' },
  'failed, to be tried again': { type: 'failed', error, retry },
  'failed for good': { type: 'failed', error },
  retry: { type: 'retry' },
  close: { type: 'close' },
  drained: { type: 'drained' },
};

/** The events that lead on from each state; all others leave it as it is. */
const table: [name: string, state: ConnectionState, leadsOn: Partial<Record<keyof typeof events, ConnectionState>>][] =
  [
    ['idle', idle, { open: first, close: closed }],
    [
      'connecting for the first time',
      first,
      {
        abandon: idle,
        opened: open,
        'failed, to be tried again': wait('first'),
        'failed for good': failed,
        close: closed,
      },
    ],
    [
      'connecting again',
      again,
      { opened: open, 'failed, to be tried again': wait('again'), 'failed for good': failed, close: closed },
    ],
    ['open', open, { 'failed, to be tried again': wait('again'), 'failed for good': failed, close: closing }],
    [
      'waiting for the first connection',
      wait('first'),
      { abandon: idle, retry: { ...first, attempt: 3 }, close: closed },
    ],
    ['waiting for the next connection', wait('again'), { retry: { ...again, attempt: 3 }, close: closed }],
    ['closing', closing, { 'failed, to be tried again': closed, 'failed for good': closed, drained: closed }],
    ['closed', closed, {}],
    ['closed by a failure', failed, {}],
  ];

describe.each(table)('a connection that is %s', (_, state, leadsOn) => {
  it.each(Object.entries(events))('at the event: %s', (name, event) => {
    const following = next(state, event);
    if (name in leadsOn) expect(following).toStrictEqual(leadsOn[name]);
    else expect(following).toBe(state);
  });
});

it('only an idle, connecting, open or waiting client can be opened, and to one URL only', () => {
  expect(refusal(idle, url)).toBeUndefined();
  for (const state of [first, open, wait('again')]) {
    expect(refusal(state, url)).toBeUndefined();
    expect(refusal(state, 'ws://other/')).toBeInstanceOf(ValueError);
  }
  for (const state of [closing, closed, failed]) expect(refusal(state, url)).toBeInstanceOf(ClosedError);
});
