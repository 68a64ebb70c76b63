import { Status } from '../protocol/status.js';
import type { Reply } from '../transport/transport.js';
import { Agenda } from './agenda.js';
import { Census } from './census.js';
import { ClockWatch } from './clock-watch.js';
import { said, saidByLoss, tokensOf } from './command-evidence.js';
import { type Interval, rateBound } from './deadline.js';
import type { EndedBy, SessionEvent, SuspensionReason } from './events.js';
import { FollowedSession, type Follower, Outbox } from './followed.js';
import type { CommandObserver, SessionPort, SettledCommand } from './port.js';
import { type Answers, Prober, spanOf } from './prober.js';
import { type Evidence, type Known, next, type SessionReport } from './state.js';
import { SweepHint } from './sweep-hint.js';
import { isExtendable, unseenSleep } from './verdict.js';

/** How sessions are followed. Times in ms. */
export interface TrackerOptions {
  /** How early `expiring` comes, where a session does not say. Default: a tenth of its duration. */
  readonly expiringBefore?: number | undefined;
  /** How often the server looks for expired sessions. Default 5000, as NemesisDB does. A hint: no event rests on it. */
  readonly sweepInterval?: number | undefined;
}

/** An `SH_INFO` can't tell a deadline better than to a second. */
const resolution = 1000;

const unknown = { sweepInterval: 0, reloadExcluded: false };

/** Most sessions in the sample that tells whether all may be gone. */
const sampleSize = 40;

/**
 * Follows sessions: hears every command that the client settles, keeps deadlines, asks the server where they can't tell, and
 * passes on what happened. Nothing runs while nobody follows.
 */
export class SessionTracker implements CommandObserver, Answers<FollowedSession> {
  readonly #followed = new Map<bigint, FollowedSession>();
  readonly #agenda: Agenda;
  readonly #prober: Prober<FollowedSession>;
  readonly #watch: ClockWatch;
  readonly #sweeps: SweepHint;
  readonly #outbox: Outbox;
  readonly #sweepInterval: number;
  #status: 'unknown' | 'open' | 'lost' | 'closed' = 'unknown';
  /** Counts connections: what was known on an earlier one may have been lost with the server. */
  #connection = 0;
  #census: Census | undefined;
  /** One function for all sessions. */
  readonly #whenDue = (session: FollowedSession, now: number) => this.#appointment(session, now);
  /** Sessions that are gone, and since when that is known; the verdict waits for a census. */
  readonly #gone = new Map<FollowedSession, number>();

  constructor(
    readonly port: SessionPort,
    private readonly options: TrackerOptions = {},
    everybody: (event: SessionEvent) => void = () => {},
  ) {
    this.#sweepInterval = options.sweepInterval ?? 5000;
    this.#agenda = new Agenda(port.clock, () => this.#checkClocks());
    this.#prober = new Prober<FollowedSession>(port, this.#agenda, this);
    this.#watch = new ClockWatch(port.clock);
    this.#sweeps = new SweepHint(this.#sweepInterval);
    this.#outbox = new Outbox(everybody);
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
  session(tkn: bigint, known: Known, expiringBefore?: number): FollowedSession {
    const existing = this.#followed.get(tkn);
    if (existing !== undefined) return existing;
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

  /** Follows a session. The result is the undo. */
  follow(session: FollowedSession, follower: Follower): () => void {
    if (this.#status === 'closed') session.take(next(session.life, { kind: 'closed' }, unknown), 0, this.#outbox);
    if (session.life.is === 'over') {
      follower.changed(session.life);
      follower.ended();
      return () => {};
    }
    const wasFollowed = session.followed;
    session.join(follower);
    if (!wasFollowed) this.#start(session);
    return () => {
      if (!session.followed) return;
      session.leave(follower);
      if (!session.followed) this.#stop(session);
    };
  }

  // ---- what the client tells

  replied(command: SettledCommand, reply: Reply): void {
    if (command.tkn !== undefined) {
      const session = this.#followed.get(command.tkn);
      if (session === undefined || session.fate !== 'none') return;
      const span = this.spanOf(reply);
      const what = said(command, reply, span);
      if (what === 'nothing') return;
      if (what === 'gone') return this.#isGone(session, span.hi);
      session.aliveIn = this.#connection;
      if (what === 'alive') return;
      this.#learn(session, what);
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
      this.#startCensus(undefined);
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
    const counted = this.#census?.waitsFor(session) === true;
    if (exists) {
      session.aliveIn = this.#connection;
      this.#heard(session, this.#oughtToLive(session, span.hi));
      if (!counted) this.#stillThere(session, span);
      return;
    }
    if (counted) this.#hold(session, span.hi);
    else this.#isGone(session, span.hi);
  }

  informed(session: FollowedSession, answered: Interval, report: SessionReport): void {
    this.#checkClocks();
    if (!session.followed || session.fate !== 'none') return;
    session.lookedAt = answered.lo;
    session.aliveIn = this.#connection;
    const span = { lo: answered.lo - this.#watch.sleptSince(answered.lo), hi: answered.hi };
    this.#learn(session, { kind: 'info', span, info: report });
    this.#heard(session, this.#oughtToLive(session, span.hi));
    if (session.resuming) {
      session.resuming = false;
      this.#take(session, { kind: 'resumed' });
    }
    this.#proceed(session);
  }

  unanswered(session: FollowedSession): void {
    if (!session.followed || session.fate !== 'none') return;
    const now = this.port.clock.now();
    const waits = session.resuming || session.life.is === 'overdue' || this.#census?.waitsFor(session) === true;
    // What was asked to be sure before telling of a deadline is told without being sure: it is told as `local`.
    if (!waits) session.lookedAt = now;
    this.#agenda.plan(session, waits ? now + resolution : now);
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
    this.#proceed(session);
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
    return hi - deadline.hi > resolution;
  }

  #stop(session: FollowedSession): void {
    if (this.#followed.get(session.tkn) === session) this.#followed.delete(session.tkn);
    this.#agenda.plan(session, Number.POSITIVE_INFINITY);
    this.#prober.forget(session);
    this.#gone.delete(session);
    session.fate = 'none';
    session.resuming = false;
    const { life } = session;
    if (life.is === 'suspended') session.life = { is: life.was, known: life.known };
    this.#heard(session, false);
    if (this.#followed.size === 0) this.#rest();
  }

  #rest(): void {
    this.#census = undefined;
    this.#prober.stop();
    this.#agenda.clear();
  }

  // ---- time

  /** What to do about a session, by what is known: to tell, to ask, or to wait. */
  #proceed(session: FollowedSession): void {
    for (;;) {
      const { life } = session;
      if (!session.followed || session.fate !== 'none' || life.is === 'over' || life.is === 'suspended') return;
      const now = this.port.clock.now();
      const { lo } = life.known.deadline;
      if (life.is === 'overdue') return this.#agenda.plan(session, this.#nextLook(life.known, now));
      const instant = life.is === 'alive' ? Math.min(lo, lo - session.lead) : lo;
      if (now < instant) return this.#agenda.plan(session, instant);
      if (this.#shouldLook(session, life.known, instant, now)) return this.#ask(session, 'info');
      this.#take(session, { kind: 'time', now, lead: session.lead });
    }
  }

  #appointment(session: FollowedSession, now: number): void {
    const { life } = session;
    if (session.fate !== 'none' || life.is === 'over') return;
    if (this.#census?.waitsFor(session)) return this.#ask(session, 'exists');
    if (session.resuming) return this.#ask(session, 'info');
    if (life.is === 'overdue') this.#ask(session, this.#question(life.known, now));
    else this.#proceed(session);
  }

  /** Whether to ask before telling that a deadline is near or past: others may have moved it, or little is known of it. */
  #shouldLook(session: FollowedSession, { settings, deadline }: Known, instant: number, now: number): boolean {
    if (session.lookedAt >= instant) return false;
    if (isExtendable(settings)) return true;
    const askedNow = resolution + 2 * rateBound * Math.max(0, deadline.lo - now);
    return deadline.hi - deadline.lo > 2 * askedNow;
  }

  /** When to ask about an overdue session: just after the server's next look, or regularly where that is unknown. */
  #nextLook({ deadline }: Known, now: number): number {
    if (now - deadline.lo > 4 * this.#sweepInterval) return now + this.#sweepInterval;
    return this.#sweeps.nextAfter(Math.max(now, deadline.lo)) ?? now + this.#sweepInterval / 5;
  }

  /** Whether it is there tells all, unless it stays when it expires, or should have gone by now. */
  #question({ settings, deadline }: Known, now: number): 'exists' | 'info' {
    if (!settings.deleteSession) return 'info';
    const late = isExtendable(settings) ? now - deadline.lo : now - deadline.hi - 2 * this.#sweepInterval;
    return late > this.#sweepInterval ? 'info' : 'exists';
  }

  /** It is there: no look of the server's since has let it go. */
  #stillThere(session: FollowedSession, span: Interval): void {
    const { life } = session;
    if (life.is !== 'overdue') return;
    const { settings, deadline } = life.known;
    const expected = this.#sweeps.nextAfter(deadline.hi);
    if (expected !== undefined && span.lo > expected && !isExtendable(settings)) this.#sweeps.missed();
    this.#proceed(session);
  }

  #ask(session: FollowedSession, what: 'exists' | 'info'): void {
    if (this.#status === 'open') this.#prober.ask(session, what);
  }

  // ---- learning

  /** Takes in what a reply, or the loss of one, says about a session. */
  #learn(session: FollowedSession, evidence: Evidence): void {
    const { life } = session;
    if (life.is === 'over') return;
    this.#take(session, evidence);
    const after = session.life;
    if (after.is === 'over' || after.known.deadline === life.known.deadline) return;
    if (evidence.kind !== 'touch-lost') session.knownIn = this.#connection;
    if (after.known.cycle > life.known.cycle) this.#sweepSeen(after.known);
    this.#proceed(session);
  }

  #take(session: FollowedSession, evidence: Evidence): void {
    const reloadExcluded = !this.port.persistEnabled && session.knownIn === this.#connection;
    const step = next(session.life, evidence, { sweepInterval: this.#sweepInterval, reloadExcluded });
    session.take(step, this.port.clock.now(), this.#outbox);
    if (step.life.is === 'over') this.#stop(session);
  }

  #sweepSeen({ deadline, settings }: Known): void {
    this.#sweeps.saw({ lo: deadline.lo - settings.duration, hi: deadline.hi - settings.duration });
  }

  /** From writing the request to its reply; earlier by what the machine slept in between, as deadlines are. */
  spanOf(reply: Reply): Interval {
    this.#checkClocks();
    const { lo, hi } = spanOf(reply);
    return { lo: lo - this.#watch.sleptSince(lo), hi };
  }

  // ---- gone

  #isGone(session: FollowedSession, answeredAt: number): void {
    if (this.#census !== undefined || this.#status !== 'open') return this.#hold(session, answeredAt);
    if (this.#oughtToLive(session, answeredAt)) {
      this.#hold(session, answeredAt);
      this.#startSample();
    } else {
      this.#sentence(session, answeredAt, false);
    }
  }

  /** Says nothing of it until the census is over. */
  #hold(session: FollowedSession, answeredAt: number): void {
    session.fate = 'gone';
    this.#gone.set(session, answeredAt);
    this.#agenda.plan(session, Number.POSITIVE_INFINITY);
    this.#heard(session, false);
  }

  #sentence(session: FollowedSession, answeredAt: number, allGone: boolean): void {
    const { life, aliveIn, endLost } = session;
    if (life.is === 'over') return;
    const endedBy: EndedBy = endLost ? 'self' : aliveIn === this.#connection ? 'other' : 'other-or-restart';
    const { lo } = life.known.deadline;
    this.#take(session, { kind: 'gone', answeredAt, endedBy, allGone });
    if (session.life.is === 'over' && session.life.last.state === 'expired') this.#sweeps.saw({ lo, hi: answeredAt });
  }

  #oughtToLive({ life }: FollowedSession, at: number): boolean {
    if (life.is === 'over') return false;
    const { settings, deadline } = life.known;
    return !settings.deleteSession || at < deadline.lo - unseenSleep;
  }

  #allEndedBySelf(answeredAt: number): void {
    const sessions = [...this.#followed.values()];
    for (const session of sessions) {
      session.fate = 'ended-by-self';
      this.#gone.delete(session);
    }
    // One that was overdue may have expired before.
    const gone = { kind: 'gone', answeredAt, endedBy: 'self', allGone: true } as const;
    this.#each(sessions, (session) => this.#take(session, gone));
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

  // ---- census

  #startSample(): void {
    if (this.#census !== undefined) return;
    const now = this.port.clock.now();
    const sample: FollowedSession[] = [];
    for (const session of this.#followed.values()) {
      if (session.fate === 'none' && this.#oughtToLive(session, now)) sample.push(session);
      if (sample.length === sampleSize) break;
    }
    this.#beginCensus(new Census(undefined, 'sample', sample), sample);
  }

  #startCensus(reason: SuspensionReason | undefined): void {
    const sessions = [...this.#followed.values()].filter(({ fate }) => fate === 'none');
    this.#beginCensus(new Census(reason, 'all', sessions), sessions);
  }

  #beginCensus(census: Census, sessions: readonly FollowedSession[]): void {
    this.#census = census;
    if (census.complete) this.#conclude(census);
    else {
      this.#each(sessions, (session) => {
        if (this.#census === census) this.#ask(session, 'exists');
      });
    }
  }

  #heard(session: FollowedSession, survives: boolean): void {
    const census = this.#census;
    if (census === undefined || !census.waitsFor(session)) return;
    census.heard(session, survives);
    if (census.complete) this.#conclude(census);
  }

  #conclude(census: Census): void {
    this.#census = undefined;
    let early = 0;
    for (const [session, answeredAt] of this.#gone) if (this.#oughtToLive(session, answeredAt)) early += 1;
    const noneLives = census.survivors === 0;
    if (census.scope === 'sample' && noneLives && early > 1) return this.#startCensus(undefined);
    const allGone = noneLives && early >= (census.reason === 'connection' ? 1 : 2);
    const sentenced = [...this.#gone];
    this.#each(sentenced, ([session, answeredAt]) => {
      if (this.#gone.delete(session)) this.#sentence(session, answeredAt, allGone);
    });
    if (census.reason !== undefined) this.#each([...this.#followed.values()], (session) => this.#resume(session));
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
      this.#proceed(session);
    }
  }

  // ---- trust

  #connectionIs(status: 'open' | 'lost' | 'closed'): void {
    const before = this.#status;
    if (before === 'closed' || before === status) return;
    this.#status = status;
    switch (status) {
      case 'open': {
        if (this.#followed.size === 0) return;
        if (this.#watch.jumped()) this.#suspend('clock');
        return this.#startCensus('connection');
      }
      case 'lost':
        this.#connection += 1;
        this.#watch.jumped();
        return this.#suspend('connection');
      case 'closed':
        this.#prober.stop();
        this.#census = undefined;
        this.#each([...this.#followed.values()], (session) => this.#take(session, { kind: 'closed' }));
    }
  }

  #checkClocks(): void {
    if (!this.#watch.jumped() || this.#followed.size === 0) return;
    this.#suspend('clock');
    if (this.#status === 'open') this.#startCensus('clock');
  }

  #suspend(reason: SuspensionReason): void {
    this.#census = undefined;
    this.#prober.stop();
    this.#each([...this.#followed.values()], (session) => {
      session.resuming = false;
      this.#agenda.plan(session, Number.POSITIVE_INFINITY);
      this.#sleptThrough(session);
      this.#take(session, { kind: 'suspended', reason });
    });
  }

  /** Does something with each session that is still followed, in slices. */
  #each<Item extends FollowedSession | readonly [FollowedSession, unknown]>(
    items: readonly Item[],
    work: (item: Item) => void,
  ): void {
    let index = 0;
    this.#agenda.work(() => {
      const item = items[index++];
      if (item === undefined) return false;
      const session = item instanceof FollowedSession ? item : item[0];
      if (session.followed) work(item as Item); // narrowed above, to no avail
      return true;
    });
  }
}
