import type { Reply } from '../transport/transport.js';
import type { CommandListener } from './command-listener.js';
import { deadlineFrom, type Interval, never } from './deadline.js';
import { type Due, FollowedSession } from './followed.js';
import { type Known, sameSettings } from './life.js';
import type { Lookout } from './lookout.js';
import type { Missing } from './missing.js';
import type { SessionSettings } from './port.js';
import { spanOf } from './reports.js';
import type { Roll } from './roll.js';
import type { SessionReport } from './state.js';

/** Of how many kinds of sessions the settings are kept. */
const mostKinds = 8;

/** What is kept about sessions, followed or not: begun, or found again, as a reply tells of them and a handle is made. */
export class Records {
  /** Settings of sessions made lately, the last ones first. */
  readonly #settings: SessionSettings[] = [];

  constructor(
    private readonly roll: Roll,
    private readonly missing: Missing,
    private readonly lookout: Lookout,
    private readonly listener: CommandListener,
    /** One function for all sessions. */
    private readonly whenDue: Due,
    private readonly expiringBefore: number | undefined,
  ) {}

  /** What a reply tells of a session that nobody followed before. */
  learned(settings: SessionSettings, reply: Reply, deadlineOf: (span: Interval) => Interval): Known {
    const span = this.roll.spanOf(reply);
    const deadline = settings.duration === 0 ? never : deadlineOf(span);
    const known = { settings, deadline, cycle: 0, filled: undefined };
    const { lo, hi } = spanOf(reply);
    // The wall clock was set back while it was under way.
    return span.lo === Number.NEGATIVE_INFINITY ? { ...known, awakeLo: deadlineOf({ lo, hi }).lo } : known;
  }

  /**
   * What is kept about a session: one record, which all of its handles share. Where that says that the session is gone, it has come back
   * from a dataset: the new one is not for its old handles.
   */
  session(tkn: bigint, initial: Known, expiringBefore?: number): FollowedSession {
    const wanted = expiringBefore ?? this.expiringBefore ?? initial.settings.duration / 10;
    const lead = Math.min(wanted, Number.MAX_VALUE); // finite: what never expires is never near its end
    const existing = this.roll.followed.get(tkn) ?? this.roll.remembered.find(tkn);
    if (existing !== undefined && !existing.isGone) {
      this.#warnBy(existing, lead);
      return existing;
    }
    if (existing !== undefined) this.#settle(existing);
    const life = { is: 'alive', known: { ...initial, settings: this.#shared(initial.settings) } } as const;
    const session = new FollowedSession(tkn, life, lead, this.roll.connection, this.whenDue);
    session.slept = this.roll.slept;
    session.unheardEnds = this.roll.unheardEnds;
    this.roll.remembered.keep(session);
    return session;
  }

  /** The same, by a reply to an `SH_INFO` that was asked for a handle: what was known before is held against it. */
  attached(tkn: bigint, reply: Reply, info: SessionReport, expiringBefore?: number): FollowedSession {
    const { settings, remaining } = info;
    const known = this.learned(settings, reply, (span) => deadlineFrom(span, remaining));
    const session = this.session(tkn, known, expiringBefore);
    // Of one that is followed, it was heard as any command's is.
    if (!session.followed) this.roll.note(session, { kind: 'info', span: this.roll.spanOf(reply), info });
    return session;
  }

  /** A program has sessions of a few kinds: one object for all of a kind. */
  #shared(settings: SessionSettings): SessionSettings {
    const at = this.#settings.findIndex((known) => sameSettings(known, settings));
    const shared = this.#settings[at] ?? settings;
    if (at > 0) this.#settings.splice(at, 1);
    if (at !== 0) this.#settings.unshift(shared);
    if (this.#settings.length > mostKinds) this.#settings.pop();
    return shared;
  }

  /** The token of one that is gone is in use again: what is known of its end is final, and told to those who follow it yet. */
  #settle(session: FollowedSession): void {
    if (session.fate === 'ended-by-self') this.listener.settle(session);
    else this.missing.settle(session);
  }

  /** `expiring` comes as early as any of a session's handles asks for. */
  #warnBy(session: FollowedSession, lead: number): void {
    if (lead <= session.lead) return;
    session.lead = lead;
    this.roll.checkClocks();
    if (session.life.is === 'alive') this.lookout.proceed(session);
  }
}
