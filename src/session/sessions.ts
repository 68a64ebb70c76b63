import { Observable, Subject } from 'rxjs';
import type { SessionSchema } from '../protocol/schema.js';
import type { Reply } from '../transport/transport.js';
import { after } from './deadline.js';
import type { SessionEvent } from './events.js';
import type { FollowedSession, Follower } from './followed.js';
import type { CommandObserver, SessionCommands, SessionPort, SessionSettings, SettledCommand } from './port.js';
import { reportOf } from './reports.js';
import { Session } from './session.js';
import { FollowingStreams } from './streams.js';
import { SessionTracker, type TrackerOptions } from './tracker.js';

/** Options of one session. */
export interface SessionOptions {
  /** Checks and types what the session holds. */
  readonly schema?: SessionSchema | undefined;
  /**
   * How many ms before the deadline `expiring` comes. Default: the client's, or a tenth of the session's duration. A session has one
   * `expiring`, whatever the number of its handles: the largest of theirs holds for all, and the event's `inMs` says how early it is.
   * Asking the server first may take more than is left: then it comes just before `overdue`.
   */
  readonly expiringBefore?: number | undefined;
}

/** All sessions of one client: makes their handles, and hears its commands on behalf of their streams. */
export class Sessions implements CommandObserver {
  readonly #events = new Subject<SessionEvent>();
  readonly #tracker: SessionTracker;
  readonly #commands: SessionCommands;
  /** What is followed because somebody is subscribed to `events$`. */
  readonly #followedForAll = new Map<FollowedSession, Follower>();
  #any = false;

  constructor(port: SessionPort, commands: SessionCommands, options?: TrackerOptions) {
    this.#commands = commands;
    this.#tracker = new SessionTracker(port, options, (event) => {
      if (this.#events.observed) this.#events.next(event); // rxjs makes a list and a closure even where nobody listens
    });
    // Followed sessions are told of the close first, in slices where they are many.
    port.connection$.subscribe({ complete: () => this.#tracker.whenIdle(() => this.#events.complete()) });
  }

  /**
   * From the first session on, or the first touch that was lost. While none is followed, little is heard: what ends sessions,
   * so that nobody else is said to have done it, that one is gone, that keys may be, and whether lost touches can be executed yet.
   */
  get listening(): boolean {
    return this.#any || this.#tracker.listener.listening;
  }

  replied(command: SettledCommand, reply: Reply): void {
    this.#tracker.listener.replied(command, reply);
  }

  lost(command: SettledCommand): void {
    this.#tracker.listener.lost(command);
  }

  /**
   * The events of all sessions that are followed, in the order in which they become known. Hot. While it is subscribed to, every session
   * that is created or attached to is followed. Completes when the client is closed; never errors.
   */
  readonly events$ = new Observable<SessionEvent>((subscriber) => {
    const subscription = this.#events.subscribe(subscriber);
    return () => {
      subscription.unsubscribe();
      if (this.#events.observed) return;
      for (const [session, follower] of this.#followedForAll) this.#tracker.leave(session, follower);
      this.#followedForAll.clear();
    };
  });

  /** The handle of a session just created, by the reply to `SH_NEW`. */
  created<Values extends object, Input extends object>(
    tkn: bigint,
    settings: SessionSettings,
    reply: Reply,
    options: SessionOptions = {},
  ): Session<Values, Input> {
    const known = this.#tracker.records.learned(settings, reply, (span) => after(span, settings.duration));
    return this.#handle(this.#tracker.records.session(tkn, known, options.expiringBefore), options);
  }

  /** The handle of a session made elsewhere, by a successful reply to `SH_INFO`; undefined: it is none. */
  attached<Values extends object, Input extends object>(
    tkn: bigint,
    reply: Reply,
    options: SessionOptions = {},
  ): Session<Values, Input> | undefined {
    const report = reportOf(reply.body);
    if (report === undefined) return undefined;
    return this.#handle(this.#tracker.records.attached(tkn, reply, report, options.expiringBefore), options);
  }

  #handle<Values extends object, Input extends object>(
    session: FollowedSession,
    { schema }: SessionOptions,
  ): Session<Values, Input> {
    this.#any = true;
    if (this.#events.observed && !this.#followedForAll.has(session)) this.#followForAll(session);
    return new Session<Values, Input>(new FollowingStreams(this.#tracker, session), this.#commands, schema);
  }

  #followForAll(session: FollowedSession): void {
    const follower: Follower = {
      event() {},
      changed() {},
      ended: () => this.#followedForAll.delete(session),
    };
    // Before, so that whoever leaves on being told of it leaves it, too.
    this.#followedForAll.set(session, follower);
    this.#tracker.follow(session, follower);
    // Left before it was joined.
    if (this.#followedForAll.get(session) !== follower) this.#tracker.leave(session, follower);
  }
}
