import { map, NEVER, of, startWith, take } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { schedulerClock } from '../../src/clock.js';
import type { JsonObject } from '../../src/protocol/json.js';
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
      send: () => {
        const now = clock.now();
        return of(reply({ st: 1, exist: now >= goneAt ? [] : [7n] }, now));
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
