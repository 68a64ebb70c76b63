import { BehaviorSubject, map, NEVER, startWith, take } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { schedulerClock } from '../../src/clock.js';
import { commands } from '../../src/protocol/commands.js';
import type { JsonObject } from '../../src/protocol/json.js';
import type { SessionEvent } from '../../src/session/events.js';
import type { SessionCommands, SessionPort, SessionSettings } from '../../src/session/port.js';
import { Sessions } from '../../src/session/sessions.js';

const settings: SessionSettings = {
  duration: 10_000,
  deleteSession: true,
  extendOnSetAdd: false,
  extendOnGet: false,
};

const reply = (body: JsonObject, at: number) => ({ body, writtenAt: at, firstWrittenAt: at, answeredAt: at });

/** Plays a session of 10 s; until `goneAt` the server answers at once that it is there. */
function play(goneAt: number, check: (sessions: Sessions, scheduler: TestScheduler) => void): void {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run(() => {
    const clock = schedulerClock(scheduler);
    const port: SessionPort = {
      ask: (_, { replied }) => {
        const now = clock.now();
        replied(reply({ st: 1, exist: now >= goneAt ? [] : [7n] }, now));
        return () => {};
      },
      maxPayload: 1024,
      connection$: NEVER.pipe(startWith('open' as const)),
      persistEnabled: false,
      clock,
      random: () => 0.5,
    };
    const noCommands = {} as SessionCommands; // none is called here
    check(new Sessions(port, noCommands), scheduler);
  });
}

describe('events$, as marbles', () => {
  it('opens, is about to expire, is overdue, and expires: each at its moment, and completes', () => {
    play(12_000, (sessions, scheduler) => {
      const session = sessions.created(7n, settings, reply({}, 0));
      const types$ = session.events$.pipe(map(({ type }) => type[0] ?? ''));
      // 2 ms early: the server's clock may run that much faster. Asked about once a second from then on.
      scheduler.expectObservable(types$).toBe('o 8997ms e 999ms v 2001ms (x|)', { o: 'o', e: 'e', v: 'o', x: 'e' });
    });
  });

  it('is subscribed to the session for as long as somebody is: each subscription begins with opened', () => {
    play(12_000, (sessions, scheduler) => {
      const session = sessions.created(7n, settings, reply({}, 0));
      const types$ = session.events$.pipe(map(({ type }) => type[0] ?? ''));
      scheduler.expectObservable(types$, '^ 5s !').toBe('o');
      scheduler.expectObservable(types$, '6s ^ 4s !').toBe('6s o 2997ms e 999ms o');
    });
  });

  it('of a client, merges all that are followed, and follows those created while it is subscribed to', () => {
    play(12_000, (sessions, scheduler) => {
      scheduler
        .expectObservable(
          sessions.events$.pipe(
            map(({ tkn }) => String(tkn)),
            take(3),
          ),
        )
        .toBe('7 8997ms 7 999ms (7|)');
      scheduler.schedule(() => sessions.created(7n, settings, reply({}, 0)), 0);
    });
  });
});

/** What is true of session 7 at a time; undefined: there is none. Times in ms from its creation. */
type Truth = (now: number) => { readonly deadline: number; readonly keys?: number } | undefined;

/** What a story is told with. */
interface Stage {
  /** The server answers a command of this client's, at once. */
  answers(command: string, argument?: JsonObject): void;
  /** The reply to a command of this client's is lost. */
  loses(command: string): void;
  connectionIs(status: 'open' | 'lost' | 'closed'): void;
  /** The machine sleeps: the monotonic clock stands still. */
  sleeps(ms: number): void;
}

interface Story {
  /** Session 7 lasts 10 s. */
  readonly is?: Partial<SessionSettings>;
  readonly persists?: boolean;
  readonly truth: Truth;
  /** What happens, and when. */
  readonly happens?: readonly (readonly [at: number, what: (stage: Stage) => void])[];
  /** When somebody is subscribed, as marbles. */
  readonly subscribed?: string;
  /** Whether another session is followed, one that lasts 10 min. */
  readonly other?: (now: number) => boolean;
}

/** An event in words: all that it says of how it is known. */
function words(event: SessionEvent): string {
  const { type, certainty } = event;
  switch (event.type) {
    case 'extended':
    case 'ended':
      return `${type} by ${event.by}, ${certainty}`;
    case 'expired':
      return `${event.outcome}, ${certainty}, cycle ${event.cycle}, missed ${event.missedCycles.atLeast} to ${event.missedCycles.atMost}`;
    case 'reset':
      return `${event.candidates.join(' or ')}, ${certainty}`;
    case 'suspended':
    case 'resumed':
      return `${type} by the ${event.reason}`;
    default:
      return type;
  }
}

/** What a subscriber to session 7 sees. `values` are what letters stand for, besides those of all stories. */
function sees(
  { is = {}, persists = false, truth, happens = [], subscribed = '^ 30s !', other }: Story,
  marbles: string,
  values: Record<string, string> = {},
) {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run(({ expectObservable }) => {
    const monotonic = schedulerClock(scheduler);
    let slept = 0;
    const clock = { ...monotonic, wall: () => monotonic.wall() + slept };
    const connection$ = new BehaviorSubject<'open' | 'lost' | 'closed'>('open');
    const body = (command: string, tkns: readonly bigint[] = []): JsonObject => {
      const now = clock.now();
      const session = truth(now);
      if (command === 'SH_EXISTS') {
        const exist = tkns.filter((tkn) => (tkn === 7n ? session !== undefined : other?.(now) === true));
        return { st: 1, exist };
      }
      if (session === undefined) return { st: 100 };
      const { duration, ...flags } = settings;
      const remaining = Math.trunc((session.deadline - now) / 1000) + 0;
      return {
        st: 1,
        keyCnt: session.keys ?? 0,
        expires: true,
        expiry: { duration: duration / 1000, remaining, ...flags, ...is },
      };
    };
    const port: SessionPort = {
      ask: (question, { replied }) => {
        const { tkns } = { tkns: undefined, ...question };
        replied(reply(body(question.command, tkns), clock.now()));
        return () => {};
      },
      maxPayload: 1024,
      connection$,
      persistEnabled: persists,
      clock,
      random: () => 0.5,
    };
    const sessions = new Sessions(port, {} as SessionCommands); // no command is called here
    const settled = (command: string, argument?: JsonObject) => {
      const row = Object.values(commands).find((candidate) => candidate.command === command);
      if (row === undefined) throw new Error(command);
      return { row, tkn: command === 'SH_END_ALL' ? undefined : 7n, argument };
    };
    const stage: Stage = {
      answers: (command, argument) => sessions.replied(settled(command, argument), reply(body(command), clock.now())),
      loses: (command) => sessions.lost(settled(command)),
      connectionIs: (status) => connection$.next(status),
      sleeps: (ms) => {
        slept += ms;
      },
    };
    const session = sessions.created(7n, { ...settings, ...is }, reply({}, 0));
    if (other !== undefined) {
      const following = sessions.created(8n, { ...settings, duration: 600_000 }, reply({}, 0)).events$.subscribe();
      scheduler.schedule(() => following.unsubscribe(), 30_000);
    }
    for (const [at, what] of happens) scheduler.schedule(() => what(stage), at);
    const all = {
      o: 'opened',
      n: 'expiring',
      v: 'overdue',
      w: 'widened',
      s: 'suspended by the connection',
      g: 'resumed by the connection',
    };
    expectObservable(session.events$.pipe(map(words)), subscribed).toBe(marbles, { ...all, ...values });
  });
}

const stays = { deleteSession: false };
const extendable = { extendOnGet: true };

/** The deadline that was set at the last of these moments. */
const setAt =
  (...moments: readonly number[]): Truth =>
  (now) => ({ deadline: 10_000 + (moments.findLast((moment) => moment <= now) ?? 0) });
/** As above, until it is gone. */
const until =
  (gone: number, truth: Truth = setAt(0)): Truth =>
  (now) =>
    now < gone ? truth(now) : undefined;

describe('each event, as marbles', () => {
  it('extended, by a get of our own', () => {
    sees(
      {
        is: extendable,
        truth: setAt(0, 4000),
        happens: [[4000, (stage) => stage.answers('SH_GET')]],
        subscribed: '^ 10s !',
      },
      'o 3999ms x',
      { x: 'extended by self, proven' },
    );
  });

  it('widened, by a lost reply to a get of our own', () => {
    sees(
      { is: extendable, truth: setAt(0), happens: [[4000, (stage) => stage.loses('SH_GET')]], subscribed: '^ 8s !' },
      'o 3999ms w',
    );
  });

  it('widened, and then extended by self, where the get was executed', () => {
    sees(
      {
        is: extendable,
        truth: setAt(0, 4000),
        happens: [[4000, (stage) => stage.loses('SH_GET')]],
        subscribed: '^ 8s !',
      },
      'o 3999ms (wx)',
      { x: 'extended by self, presumed' },
    );
  });

  it('suspended and resumed, by the connection', () => {
    sees(
      {
        truth: until(12_000),
        happens: [
          [2000, ({ connectionIs }) => connectionIs('lost')],
          [5000, ({ connectionIs }) => connectionIs('open')],
        ],
      },
      'o 1999ms s 2999ms g 3997ms n 999ms v 2001ms (d|)',
      { d: 'sessionDeleted, presumed, cycle 0, missed 0 to 0' },
    );
  });

  it('suspended and resumed, by the clock, which is looked at every 5 s', () => {
    sees(
      { truth: setAt(-3000), happens: [[2000, ({ sleeps }) => sleeps(3000)]], subscribed: '^ 5900ms !' },
      'o 4999ms (cC)',
      { c: 'suspended by the clock', C: 'resumed by the clock' },
    );
  });

  it('ended, by ourselves; and all completes', () => {
    sees({ truth: setAt(0), happens: [[3000, (stage) => stage.answers('SH_END')]] }, 'o 2999ms (e|)', {
      e: 'ended by self, proven',
    });
  });

  it('none, but completion, when the client is closed', () => {
    sees({ truth: setAt(0), happens: [[3000, ({ connectionIs }) => connectionIs('closed')]] }, 'o 2999ms |');
  });
});

describe('each row of the decision table, as marbles', () => {
  it('moved, no flag, goes when it expires: reset, reloaded', () => {
    sees(
      {
        persists: true,
        truth: setAt(0, 3000),
        happens: [[4000, (stage) => stage.answers('SH_INFO')]],
        subscribed: '^ 8s !',
      },
      'o 3999ms r',
      { r: 'reloaded, proven' },
    );
  });

  it('moved, flag on, goes when it expires: extended, though it was overdue', () => {
    sees({ is: extendable, truth: setAt(0, 11_000), subscribed: '^ 18s !' }, 'o 8997ms n 999ms v 5001ms x', {
      x: 'extended by other, presumed',
    });
  });

  it('moved before the old deadline, flag on: extended by other, presumed, found when it would be expiring', () => {
    for (const flags of [extendable, { ...extendable, ...stays }]) {
      sees({ is: flags, truth: setAt(0, 5000), subscribed: '^ 12s !' }, 'o 8997ms x', {
        x: 'extended by other, presumed',
      });
    }
  });

  it('moved before the old deadline, no flag, stays: reset, reloaded', () => {
    sees(
      {
        is: stays,
        persists: true,
        truth: setAt(0, 3000),
        happens: [[4000, (stage) => stage.answers('SH_INFO')]],
        subscribed: '^ 8s !',
      },
      'o 3999ms r',
      { r: 'reloaded, proven' },
    );
  });

  it('moved after it, no flag: keysCleared, in the next cycle; proven, unless it may have been reloaded', () => {
    for (const [persists, certainty] of [
      [false, 'proven'],
      [true, 'presumed'],
    ] as const) {
      sees({ is: stays, persists, truth: setAt(0, 11_500), subscribed: '^ 18s !' }, 'o 8997ms n 999ms v 2001ms k', {
        k: `keysCleared, ${certainty}, cycle 1, missed 0 to 0`,
      });
    }
  });

  it('moved after it, flag on, and its keys are gone: keysCleared, presumed', () => {
    const truth: Truth = (now) => (now < 11_500 ? { deadline: 10_000, keys: 1 } : { deadline: 21_500, keys: 0 });
    sees({ is: { ...stays, ...extendable }, truth, subscribed: '^ 18s !' }, 'o 8997ms n 999ms v 2001ms k', {
      k: 'keysCleared, presumed, cycle 1, missed 0 to 0',
    });
  });

  it('moved after it, flag on, otherwise: reset, extended or expired', () => {
    sees(
      { is: { ...stays, ...extendable }, truth: setAt(0, 11_500), subscribed: '^ 18s !' },
      'o 8997ms n 999ms v 2001ms r',
      { r: 'extended or expired, proven' },
    );
  });

  it('moved after it, by our own get: reset, as it may have expired before', () => {
    sees(
      {
        is: { ...stays, ...extendable },
        truth: setAt(0, 10_500),
        happens: [[10_500, (stage) => stage.answers('SH_GET')]],
        subscribed: '^ 18s !',
      },
      'o 8997ms n 999ms v 501ms r',
      { r: 'extended or expired, proven' },
    );
  });

  it('perhaps not moved, as nobody followed: reset, unmoved among its candidates', () => {
    sees({ is: stays, truth: setAt(0, 11_500), subscribed: '15s ^ 4s !' }, '15s (or)', {
      r: 'expired or unmoved, proven',
    });
  });

  it('moved long after it, while the connection was lost: how often it expired besides is bounded', () => {
    sees(
      {
        is: stays,
        truth: setAt(0, 14_000, 29_000, 44_000),
        happens: [
          [2000, ({ connectionIs }) => connectionIs('lost')],
          [50_000, ({ connectionIs }) => connectionIs('open')],
        ],
        subscribed: '^ 51s !',
      },
      'o 1999ms s 47999ms (kg)',
      { k: 'keysCleared, presumed, cycle 1, missed 1 to 3' },
    );
  });

  it('gone, stays when it expires: ended by other, proven, before its deadline as after it', () => {
    const ended = { e: 'ended by other, proven' };
    const counts = (stage: Stage) => stage.answers('SH_COUNT');
    sees({ is: stays, truth: until(2000), happens: [[3000, counts]] }, 'o 2999ms (e|)', ended);
    sees({ is: stays, truth: until(11_200), happens: [[11_500, counts]] }, 'o 8997ms n 999ms v 1501ms (e|)', ended);
  });

  it('gone, goes when it expires, before that: ended by other, proven', () => {
    sees({ truth: until(2000), happens: [[3000, (stage) => stage.answers('SH_COUNT')]] }, 'o 2999ms (e|)', {
      e: 'ended by other, proven',
    });
  });

  it('gone after our own SH_END_ALL: ended by self, presumed', () => {
    sees({ truth: setAt(0), happens: [[3000, (stage) => stage.answers('SH_END_ALL')]] }, 'o 2999ms (e|)', {
      e: 'ended by self, presumed',
    });
  });

  it('gone, goes when it expires, and so is all that ought to live: ended, presumed', () => {
    sees(
      {
        truth: until(11_000),
        other: (now) => now < 11_000,
        happens: [
          [10_500, ({ connectionIs }) => connectionIs('lost')],
          [12_000, ({ connectionIs }) => connectionIs('open')],
        ],
      },
      'o 8997ms n 999ms v 501ms s 1499ms (e|)',
      { e: 'ended by other-or-restart, presumed' },
    );
  });

  it('gone, goes when it expires, otherwise: sessionDeleted, presumed', () => {
    sees(
      {
        truth: until(11_000),
        other: () => true,
        happens: [
          [10_500, ({ connectionIs }) => connectionIs('lost')],
          [12_000, ({ connectionIs }) => connectionIs('open')],
        ],
      },
      'o 8997ms n 999ms v 501ms s 1499ms (d|)',
      { d: 'sessionDeleted, presumed, cycle 0, missed 0 to 0' },
    );
  });
});
