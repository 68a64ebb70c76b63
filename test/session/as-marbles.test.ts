import { map, take } from 'rxjs';
import { describe, it } from 'vitest';
import {
  answers,
  connectionIs,
  extendable,
  loses,
  play,
  type Story,
  sees,
  setAt,
  sleeps,
  stays,
  staysExtendable,
  until,
  words,
} from './support/marbles.js';

/** A name, what happens, what is seen, and what letters stand for besides those of all stories. */
type Row = readonly [name: string, story: Story, marbles: string, values?: Record<string, string>];

function table(rows: readonly Row[]): void {
  for (const [name, story, marbles, values] of rows) it(name, () => sees(story, marbles, values));
}

describe('events$, as marbles', () => {
  // The server's clock may run faster or slower by 2 ms in ten seconds. It is probed each second from then on.
  it('opens, is about to expire, is overdue, and expires: each at its moment, and completes', () => {
    sees({ truth: until(12_000) }, 'o 8997ms n 1003ms v 1997ms (d|)');
  });

  it('is subscribed to the session for as long as somebody is: each subscription begins with opened', () => {
    play({ truth: until(12_000) }, ({ scheduler, create }) => {
      const told$ = create().events$.pipe(map(words));
      const letters = { o: 'opened', n: 'expiring', v: 'overdue' };
      scheduler.expectObservable(told$, '^ 5s !').toBe('o', letters);
      scheduler.expectObservable(told$, '6s ^ 5s !').toBe('6s o 2999ms n 1001ms v', letters);
    });
  });

  it('of a client, merges all that are followed, and follows those created while it is subscribed to', () => {
    play({ truth: until(12_000) }, ({ scheduler, sessions, create }) => {
      const tokens$ = sessions.events$.pipe(
        map(({ tkn }) => String(tkn)),
        take(3),
      );
      scheduler.expectObservable(tokens$).toBe('7 8997ms 7 1003ms (7|)');
      scheduler.schedule(create, 0);
    });
  });
});

describe('each event, as marbles', () => {
  table([
    [
      'extended, by a get of our own',
      { is: extendable, truth: setAt(0, 4000), happens: { 4000: answers('SH_GET') }, subscribed: '^ 10s !' },
      'o 3999ms x',
      { x: 'extended by self, proven' },
    ],
    [
      'none, by a lost reply to a get of our own that was not executed',
      { is: extendable, truth: setAt(0), happens: { 4000: loses('SH_GET') }, subscribed: '^ 8s !' },
      'o',
    ],
    [
      'extended by unknown, by a lost reply to a get of our own that was executed',
      { is: extendable, truth: setAt(0, 4000), happens: { 4000: loses('SH_GET') }, subscribed: '^ 8s !' },
      'o 3999ms x',
      { x: 'extended by unknown, presumed' },
    ],
    [
      'suspended and resumed, by the connection',
      { truth: until(12_000), happens: { 2000: connectionIs('lost'), 5000: connectionIs('open') } },
      'o 1999ms s 2999ms g 3997ms n 1003ms v 1997ms (d|)',
    ],
    [
      'expiring and overdue at once, where the connection comes back when it may have lapsed',
      {
        truth: until(20_000),
        happens: { 2000: connectionIs('lost'), 10500: connectionIs('open') },
        subscribed: '^ 11s !',
      },
      'o 1999ms s 8499ms (gnv)',
    ],
    [
      'suspended and resumed, by the clock, which is looked at every 5 s',
      { truth: setAt(-3000), happens: { 2000: sleeps(3000) }, subscribed: '^ 5900ms !' },
      'o 4999ms (cC)',
      { c: 'suspended by the clock', C: 'resumed by the clock' },
    ],
    [
      'ended, by ourselves; and all completes',
      { truth: setAt(0), happens: { 3000: answers('SH_END') } },
      'o 2999ms (e|)',
      { e: 'ended by self, proven' },
    ],
    [
      'none, but completion, when the client is closed',
      { truth: setAt(0), happens: { 3000: connectionIs('closed') } },
      'o 2999ms |',
    ],
  ]);
});

describe('each row of the decision table, as marbles: the deadline moved', () => {
  /** Loaded from a dataset at 3 s. */
  const loaded: Story = {
    persists: true,
    truth: setAt(0, 3000),
    happens: { 4000: answers('SH_INFO') },
    subscribed: '^ 8s !',
  };
  const extended: Story = { truth: setAt(0, 5000), subscribed: '^ 12s !' };
  /** Set anew 1.5 s after its end. */
  const begunAnew: Story = { truth: setAt(0, 11_500), subscribed: '^ 18s !' };
  const found = 'o 8997ms n 1003ms v 1997ms f';
  /** An extension by less than a second goes unnoticed, so that it is overdue later. */
  const foundExtendable = 'o 8997ms n 2001ms v 999ms f';
  const cleared = { f: 'keysCleared, presumed, cycle 1, missed 0' };
  const either = { f: 'extended or expired, proven' };
  table([
    ['no flag, goes when it expires: reset, reloaded', loaded, 'o 3999ms r'],
    ['before the old one, no flag, stays: reset, reloaded', { ...loaded, is: stays }, 'o 3999ms r'],
    [
      'flag on, goes when it expires: extended, though it was overdue',
      { is: extendable, truth: setAt(0, 11_000), subscribed: '^ 18s !' },
      'o 8997ms n 2000ms v 5000ms x',
    ],
    ['before the old one, flag on: extended by other', { ...extended, is: extendable }, 'o 8997ms x'],
    ['as above, where it stays', { ...extended, is: staysExtendable }, 'o 8997ms x'],
    [
      'after it, no flag: keysCleared, proven',
      { ...begunAnew, is: stays },
      found,
      { f: 'keysCleared, proven, cycle 1, missed 0' },
    ],
    [
      'after it, no flag, and it may have been reloaded: keysCleared, presumed',
      { ...begunAnew, is: stays, persists: true },
      foundExtendable,
      cleared,
    ],
    [
      'after it, flag on, and its keys are gone: keysCleared, presumed',
      {
        ...begunAnew,
        is: staysExtendable,
        truth: (now) => (now < 11_500 ? { deadline: 10_000, keys: 1 } : { deadline: 21_500, keys: 0 }),
      },
      foundExtendable,
      cleared,
    ],
    [
      'after it, flag on, otherwise: reset, extended or expired',
      { ...begunAnew, is: staysExtendable },
      foundExtendable,
      either,
    ],
    [
      'after it, by our own get: reset, as it may have expired before',
      { is: staysExtendable, truth: setAt(0, 10_500), happens: { 10500: answers('SH_GET') }, subscribed: '^ 18s !' },
      'o 8997ms n 1501ms f',
      either,
    ],
    [
      'perhaps not, as the machine slept: reset, unmoved among its candidates',
      { is: stays, truth: setAt(-3000), happens: { 2000: sleeps(3000) }, subscribed: '^ 5900ms !' },
      'o 4999ms (cfC)',
      {
        c: 'suspended by the clock',
        f: 'expired or unmoved, proven',
        C: 'resumed by the clock',
      },
    ],
    [
      'long before anybody subscribed: only opened, with the deadline of now',
      { is: stays, truth: setAt(0, 11_500), subscribed: '15s ^ 4s !' },
      '15s o',
    ],
    [
      'long after it, while the connection was lost: how often it expired besides is bounded',
      {
        is: stays,
        truth: setAt(0, 14_000, 29_000, 44_000),
        happens: { 2000: connectionIs('lost'), 50000: connectionIs('open') },
        subscribed: '^ 51s !',
      },
      'o 1999ms s 47999ms (fg)',
      { f: 'keysCleared, proven, cycle 1, missed 3' },
    ],
  ]);
});

describe('each row of the decision table, as marbles: gone', () => {
  /** Lost sight of while it is overdue, and gone since. */
  const lapsed: Story = {
    truth: until(11_000),
    happens: { 10500: connectionIs('lost'), 12000: connectionIs('open') },
  };
  const ended: Story = { truth: until(2000), happens: { 3000: answers('SH_COUNT') } };
  table([
    ['stays when it expires, before its deadline: ended by other, proven', { ...ended, is: stays }, 'o 2999ms (e|)'],
    [
      'stays when it expires, after its deadline: ended by other, proven',
      { is: stays, truth: until(11_200), happens: { 11500: answers('SH_COUNT') } },
      'o 8997ms n 1003ms v 1497ms (e|)',
    ],
    ['goes when it expires, before that: ended by other, proven', ended, 'o 2999ms (e|)'],
    [
      'after our own SH_END_ALL: ended by self, presumed',
      { truth: setAt(0), happens: { 3000: answers('SH_END_ALL') } },
      'o 2999ms (e|)',
      { e: 'ended by self, presumed' },
    ],
    ['goes when it expires, otherwise: sessionDeleted, presumed', lapsed, 'o 8997ms n 1003ms v 497ms s 1499ms (d|)'],
  ]);
});
