import { Observable, Subject } from 'rxjs';
import type { SessionSchema } from '../protocol/schema.js';
import type { Reply } from '../transport/transport.js';
import type { SessionEvent, SessionSettings } from './events.js';
import { infoIn } from './lease/evidence.js';
import { after, deadlineFrom, never } from './lease/interval.js';
import type { CommandObserver, SessionCommands, SessionPort, SettledCommand } from './port.js';
import { Session } from './session.js';
import { SessionStreams } from './streams/session-streams.js';
import type { Lease } from './tracking/lease.js';
import { Tracker, type TrackerOptions } from './tracking/tracker.js';

/** Options of one session. */
export interface SessionOptions {
  /** Checks and types what the session holds. */
  readonly schema?: SessionSchema | undefined;
  /**
   * How many ms before the deadline `expiring` comes. Default: the client's, or a tenth of the session's duration. A session has one
   * `expiring`, however many handles it has: the largest of theirs holds, and the event's `inMs` says how early it is.
   */
  readonly expiringBefore?: number | undefined;
}

/** All sessions of one client: makes their handles, and reports the client's commands to the tracker. */
export class Sessions implements CommandObserver {
  readonly #events = new Subject<SessionEvent>();
  readonly #tracker: Tracker;
  readonly #commands: SessionCommands;
  /** Ends the watching of sessions that are watched for `events$`, by lease. */
  readonly #watchedForAll = new Map<bigint, () => void>();

  constructor(port: SessionPort, commands: SessionCommands, options?: TrackerOptions) {
    this.#commands = commands;
    this.#tracker = new Tracker(port, options, (event) => this.#events.next(event));
    // Leases are over before their events complete: the tracker subscribed first.
    port.connection$.subscribe({ complete: () => this.#events.complete() });
  }

  replied(command: SettledCommand, reply: Reply): void {
    this.#tracker.replied(command, reply);
  }

  lost(command: SettledCommand): void {
    this.#tracker.lost(command);
  }

  /**
   * The events of all sessions that are watched, in the order in which they become known. Hot. While it is subscribed to, every session that
   * is created or attached to is watched. Completes when the client is closed; never errors.
   */
  readonly events$ = new Observable<SessionEvent>((subscriber) => {
    const subscription = this.#events.subscribe(subscriber);
    return () => {
      subscription.unsubscribe();
      if (this.#events.observed) return;
      for (const unwatch of [...this.#watchedForAll.values()]) unwatch();
      this.#watchedForAll.clear();
    };
  });

  /** The handle of a session just created, by the reply to `SH_NEW`. */
  created<Values extends object, Input extends object>(
    tkn: bigint,
    settings: SessionSettings,
    reply: Reply,
    options: SessionOptions = {},
  ): Session<Values, Input> {
    const lease = this.#tracker.lease(tkn, reply, (span) => ({
      settings,
      deadline: settings.duration === 0 ? never : after(span, settings.duration),
      hasKeys: false,
    }));
    return this.#handle(lease, options);
  }

  /** The handle of a session made elsewhere, by a successful reply to `SH_INFO`; undefined if that is none. */
  attached<Values extends object, Input extends object>(
    tkn: bigint,
    reply: Reply,
    options: SessionOptions = {},
  ): Session<Values, Input> | undefined {
    const info = infoIn(reply.body);
    if (info === undefined) return undefined;
    const { settings, remaining, keyCount } = info;
    const lease = this.#tracker.lease(tkn, reply, (span) => ({
      settings,
      deadline: settings.duration === 0 ? never : deadlineFrom(span, remaining),
      hasKeys: keyCount > 0,
    }));
    return this.#handle(lease, options);
  }

  #handle<Values extends object, Input extends object>(
    lease: Lease,
    { schema, expiringBefore }: SessionOptions,
  ): Session<Values, Input> {
    const streams = new SessionStreams(this.#tracker, lease, expiringBefore);
    if (this.#events.observed) this.#watchForAll(streams);
    return new Session<Values, Input>(streams, this.#commands, schema);
  }

  #watchForAll({ tkn, events$ }: SessionStreams): void {
    if (this.#watchedForAll.has(tkn)) return;
    const forget = () => this.#watchedForAll.delete(tkn);
    let isLeft = false;
    this.#watchedForAll.set(tkn, () => {
      isLeft = true;
    });
    const subscription = events$.subscribe({ complete: forget });
    if (isLeft)
      subscription.unsubscribe(); // by somebody who received its first event
    else if (!subscription.closed) this.#watchedForAll.set(tkn, () => subscription.unsubscribe());
  }
}
