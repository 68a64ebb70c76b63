import { defer, finalize, type Observable } from 'rxjs';
import type { Agenda } from './agenda.js';
import { CommandListener } from './command-listener.js';
import { bare } from './event-literals.js';
import type { SessionEvent } from './events.js';
import { Findings } from './findings.js';
import type { FollowedSession, Follower } from './followed.js';
import { Lookout } from './lookout.js';
import { Missing } from './missing.js';
import type { SessionPort } from './port.js';
import { Prober } from './prober.js';
import { Records } from './records.js';
import { Roll } from './roll.js';
import { Trust } from './trust.js';
import { afterUnseen } from './unseen.js';
import { unseenSleep } from './verdict.js';

/** How sessions are followed. Times in ms. */
export interface TrackerOptions {
  /** How early `expiring` comes, where a session does not say. Default: a tenth of its duration. */
  readonly expiringBefore?: number | undefined;
  /**
   * How often the server looks for expired sessions. Default 5000, as NemesisDB does. A hint: of all that is told, only
   * `missedCycles.atLeast` rests on it.
   */
  readonly sweepInterval?: number | undefined;
}

/**
 * Follows sessions: keeps deadlines by what it hears, asks the server where they can't tell, and passes on what happened.
 * Nothing runs while nobody follows.
 */
export class SessionTracker {
  /** To be told of every command that the client settles. */
  readonly listener: CommandListener;
  /** What is kept about sessions, for their handles. */
  readonly records: Records;
  readonly #roll: Roll;
  readonly #prober: Prober<FollowedSession>;
  readonly #lookout: Lookout;
  readonly #missing: Missing;
  readonly #trust: Trust;

  constructor(
    readonly port: SessionPort,
    options: TrackerOptions = {},
    everybody: (event: SessionEvent) => void = () => {},
  ) {
    const sweepInterval = options.sweepInterval ?? 5000;
    const roll = new Roll(port, sweepInterval, everybody, {
      jumped: () => this.#trust.jumped(),
      over: (session) => this.#stop(session),
    });
    const ask = (session: FollowedSession, what: 'exists' | 'info') => this.#ask(session, what);
    this.#roll = roll;
    this.#lookout = new Lookout(roll, ask, sweepInterval);
    this.#missing = new Missing(roll, {
      ask,
      sentence: (session, gone) => findings.sentence(session, gone),
      resume: (session) => this.#trust.resume(session),
    });
    const findings = new Findings(roll, this.#missing, this.#lookout, ask, (session) => this.#prober.catchUp(session));
    this.#prober = new Prober<FollowedSession>(port, roll.agenda, findings);
    this.#trust = new Trust(roll, this.#prober, this.#missing, this.#lookout);
    this.listener = new CommandListener(roll, this.#missing, findings, ask);
    const due = (session: FollowedSession) => this.#appointment(session);
    this.records = new Records(roll, this.#missing, this.#lookout, this.listener, due, options.expiringBefore);
    // As long as the client lives; it completes with it.
    port.connection$.subscribe((status) => this.#trust.connectionIs(status));
  }

  get agenda(): Agenda {
    return this.#roll.agenda;
  }

  /** Calls `work` once all that is to be told has been told. */
  whenIdle(work: () => void): void {
    this.agenda.work(() => {
      work();
      return false;
    });
  }

  /** Follows a session, until `leave`. */
  follow(session: FollowedSession, follower: Follower): void {
    this.#roll.checkClocks();
    // Who comes now is not to be shown what is known to be wrong; who is told of that may leave, and be the last one.
    if (session.followed) this.#roll.sleptThrough(session);
    if (this.#roll.status === 'closed') this.#roll.take(session, { kind: 'closed' });
    if (session.life.is === 'over') {
      follower.changed(session.life);
      follower.ended();
      return;
    }
    const wasFollowed = session.followed;
    session.join(follower);
    if (!wasFollowed) this.#start(session);
  }

  leave(session: FollowedSession, follower: Follower): void {
    if (!session.followed) return;
    session.leave(follower);
    if (session.followed) return;
    this.#roll.left(session);
    this.#stop(session);
  }

  /** Whether what is known of a session's deadline holds: not where the machine slept, and the session is yet to be suspended. */
  holds(session: FollowedSession): boolean {
    this.#roll.checkClocks();
    return !this.#roll.isStale(session);
  }

  /**
   * Whether a touch may be sent now. Not before what happened to the session is found out and told; and one whose keys alone
   * expire is looked at first where they may have, or the touch would keep alive what nobody knows to be empty.
   */
  mayTouch(session: FollowedSession): 'now' | 'after-a-look' | 'later' {
    const roll = this.#roll;
    roll.checkClocks();
    const { life } = session;
    if (life.is === 'over' || life.is === 'suspended' || session.fate !== 'none') return 'later';
    if (roll.status !== 'open' || roll.isStale(session) || this.#missing.waitsFor(session)) return 'later';
    const { settings, deadline } = life.known;
    return settings.deleteSession || roll.now() < deadline.lo - unseenSleep ? 'now' : 'after-a-look';
  }

  /** Whatever `look$` shows of a session, it is told what may have happened, before a touch that waits for it. */
  lookBeforeTouch<Value>(session: FollowedSession, look$: Observable<Value>): Observable<Value> {
    return defer(() => look$.pipe(finalize(this.#roll.touchWaits(session))));
  }

  #start(session: FollowedSession): void {
    this.#roll.followed.set(session.tkn, session);
    session.startNumber = ++this.#roll.starts;
    this.#roll.remembered.release(session);
    this.#roll.sleptUnseen(session);
    const { continuity, port, unheardTouches } = this.#roll;
    const { life, worthAsking } = afterUnseen(session.life, this.#roll.now(), {
      lost: unheardTouches.of(session.tkn),
      clearedAt: this.#roll.clearedAt,
      mayBeReloaded: port.persistEnabled && continuity.isBrokenSince(session.knownIn),
    });
    if (life.is === 'over') return;
    const stamp = { tkn: session.tkn, at: this.#roll.now() };
    this.#roll.step(session, { life, event: bare('opened', stamp, life.known) });
    if (!session.followed) return; // left on being told
    const mayHaveEndedIt = session.ownEnd !== 'none' || session.unheardEnds !== this.#roll.unheardEnds;
    if (mayHaveEndedIt && session.ownEnd === 'none') session.ownEnd = 'unheard';
    const mayBeGone = mayHaveEndedIt || session.aliveIn !== this.#roll.connection;
    if (this.#roll.status !== 'open') this.#roll.suspend(session, 'connection');
    else if (worthAsking || mayBeGone) this.#ask(session, 'info');
    if (session.fate === 'gone') this.#missing.recall(session);
    this.#lookout.proceed(session);
  }

  #stop(session: FollowedSession): void {
    const { followed } = this.#roll;
    if (followed.get(session.tkn) === session) followed.delete(session.tkn);
    this.agenda.plan(session, Number.POSITIVE_INFINITY);
    this.#prober.forget(session);
    session.resuming = false;
    session.unheardEnds = this.#roll.unheardEnds;
    if (session.fate === 'ended-by-self') session.leftEnded();
    if (session.life.is !== 'over') this.#roll.remembered.keep(session); // of one that is over nothing can be learned
    this.#missing.forget(session);
    if (followed.size === 0) this.#prober.stop();
  }

  #appointment(session: FollowedSession): void {
    const { life } = session;
    if (session.fate !== 'none' || life.is === 'over' || this.#roll.isStale(session)) return;
    if (this.#missing.waitsFor(session)) this.#ask(session, 'exists');
    else if (session.resuming) this.#ask(session, 'info');
    else if (life.is === 'overdue') this.#lookout.ask(session, life.known);
    else this.#lookout.proceed(session);
  }

  #ask(session: FollowedSession, what: 'exists' | 'info'): void {
    if (this.#roll.status === 'open') this.#prober.ask(session, what);
  }
}
