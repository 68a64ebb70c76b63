import { finalize, Subject, takeUntil } from 'rxjs';
import type { SessionInfo } from '../protocol/replies.js';
import type { SessionSchema } from '../protocol/schema.js';
import type { Reply } from '../transport/transport.js';
import type { SessionEvent, SessionSettings } from './events.js';
import { reportOf } from './lease/evidence.js';
import { after, deadlineFrom, never } from './lease/interval.js';
import type { CommandObserver, SessionCommands, SessionPort } from './port.js';
import { Session } from './session.js';
import { SessionStreams } from './streams/session-streams.js';
import type { Lease } from './tracking/lease.js';
import { Tracker, type TrackerOptions } from './tracking/tracker.js';

/** Options of one session: see those of the client. */
export interface SessionOptions {
  readonly schema?: SessionSchema | undefined;
  /** A session has one `expiring`, however many handles it has: the largest of theirs holds. */
  readonly expiringBefore?: number | undefined;
}

/** All sessions of one client: makes their handles, and merges their events. */
export class Sessions {
  /** To be told of each command that the client settles. */
  readonly observer: CommandObserver;
  readonly #tracker: Tracker;
  readonly #commands: SessionCommands;
  readonly #events = new Subject<SessionEvent>();
  /** Emits when nobody is subscribed to `events$` any more. */
  readonly #left = new Subject<void>();
  /** Tokens of the sessions that are watched for `events$`. */
  readonly #watchedForAll = new Set<bigint>();

  constructor(port: SessionPort, commands: SessionCommands, options?: TrackerOptions) {
    this.#commands = commands;
    this.#tracker = new Tracker(port, options, (event) => this.#events.next(event));
    this.observer = this.#tracker;
    // Leases are over before their events complete: the tracker subscribed first.
    port.connection$.subscribe({ complete: () => this.#events.complete() });
  }

  /**
   * The events of all sessions that are watched, in the order in which they become known. Hot. While it is subscribed
   * to, every session that is created or attached to is watched. Completes when the client is closed; never errors.
   */
  readonly events$ = this.#events.pipe(
    finalize(() => {
      if (!this.#events.observed) this.#left.next();
    }),
  );

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

  /** The handle of a session made elsewhere, by the reply to `SH_INFO`. */
  attached<Values extends object, Input extends object>(
    info: SessionInfo,
    reply: Reply,
    options: SessionOptions = {},
  ): Session<Values, Input> {
    const { settings, remaining, keyCount } = reportOf(info);
    const lease = this.#tracker.lease(info.tkn, reply, (span) => ({
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

  #watchForAll(streams: SessionStreams): void {
    const { tkn } = streams;
    if (this.#watchedForAll.has(tkn)) return;
    this.#watchedForAll.add(tkn);
    const forget = finalize(() => this.#watchedForAll.delete(tkn));
    streams.lease$.pipe(takeUntil(this.#left), forget).subscribe();
  }
}
