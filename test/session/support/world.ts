import { BehaviorSubject, EMPTY, first, mergeMap, Observable, of, retry, Subject } from 'rxjs';
import { commands } from '../../../src/protocol/commands.js';
import { type JsonObject, writeJson } from '../../../src/protocol/json.js';
import type { KeysInput } from '../../../src/protocol/parameters.js';
import type { SessionEvent, SessionSettings } from '../../../src/session/events.js';
import type { SessionCallOptions, SessionCommands, SessionPort } from '../../../src/session/port.js';
import type { Session } from '../../../src/session/session.js';
import { Sessions } from '../../../src/session/sessions.js';
import type { TrackerOptions } from '../../../src/session/tracking/tracker.js';
import type { Reply } from '../../../src/transport/transport.js';
import { TestClock } from '../../support/clocks/sleeping-clock.js';
import { SimulatedServer } from './simulated-server.js';

const rows = new Map(Object.values(commands).map((row) => [row.command, row]));

/** How long a request is under way, and its reply, in ms. */
export interface Latency {
  there: number;
  back: number;
}

/** A server, a connection to it, and a tracker, all in virtual time. */
export class World {
  readonly clock = new TestClock();
  readonly server: SimulatedServer;
  readonly sessions: Sessions;
  /** How fast the server's clock runs. */
  readonly rate: number;
  readonly sent: string[] = [];
  /** Within how many ms the server was to show life, each time that the connection was checked. */
  readonly checks: number[] = [];
  /** Emits when the page is hidden or shown. */
  readonly visibility$ = new Subject<void>();
  /** Requests that found no connection. */
  readonly refused: string[] = [];
  /** The longest request, in bytes. */
  longest = 0;
  /** Most requests under way at once. */
  mostUnderWay = 0;
  /** How many are now. */
  underWay = 0;
  /** Until when a session lives at the latest, by what this client was answered or has given up hearing; outside ms. */
  readonly #seen = new Map<bigint, number>();
  readonly latency: Latency = { there: 1, back: 1 };
  readonly #status = new BehaviorSubject<'open' | 'lost' | 'closed'>('open');
  readonly #broken = new Subject<void>();
  #lastThere = 0;
  #lastBack = 0;
  /** Told of each touch of `keepAlive`. */
  touching: (tkn: bigint) => void = () => {};
  /** What becomes of replies: all are lost while this is set. */
  losing = false;

  constructor(
    options: TrackerOptions & { readonly rate?: number; readonly firstSweep?: number; persistEnabled?: boolean } = {},
  ) {
    this.rate = options.rate ?? 1;
    this.server = new SimulatedServer(() => this.clock.outside() * this.rate, 5000, options.firstSweep);
    this.sessions = new Sessions(this.port(options.persistEnabled ?? false), this.commands, options);
  }

  port(persistEnabled: boolean): SessionPort {
    return {
      probe: ({ command, ...members }, receiver) => {
        // Tokens, as JSON has them.
        const request = this.request(command, { ...members } as JsonObject).subscribe({
          next: (reply) => receiver.replied(reply),
          error: () => receiver.failed(),
        });
        return () => request.unsubscribe();
      },
      maxPayload: 1024,
      checkConnection: (within) => this.checks.push(within),
      visibility$: this.visibility$,
      connection$: this.#status,
      persistEnabled,
      clock: this.clock,
      random: () => 0.5,
    };
  }

  /** One request over the connection: executed and answered in order, or lost. */
  request(command: string, members: JsonObject): Observable<Reply> {
    return new Observable((subscriber) => {
      if (!this.connected) {
        this.refused.push(command);
        return subscriber.error(new Error('no connection'));
      }
      this.sent.push(command);
      this.longest = Math.max(this.longest, writeJson({ [command]: members }).length);
      this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
      const { clock, latency } = this;
      const shows = command === 'SH_INFO' ? 'deadline' : (rows.get(command)?.extends ?? 'nothing');
      let executed = Number.NEGATIVE_INFINITY;
      let isGivenUp = false;
      const see = () => this.#see(members.tkn as bigint, executed);
      const writtenAt = clock.now();
      let undone = false;
      const broken = this.#broken.subscribe(() => subscriber.error(new Error('lost')));
      this.#lastThere = Math.max(writtenAt + latency.there, this.#lastThere);
      this.#lastBack = Math.max(this.#lastThere + latency.back, this.#lastBack);
      const back = this.#lastBack;
      clock.schedule(() => {
        const body = this.server.execute(command, members, 'us');
        executed = this.#moves(shows, members) ? this.#trueDeadline(members.tkn as bigint) : executed;
        if (isGivenUp && shows !== 'deadline') see();
        clock.schedule(() => {
          if (undone || broken.closed) return;
          if (this.losing) return subscriber.error(new Error('lost'));
          see();
          undone = true;
          subscriber.next({ body, writtenAt, answeredAt: clock.now() });
          subscriber.complete();
        }, back - clock.now());
      }, this.#lastThere - writtenAt);
      return () => {
        if (!undone && shows !== 'deadline') {
          isGivenUp = true;
          see();
        }
        undone = true;
        this.underWay -= 1;
        broken.unsubscribe();
      };
    });
  }

  /** A command of this client's program, reported to the tracker as a client does. */
  command(name: string, members: JsonObject = {}): Observable<Reply> {
    const row = rows.get(name);
    if (row === undefined) throw new Error(name);
    const tkn = members.tkn as bigint | undefined;
    const settled = { row, tkn, argument: members.keys ?? members.tkns };
    return new Observable((subscriber) => {
      let isSettled = false;
      const subscription = this.request(name, members).subscribe({
        next: (reply) => {
          isSettled = true;
          this.sessions.observer.replied(settled, reply);
          subscriber.next(reply);
        },
        error: (error) => {
          isSettled = true;
          this.sessions.observer.lost(settled);
          subscriber.error(error);
        },
        complete: () => subscriber.complete(),
      });
      return () => {
        subscription.unsubscribe();
        if (!isSettled) this.sessions.observer.lost(settled);
      };
    });
  }

  /** Sends a command and lets time pass until it is settled. */
  run(name: string, members: JsonObject = {}): void {
    this.command(name, members).subscribe({ error: () => {} });
    this.clock.advance(this.latency.there + this.latency.back);
  }

  /** Another client does something, at once. */
  other(name: string, members: JsonObject): void {
    this.server.execute(name, members);
  }

  /** Creates a session, and gives the handle that a client would make of it. */
  create(
    expiry: Partial<SessionSettings> & { readonly seconds?: number; readonly expiringBefore?: number } = {},
  ): Session {
    const { seconds = 0, expiringBefore, ...flags } = expiry;
    const settings = {
      duration: seconds * 1000,
      deleteSession: false,
      extendOnSetAdd: false,
      extendOnGet: false,
      ...flags,
    };
    const { duration: _, ...members } = settings;
    let session: Session | undefined;
    this.request('SH_NEW', { expiry: { duration: seconds, ...members } }).subscribe((reply) => {
      session = this.sessions.created<JsonObject, KeysInput>(reply.body.tkn as bigint, settings, reply, {
        expiringBefore,
      });
    });
    for (let waited = 0; waited < 5000 && session === undefined; waited++) this.clock.advance(1);
    if (session === undefined) throw new Error('not created');
    return session;
  }

  /** As a client does: emits another handle of a session once it is answered that it is there. */
  attached(tkn: bigint, expiringBefore?: number): Observable<Session> {
    return this.command('SH_INFO', { tkn }).pipe(
      mergeMap((reply) => {
        if (reply.body.st !== 1) return EMPTY;
        const info = commands.sh_info.read(reply.body, undefined);
        return of(this.sessions.attached<JsonObject, KeysInput>(info, reply, { expiringBefore }));
      }),
    );
  }

  /** As above, with the time that it takes. */
  attach(tkn: bigint, expiringBefore?: number): Session {
    let session: Session | undefined;
    this.attached(tkn, expiringBefore).subscribe((handle) => {
      session = handle;
    });
    for (let waited = 0; waited < 5000 && session === undefined; waited++) this.clock.advance(1);
    if (session === undefined) throw new Error('not there');
    return session;
  }

  /** The part of a client that handles need. */
  readonly commands = {
    sh_get: (tkn: bigint, _: unknown, options?: SessionCallOptions) => {
      this.touching(tkn);
      return this.#read(this.command('SH_GET', { tkn, keys: [] }), options);
    },
    sh_set: (tkn: bigint) => {
      this.touching(tkn);
      return this.command('SH_SET', { tkn, keys: {} });
    },
    sh_end: (tkn: bigint) => this.command('SH_END', { tkn }),
    sh_info: (tkn: bigint, options?: SessionCallOptions) => this.#read(this.command('SH_INFO', { tkn }), options),
  } as unknown as SessionCommands; // the others are not used here

  /** As clients do: a read whose connection is lost is sent again as soon as there is another, unless that is not wanted. */
  #read(reply$: Observable<Reply>, { retry: wanted }: SessionCallOptions = {}): Observable<Reply> {
    const opened$ = this.#status.pipe(first((status) => status === 'open'));
    return wanted === 'none' ? reply$ : reply$.pipe(retry({ delay: () => opened$ }));
  }

  /** Notes a session's events from now on. */
  follow(session: Session): SessionEvent[] {
    const events: SessionEvent[] = [];
    session.events$.subscribe((event) => events.push(event));
    return events;
  }

  disconnect(): void {
    if (!this.connected) return;
    this.#status.next('lost');
    this.#broken.next();
  }

  reconnect(): void {
    if (!this.connected) this.#status.next('open');
  }

  get connected(): boolean {
    return this.#status.value === 'open';
  }

  /** Whether the reply to a command shows the deadline, or moves it to where it is known to be. */
  #moves(shows: 'deadline' | 'nothing' | 'set' | 'get', { tkn }: JsonObject): boolean {
    const settings = this.server.sessions.get(tkn as bigint)?.settings;
    if (settings === undefined || shows === 'nothing') return false;
    return shows === 'deadline' || (shows === 'set' ? settings.extendOnSetAdd : settings.extendOnGet);
  }

  /** The true deadline, outside ms. */
  #trueDeadline(tkn: bigint): number {
    return (this.server.sessions.get(tkn)?.deadline ?? Number.NaN) / this.rate;
  }

  #see(tkn: bigint, deadline: number): void {
    this.#seen.set(tkn, Math.max(deadline, this.#seen.get(tkn) ?? deadline));
  }

  /** Until when a session lives at the latest, by what the client can know; counted from now, as if the machine had never slept. */
  seenDeadlineOf(tkn: bigint): number {
    const { clock } = this;
    return clock.now() + (this.#seen.get(tkn) ?? Number.NEGATIVE_INFINITY) - clock.outside();
  }

  /** As below; a deadline that has passed is where the clock stood then. */
  localDeadlineOf(tkn: bigint): number | undefined {
    this.server.catchUp();
    return this.server.sessions.has(tkn) ? this.clock.local(this.#trueDeadline(tkn)) : undefined;
  }

  /** The true deadline of a session, on the client's clock; undefined: there is none. */
  deadlineOf(tkn: bigint): number | undefined {
    this.server.catchUp();
    const session = this.server.sessions.get(tkn);
    if (session === undefined) return undefined;
    return this.clock.now() + session.deadline / this.rate - this.clock.outside();
  }

  close(): void {
    this.#status.next('closed');
    this.#status.complete();
  }
}

/** The types of events, in their order. */
export const types = (events: readonly SessionEvent[]) => events.map(({ type }) => type);
