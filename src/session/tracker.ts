import { Status } from '../protocol/status.js';
import type { Reply } from '../transport/transport.js';
import { Agenda } from './agenda.js';
import { ClockWatch } from './clock-watch.js';
import { said, saidByLoss, tokensOf } from './command-evidence.js';
import { before, type Interval, rateBound } from './deadline.js';
import type { SessionEvent, SuspensionReason } from './events.js';
import { FollowedSession, type Follower, Outbox } from './followed.js';
import { Lookout, worthAsking } from './lookout.js';
import { type Gone, Missing } from './missing.js';
import type { CommandObserver, SessionPort, SessionSettings, SettledCommand } from './port.js';
import { type Answers, Prober, spanOf } from './prober.js';
import { type Evidence, type Known, next, type SessionReport, sameSettings } from './state.js';
import { isExtendable, unseenSleep } from './verdict.js';

/** How sessions are followed. Times in ms. */
export interface TrackerOptions {
  /** How early `expiring` comes, where a session does not say. Default: a tenth of its duration. */
  readonly expiringBefore?: number | undefined;
  /** How often the server looks for expired sessions. Default 5000, as NemesisDB does. A hint: no event rests on it. */
  readonly sweepInterval?: number | undefined;
}

const unknown = { sweepInterval: 0, reloadExcluded: false };

/**
 * Follows sessions: hears every command that the client settles, keeps deadlines, asks the server where they can't tell, and
 * passes on what happened. Nothing runs while nobody follows.
 */
export class SessionTracker implements CommandObserver, Answers<FollowedSession> {
  readonly #followed = new Map<bigint, FollowedSession>();
  readonly #agenda: Agenda;
  readonly #prober: Prober<FollowedSession>;
  readonly #watch: ClockWatch;
  readonly #lookout: Lookout;
  readonly #missing: Missing;
  readonly #outbox: Outbox;
  readonly #sweepInterval: number;
  #status: 'unknown' | 'open' | 'lost' | 'closed' = 'unknown';
  /** Those of the session made last. */
  #settings: SessionSettings = { duration: 0, deleteSession: false, extendOnSetAdd: false, extendOnGet: false };
  /** Counts connections: what was known on an earlier one may have been lost with the server. */
  #connection = 0;
  /** One function for all sessions. */
  readonly #whenDue = (session: FollowedSession) => this.#appointment(session);

  constructor(
    readonly port: SessionPort,
    private readonly options: TrackerOptions = {},
    everybody: (event: SessionEvent) => void = () => {},
  ) {
    this.#sweepInterval = options.sweepInterval ?? 5000;
    this.#agenda = new Agenda(port.clock, () => this.#checkClocks());
    this.#prober = new Prober<FollowedSession>(port, this.#agenda, this);
    this.#watch = new ClockWatch(port.clock);
    this.#outbox = new Outbox(everybody);
    this.#lookout = new Lookout(
      {
        agenda: this.#agenda,
        now: () => port.clock.now(),
        ask: (session, what) => this.#ask(session, what),
        tell: (session, now) => this.#take(session, { kind: 'time', now, lead: session.lead }),
      },
      this.#sweepInterval,
    );
    this.#missing = new Missing(this.#roomForMissing());
    // As long as the client lives; it completes with it.
    port.connection$.subscribe({
      next: (status) => this.#connectionIs(status),
      complete: () => this.#connectionIs('closed'),
    });
  }

  get listening(): boolean {
    return this.#followed.size > 0;
  }

  get agenda(): Agenda {
    return this.#agenda;
  }

  /** What is kept about a session that nobody follows yet. */
  session(tkn: bigint, initial: Known, expiringBefore?: number): FollowedSession {
    const existing = this.#followed.get(tkn);
    if (existing !== undefined) return existing;
    // Most sessions of a program are alike: one object for all of them.
    if (!sameSettings(initial.settings, this.#settings)) this.#settings = initial.settings;
    const known = { ...initial, settings: this.#settings };
    const lead = expiringBefore ?? this.options.expiringBefore ?? known.settings.duration / 10;
    const session = new FollowedSession(tkn, { is: 'alive', known }, lead, this.#connection, this.#whenDue);
    session.slept = this.#watch.total;
    return session;
  }

  /** Calls `work` once all that is to be told has been told. */
  whenIdle(work: () => void): void {
    this.#agenda.work(() => {
      work();
      return false;
    });
  }

  /** The one among several handles of a session that is followed. */
  current(session: FollowedSession): FollowedSession {
    return this.#followed.get(session.tkn) ?? session;
  }

  /** Follows a session, until `leave`. */
  follow(session: FollowedSession, follower: Follower): void {
    if (this.#status === 'closed') session.take(next(session.life, { kind: 'closed' }, unknown), 0, this.#outbox);
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
    if (!session.followed) this.#stop(session);
  }

  // ---- what the client tells

  replied(command: SettledCommand, reply: Reply): void {
    if (command.tkn !== undefined) {
      const session = this.#followed.get(command.tkn);
      if (session === undefined || session.fate !== 'none') return;
      const span = this.spanOf(reply);
      const what = said(command, reply, span);
      if (what === 'nothing') return;
      if (what === 'gone') {
        this.#isGone(session, span.hi);
        return;
      }
      session.aliveIn = this.#connection;
      if (what !== 'alive') this.#learn(session, what);
      return;
    }
    if (reply.body.st !== Status.Ok) return;
    if (command.row.command === 'SH_END_ALL') this.#allEndedBySelf(this.spanOf(reply).hi);
    else if (command.row.command === 'SH_EXISTS') this.#overheard(command.argument, reply);
  }

  lost(command: SettledCommand): void {
    if (command.tkn === undefined) {
      if (command.row.command !== 'SH_END_ALL') return;
      for (const session of this.#followed.values()) session.endLost = true;
      this.#missing.askAll(undefined);
      return;
    }
    const session = this.#followed.get(command.tkn);
    if (session === undefined || session.fate !== 'none') return;
    this.#checkClocks();
    const now = this.port.clock.now();
    if (command.row.command === 'SH_END') {
      session.endLost = true;
      this.#ask(session, 'exists');
    }
    const evidence = saidByLoss(command, now);
    if (evidence === undefined) return;
    const { life } = session;
    this.#learn(session, evidence);
    if (session.life !== life && evidence.kind === 'touch-lost') this.#ask(session, 'info');
  }

  // ---- what the server answers

  exists(session: FollowedSession, span: Interval, exists: boolean): void {
    this.#checkClocks();
    if (!session.followed || session.fate !== 'none') return;
    if (!exists) {
      this.#isGone(session, span.hi);
      return;
    }
    session.aliveIn = this.#connection;
    this.#missing.seen(session, span.hi);
    this.#lookout.stillThere(session, span);
  }

  informed(session: FollowedSession, answered: Interval, report: SessionReport): void {
    this.#checkClocks();
    if (!session.followed || session.fate !== 'none') return;
    session.lookedAt = answered.lo;
    session.aliveIn = this.#connection;
    const span = { lo: answered.lo - this.#watch.sleptSince(answered.lo), hi: answered.hi };
    this.#learn(session, { kind: 'info', span, info: report });
    this.#missing.seen(session, span.hi);
    if (session.resuming) {
      session.resuming = false;
      this.#take(session, { kind: 'resumed' });
    }
    this.#lookout.proceed(session);
  }

  unanswered(session: FollowedSession): void {
    if (!session.followed || session.fate !== 'none') return;
    this.#lookout.unanswered(session, session.resuming || this.#missing.waitsFor(session));
  }

  // ---- following

  #start(session: FollowedSession): void {
    this.#checkClocks();
    this.#followed.set(session.tkn, session);
    this.#sleptThrough(session);
    const now = this.port.clock.now();
    const unsure = this.#mayHaveMovedUnseen(session, now) || session.aliveIn !== this.#connection;
    this.#opened(session, now);
    if (this.#status !== 'open') this.#take(session, { kind: 'suspended', reason: 'connection' });
    else if (unsure) this.#ask(session, 'info');
    this.#lookout.proceed(session);
  }

  #opened(session: FollowedSession, now: number): void {
    const { life } = session;
    if (life.is === 'over') return;
    const { deadline, cycle } = life.known;
    const event = { type: 'opened', certainty: 'local', deadline, cycle } as const;
    session.take({ life, event }, now, this.#outbox);
  }

  /** Moves a deadline by what the machine slept since it was last right. */
  #sleptThrough(session: FollowedSession): void {
    const slept = this.#watch.total - session.slept;
    session.slept = this.#watch.total;
    if (slept > 0) this.#take(session, { kind: 'clock-jumped', slept });
  }

  /** What happened while nobody followed is unknown: the interval grows. Whether by so much that it is worth asking. */
  #mayHaveMovedUnseen(session: FollowedSession, now: number): boolean {
    const { life } = session;
    if (life.is === 'over') return false;
    const { known } = life;
    const { settings, deadline } = known;
    // Nothing is said to be near or past: that is told anew.
    const idle = { is: 'alive', known } as const;
    session.life = idle;
    if (settings.duration === 0) return false;
    if (!isExtendable(settings) && (settings.deleteSession || now < deadline.lo - unseenSleep)) return false;
    const hi = Math.max(deadline.hi, now + settings.duration * (1 + rateBound));
    session.life = { ...idle, known: { ...known, filled: undefined, deadline: { lo: deadline.lo, hi } } };
    return hi - deadline.hi > worthAsking;
  }

  #stop(session: FollowedSession): void {
    if (this.#followed.get(session.tkn) === session) this.#followed.delete(session.tkn);
    this.#agenda.plan(session, Number.POSITIVE_INFINITY);
    this.#prober.forget(session);
    session.fate = 'none';
    session.resuming = false;
    const { life } = session;
    if (life.is === 'suspended') session.life = { is: life.was, known: life.known };
    this.#missing.forget(session);
    if (this.#followed.size === 0) this.#rest();
  }

  #rest(): void {
    this.#missing.stop();
    this.#prober.stop();
    this.#agenda.clear();
  }

  // ---- time

  #appointment(session: FollowedSession): void {
    const { life } = session;
    if (session.fate !== 'none' || life.is === 'over') return;
    if (this.#missing.waitsFor(session)) this.#ask(session, 'exists');
    else if (session.resuming) this.#ask(session, 'info');
    else if (life.is === 'overdue') this.#lookout.ask(session, life.known);
    else this.#lookout.proceed(session);
  }

  #ask(session: FollowedSession, what: 'exists' | 'info'): void {
    if (this.#status === 'open') this.#prober.ask(session, what);
  }

  // ---- learning

  /** Takes in what a reply, or the loss of one, says about a session. */
  #learn(session: FollowedSession, evidence: Evidence): void {
    this.#sleptThrough(session);
    const { life } = session;
    if (life.is === 'over') return;
    this.#take(session, evidence);
    const after = session.life;
    if (after.is === 'over' || after.known.deadline === life.known.deadline) return;
    if (evidence.kind !== 'touch-lost') session.knownIn = this.#connection;
    if (after.known.cycle > life.known.cycle) {
      // Its new cycle began with a look of the server's.
      this.#lookout.expired(before(after.known.deadline, after.known.settings.duration));
    }
    this.#lookout.proceed(session);
  }

  #take(session: FollowedSession, evidence: Evidence): void {
    const reloadExcluded = !this.port.persistEnabled && session.knownIn === this.#connection;
    const step = next(session.life, evidence, { sweepInterval: this.#sweepInterval, reloadExcluded });
    session.take(step, this.port.clock.now(), this.#outbox);
    if (step.life.is === 'over') this.#stop(session);
  }

  /** From writing the request to its reply; earlier by what the machine slept in between, as deadlines are. */
  spanOf(reply: Reply): Interval {
    this.#checkClocks();
    const { lo, hi } = spanOf(reply);
    return { lo: lo - this.#watch.sleptSince(lo), hi };
  }

  // ---- gone

  #isGone(session: FollowedSession, answeredAt: number): void {
    this.#sleptThrough(session);
    this.#agenda.plan(session, Number.POSITIVE_INFINITY);
    this.#missing.found(session, answeredAt);
  }

  #sentence(session: FollowedSession, gone: Gone): void {
    const { life } = session;
    if (life.is === 'over') return;
    this.#take(session, { kind: 'gone', ...gone });
    if (session.life.is !== 'over' || session.life.last.state !== 'expired') return;
    this.#lookout.expired({ lo: life.known.deadline.lo, hi: gone.answeredAt });
  }

  #allEndedBySelf(answeredAt: number): void {
    const sessions = [...this.#followed.values()];
    for (const session of sessions) session.fate = 'ended-by-self';
    // One that was overdue may have expired before.
    const gone = { kind: 'gone', answeredAt, endedBy: 'self', allGone: true } as const;
    this.#each(sessions, (session) => {
      this.#sleptThrough(session);
      this.#take(session, gone);
    });
  }

  /** The program asked on its own which sessions exist. */
  #overheard(argument: unknown, reply: Reply): void {
    const existing = new Set(tokensOf(reply.body.exist));
    const span = this.spanOf(reply);
    for (const tkn of tokensOf(argument)) {
      const session = this.#followed.get(tkn);
      if (session !== undefined && session.fate === 'none') this.exists(session, span, existing.has(tkn));
    }
  }

  #roomForMissing(): ConstructorParameters<typeof Missing>[0] {
    const tracker = this;
    return {
      followed: this.#followed,
      get connected() {
        return tracker.#status === 'open';
      },
      get connection() {
        return tracker.#connection;
      },
      now: () => this.port.clock.now(),
      ask: (session, what) => this.#ask(session, what),
      each: (sessions, work) => this.#each(sessions, work),
      sentence: (session, gone) => this.#sentence(session, gone),
      resume: (session) => this.#resume(session),
    };
  }

  /** A session goes on as soon as it is known what became of it. */
  #resume(session: FollowedSession): void {
    const { life } = session;
    if (life.is !== 'suspended' || session.fate !== 'none' || this.#status !== 'open') return;
    const { settings, deadline } = life.known;
    const past = this.port.clock.now() >= deadline.lo - unseenSleep;
    if (past && (!settings.deleteSession || isExtendable(settings))) {
      session.resuming = true;
      this.#ask(session, 'info');
    } else {
      this.#take(session, { kind: 'resumed' });
      this.#lookout.proceed(session);
    }
  }

  // ---- trust

  #connectionIs(status: 'open' | 'lost' | 'closed'): void {
    if (this.#status === 'closed' || this.#status === status) return;
    this.#status = status;
    switch (status) {
      case 'open':
        if (this.#followed.size === 0) return;
        if (this.#watch.jumped()) this.#suspend('clock');
        this.#missing.askAll('connection');
        return;
      case 'lost':
        this.#connection += 1;
        this.#watch.jumped();
        this.#suspend('connection');
        return;
      case 'closed':
        this.#prober.stop();
        this.#missing.stop();
        this.#each([...this.#followed.values()], (session) => this.#take(session, { kind: 'closed' }));
    }
  }

  #checkClocks(): void {
    if (!this.#watch.jumped() || this.#followed.size === 0) return;
    this.#suspend('clock');
    this.#missing.askAll('clock');
  }

  #suspend(reason: SuspensionReason): void {
    this.#missing.stop();
    this.#prober.stop();
    this.#each([...this.#followed.values()], (session) => {
      session.resuming = false;
      this.#agenda.plan(session, Number.POSITIVE_INFINITY);
      this.#sleptThrough(session);
      this.#take(session, { kind: 'suspended', reason });
    });
  }

  /** Does something with each session that is still followed, in slices. */
  #each(sessions: readonly FollowedSession[], work: (session: FollowedSession) => void): void {
    let index = 0;
    this.#agenda.work(() => {
      const session = sessions[index++];
      if (session === undefined) return false;
      if (session.followed) work(session);
      return true;
    });
  }
}
