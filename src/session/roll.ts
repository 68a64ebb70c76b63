import type { Reply } from '../transport/transport.js';
import { Agenda } from './agenda.js';
import { beforeSleep, ClockWatch, notSlept, type Slept } from './clock-watch.js';
import { Continuity } from './continuity.js';
import type { Interval } from './deadline.js';
import type { SessionEvent, SuspensionReason } from './events.js';
import { type FollowedSession, Outbox } from './followed.js';
import { HeldBack } from './held-back.js';
import type { SessionPort } from './port.js';
import { Remembered } from './remembered.js';
import { spanOf } from './reports.js';
import { type Evidence, next, type Step } from './state.js';
import { UnheardTouches } from './unheard-touches.js';

/** The sessions that are followed, and what they have in common: the agenda, the clocks, the connection. */
export class Roll {
  readonly followed = new Map<bigint, FollowedSession>();
  readonly remembered = new Remembered();
  readonly agenda: Agenda;
  readonly #watch: ClockWatch;
  readonly #outbox: Outbox;
  readonly #heldBack = new HeldBack();
  status: 'unknown' | 'open' | 'lost' | 'closed' = 'unknown';
  /** Counts connections: what was known on an earlier one may have been lost with the server. */
  connection = 0;
  /** Counts `SH_END` and `SH_END_ALL` of this client that may have ended sessions of which nothing was kept then, or which were over. */
  unheardEnds = 0;
  /** Counts how often a session began to be followed. */
  starts = 0;
  readonly unheardTouches = new UnheardTouches();
  /** When a command of this client may have removed keys last, of a session that nobody followed. */
  clearedAt = Number.NEGATIVE_INFINITY;
  readonly continuity = new Continuity();

  /** How many touches of a session wait for a look at it. */
  readonly #touchesWaiting = new Map<FollowedSession, number>();

  constructor(
    readonly port: SessionPort,
    private readonly sweepInterval: number,
    everybody: (event: SessionEvent) => void,
    private readonly told: {
      /** The machine slept, or its wall clock was set. */
      jumped(): void;
      /** A session is gone, and that was told. */
      over(session: FollowedSession): void;
    },
  ) {
    this.agenda = new Agenda(
      port.clock,
      () => this.checkClocks(),
      () => port.isBusy,
    );
    this.#watch = new ClockWatch(port.clock);
    this.#outbox = new Outbox(everybody);
  }

  now(): number {
    return this.port.clock.now();
  }

  /** How long the machine has slept in all. */
  get slept(): Slept {
    return this.#watch.total;
  }

  /** Looks whether the clocks have parted. To be done before anything is made of the time. */
  checkClocks(): void {
    if (this.#watch.jumped() && this.followed.size > 0) this.told.jumped();
  }

  /** From writing a request to its reply; earlier by what the machine slept in between, as deadlines are. */
  spanOf(reply: Reply): Interval {
    this.checkClocks();
    this.continuity.heard(reply.writtenAt);
    return this.awake(spanOf(reply));
  }

  /** A span that began before the machine slept began earlier, by the clock of now. */
  awake({ lo, hi }: Interval): Interval {
    return { lo: beforeSleep(lo, this.#watch.sleptSince(lo)), hi };
  }

  /** Whether a session is about to be suspended, as the machine slept: nothing may be told by its deadline until it is. */
  isStale(session: FollowedSession): boolean {
    return session.slept !== this.slept;
  }

  /**
   * Moves a deadline by what the machine slept since it was last right. Where that was told already, nobody hears what is not
   * certain: the session is suspended with it.
   */
  sleptThrough(session: FollowedSession): void {
    if (this.isStale(session)) this.suspend(session, 'clock');
  }

  /** As above, of a session of which nothing was told yet: nobody hears of it by itself. */
  sleptUnseen(session: FollowedSession): void {
    const slept = this.#sleptSince(session);
    if (slept !== notSlept) session.life = this.#next(session, { kind: 'clock-jumped', slept }).life;
  }

  /** Suspends a session, and moves its deadline by what the machine slept since it was last right: in one, so that nobody sees either alone. */
  suspend(session: FollowedSession, reason: SuspensionReason): void {
    this.take(session, { kind: 'suspended', reason, slept: this.#sleptSince(session) });
  }

  #sleptSince(session: FollowedSession): Slept {
    if (!this.isStale(session)) return notSlept;
    const { slept: before } = session;
    const { slept: now } = this;
    session.slept = now;
    // It was looked at before the sleep: that tells nothing of what comes after.
    session.lookedAt = Number.NEGATIVE_INFINITY;
    return { ms: now.ms - before.ms, setBacks: now.setBacks - before.setBacks };
  }

  /** Takes in what evidence says about a session, and tells who follows. */
  take(session: FollowedSession, evidence: Evidence): void {
    this.step(session, this.#next(session, evidence));
  }

  /** Takes in what a reply says about a session that nobody follows. Whoever does again is told where that leaves it, not what was. */
  note(session: FollowedSession, evidence: Evidence): void {
    this.sleptUnseen(session);
    session.life = this.#next(session, evidence).life;
    session.knownIn = this.connection;
    session.aliveIn = this.connection;
    session.unheardEnds = this.unheardEnds;
  }

  #next(session: FollowedSession, evidence: Evidence): Step {
    const reloadExcluded = !this.port.persistEnabled && session.knownIn === this.connection;
    const { sweepInterval } = this;
    return next(session.life, evidence, { tkn: session.tkn, at: this.now(), sweepInterval, reloadExcluded });
  }

  /** Takes a step with a session, and tells who follows. */
  step(session: FollowedSession, step: Step): void {
    if (!session.followed && step.life.is !== 'over') {
      session.life = step.life; // nobody is there to be told; nor is it for those who come later
      return;
    }
    if (step.event !== undefined && HeldBack.isToWait(step)) {
      this.#heldBack.add(session, step.event);
      session.take({ life: step.life }, this.#outbox);
      return;
    }
    if (step.life.is !== 'suspended' && !this.#heldBack.isEmpty) {
      const { life } = session;
      for (const event of this.#heldBack.take(session)) session.take({ life, event }, this.#outbox);
    }
    session.take(step, this.#outbox);
    if (step.life.is === 'over') this.told.over(session);
  }

  /** Nobody follows a session any more: what is yet to be told of it is not for those who will. */
  left(session: FollowedSession): void {
    this.#outbox.left(session);
    this.#heldBack.forget(session);
  }

  /** Whether a touch waits to be told what became of a session. */
  waitsToTouch(session: FollowedSession): boolean {
    return this.#touchesWaiting.has(session);
  }

  /** A touch waits for a look, until the function that is returned is called. */
  touchWaits(session: FollowedSession): () => void {
    const waiting = this.#touchesWaiting;
    waiting.set(session, (waiting.get(session) ?? 0) + 1);
    return () => {
      const others = (waiting.get(session) ?? 1) - 1;
      if (others === 0) waiting.delete(session);
      else waiting.set(session, others);
    };
  }

  /** Does something with each session that is still followed, in slices. */
  each(sessions: readonly FollowedSession[], work: (session: FollowedSession) => void): void {
    let index = 0;
    this.agenda.work(() => {
      const session = sessions[index++];
      if (session === undefined) return false;
      if (session.followed) work(session);
      return true;
    });
  }

  /** As above, with all of them. */
  eachFollowed(work: (session: FollowedSession) => void): void {
    this.each([...this.followed.values()], work);
  }
}
