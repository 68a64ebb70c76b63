import { BehaviorSubject, map, NEVER } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { expect } from 'vitest';
import { schedulerClock } from '../../../src/clock.js';
import { commands } from '../../../src/protocol/commands.js';
import type { JsonObject } from '../../../src/protocol/json.js';
import type { SessionEvent, SessionSettings } from '../../../src/session/events.js';
import type { SessionCommands, SessionPort } from '../../../src/session/port.js';
import type { Session } from '../../../src/session/session.js';
import { Sessions } from '../../../src/session/sessions.js';

const settings: SessionSettings = {
  duration: 10_000,
  deleteSession: true,
  extendOnSetAdd: false,
  extendOnGet: false,
};
export const stays = { deleteSession: false };
export const extendable = { extendOnGet: true };
export const staysExtendable = { ...stays, ...extendable };

/** What is true of session 7 at a time; undefined: there is none. Times in ms from its creation. */
export type Truth = (now: number) => { readonly deadline: number; readonly keys?: number } | undefined;

/** The deadline that was set at the last of these moments. */
export const setAt =
  (...moments: readonly number[]): Truth =>
  (now) => ({ deadline: 10_000 + (moments.findLast((moment) => moment <= now) ?? 0) });

/** As above, until it is gone. */
export const until =
  (gone: number, truth: Truth = setAt(0)): Truth =>
  (now) =>
    now < gone ? truth(now) : undefined;

/** What can be done to a client whose session is looked at. */
interface Stage {
  answers(command: string): void;
  loses(command: string): void;
  connectionIs(status: 'open' | 'lost' | 'closed'): void;
  sleeps(ms: number): void;
}

type Happening = (stage: Stage) => void;

/** The server answers a command of this client's, at once. */
export const answers =
  (command: string): Happening =>
  (stage) =>
    stage.answers(command);
/** The reply to a command of this client's is lost. */
export const loses =
  (command: string): Happening =>
  (stage) =>
    stage.loses(command);
export const connectionIs =
  (status: 'open' | 'lost' | 'closed'): Happening =>
  (stage) =>
    stage.connectionIs(status);
/** The machine sleeps: the monotonic clock stands still. */
export const sleeps =
  (ms: number): Happening =>
  (stage) =>
    stage.sleeps(ms);

export interface Story {
  /** Session 7 lasts 10 s, and goes when it expires, unless this says otherwise. */
  readonly is?: Partial<SessionSettings>;
  readonly persists?: boolean;
  readonly truth: Truth;
  /** What happens, by its time. */
  readonly happens?: Readonly<Record<number, Happening>>;
  /** When somebody is subscribed, as marbles. */
  readonly subscribed?: string;
  /** Whether another session is followed, one that lasts 10 min. */
  readonly other?: (now: number) => boolean;
}

/** What letters stand for in all stories. */
const letters = {
  o: 'opened',
  n: 'expiring',
  v: 'overdue',
  x: 'extended by other, presumed',
  r: 'reloaded, proven',
  d: 'sessionDeleted, presumed, cycle 0, missed 0',
  e: 'ended by other, proven',
  s: 'suspended by the connection',
  g: 'resumed by the connection',
};

/** An event in words: all that it says of how it is known. */
export function words(event: SessionEvent): string {
  const { type, certainty } = event;
  switch (event.type) {
    case 'extended':
    case 'ended':
      return `${type} by ${event.by}, ${certainty}`;
    case 'expired':
      return `${event.outcome}, ${certainty}, cycle ${event.cycle}, missed ${event.missedCycles}`;
    case 'reset':
      return `${event.candidates.join(' or ')}, ${certainty}`;
    case 'suspended':
    case 'resumed':
      return `${type} by the ${event.reason}`;
    default:
      return type;
  }
}

/** What a story is played with. */
interface Play {
  readonly scheduler: TestScheduler;
  readonly sessions: Sessions;
  /** Gives the handle of session 7. */
  create(): Session;
}

/** Plays a story in which the server answers at once, in virtual time. */
export function play(story: Story, look: (play: Play) => void): void {
  const { is = {}, persists = false, happens = {}, other } = story;
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run(() => {
    const monotonic = schedulerClock(scheduler);
    let slept = 0;
    const clock = { ...monotonic, wall: () => monotonic.wall() + slept };
    const reply = (body: JsonObject) => {
      const now = clock.now();
      return { body, writtenAt: now, answeredAt: now };
    };
    const answer = (command: string, tkns?: readonly bigint[]) => reply(bodyOf(story, clock.now(), command, tkns));
    const connection$ = new BehaviorSubject<'open' | 'lost' | 'closed'>('open');
    const port: SessionPort = {
      probe: (probe, receiver) => {
        const { tkns } = { tkns: undefined, ...probe };
        receiver.replied(answer(probe.command, tkns));
        return () => {};
      },
      maxPayload: 1024,
      checkConnection: () => {},
      visibility$: NEVER,
      connection$,
      persistEnabled: persists,
      clock,
      random: () => 0.5,
    };
    const sessions = new Sessions(port, {} as SessionCommands); // no command is called here
    const stage: Stage = {
      answers: (command) => sessions.observer.replied(settled(command), answer(command)),
      loses: (command) => sessions.observer.lost(settled(command)),
      connectionIs: (status) => connection$.next(status),
      sleeps: (ms) => {
        slept += ms;
      },
    };
    look({ scheduler, sessions, create: () => sessions.created(7n, { ...settings, ...is }, reply({})) });
    if (other !== undefined) {
      const following = sessions.created(8n, { ...settings, duration: 600_000 }, reply({})).events$.subscribe();
      scheduler.schedule(() => following.unsubscribe(), 30_000);
    }
    for (const [at, what] of Object.entries(happens)) scheduler.schedule(() => what(stage), Number(at));
  });
}

/** What a subscriber to session 7 sees. `values` are what letters stand for, besides those of all stories. */
export function sees(story: Story, marbles: string, values: Record<string, string> = {}): void {
  play(story, ({ scheduler, create }) => {
    const told$ = create().events$.pipe(map(words));
    scheduler.expectObservable(told$, story.subscribed ?? '^ 30s !').toBe(marbles, { ...letters, ...values });
  });
}

/** What the server answers. */
function bodyOf({ is, truth, other }: Story, now: number, command: string, tkns: readonly bigint[] = []): JsonObject {
  const session = truth(now);
  if (command === 'SH_EXISTS') {
    return { st: 1, exist: tkns.filter((tkn) => (tkn === 7n ? session !== undefined : other?.(now) === true)) };
  }
  if (session === undefined) return { st: 100 };
  const { duration, ...flags } = settings;
  const remaining = Math.trunc((session.deadline - now) / 1000) + 0;
  const expiry = { duration: duration / 1000, remaining, ...flags, ...is };
  return { st: 1, tkn: 7, shared: false, keyCnt: session.keys ?? 0, expires: true, expiry };
}

function settled(command: string) {
  const row = Object.values(commands).find((candidate) => candidate.command === command);
  if (row === undefined) throw new Error(command);
  return { row, tkn: command === 'SH_END_ALL' ? undefined : 7n, argument: undefined };
}
