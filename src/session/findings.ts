import type { Answers } from './asked.js';
import { before, type Interval } from './deadline.js';
import type { FollowedSession } from './followed.js';
import type { Lookout } from './lookout.js';
import type { Missing } from './missing.js';
import type { Roll } from './roll.js';
import type { Evidence, SessionReport } from './state.js';
import type { Gone } from './verdict.js';

/** After how many ms to ask again where the clock has not moved since it was asked last: by then it has. */
const pause = 50;

/** Takes in what the server says of sessions that are followed, asked or not, and what is to be done about it next. */
export class Findings implements Answers<FollowedSession> {
  constructor(
    private readonly roll: Roll,
    private readonly missing: Missing,
    private readonly lookout: Lookout,
    private readonly ask: (session: FollowedSession, what: 'info') => void,
    /** Takes in what was answered before and waits; whether there was anything. */
    private readonly catchUp: (session: FollowedSession) => boolean,
  ) {}

  exists(session: FollowedSession, span: Interval, exists: boolean): void {
    this.roll.checkClocks();
    this.#catchUp(session);
    if (!session.followed || session.fate !== 'none') return;
    if (!exists) {
      this.roll.sleptThrough(session);
      this.roll.agenda.plan(session, Number.POSITIVE_INFINITY);
      this.missing.found(session, span.hi);
      return;
    }
    session.aliveIn = this.roll.connection;
    this.missing.seen(session, span.hi);
    this.lookout.stillThere(session, span);
  }

  informed(session: FollowedSession, answered: Interval, report: SessionReport): void {
    this.roll.checkClocks();
    if (!session.followed || session.fate !== 'none') return;
    const { continuity } = this.roll;
    continuity.testified(session, answered, report, (span) => this.roll.awake(span));
    continuity.heard(answered.lo);
    session.lookedAt = answered.lo;
    if (session.ownEnd === 'unheard') session.ownEnd = 'none'; // it was asked after those ends, and is there
    session.aliveIn = this.roll.connection;
    this.learn(session, { kind: 'info', span: this.roll.awake(answered), info: report });
    this.missing.seen(session, answered.hi);
    if (isOpen(session)) {
      // Asked again in the same moment, as a coarse clock has it, it would be told the same.
      if (this.roll.now() > answered.lo) this.ask(session, 'info');
      else this.roll.agenda.plan(session, answered.lo + pause);
      return;
    }
    if (session.resuming) {
      session.resuming = false;
      this.roll.take(session, { kind: 'resumed' });
    }
    this.lookout.proceed(session);
  }

  unanswered(session: FollowedSession): void {
    if (!session.followed || session.fate !== 'none') return;
    const { life } = session;
    const isVague = life.is !== 'over' && life.known.awakeLo !== undefined;
    this.lookout.unanswered(session, session.resuming || isVague || this.missing.waitsFor(session));
  }

  /** Takes in what a reply, or the loss of one, says about a session. */
  learn(session: FollowedSession, evidence: Evidence): void {
    const isBehind = this.#catchUp(session);
    if (session.fate !== 'none') return;
    this.roll.sleptThrough(session);
    const { life } = session;
    if (life.is === 'over') return;
    // Before anything goes on, it is told what may have happened.
    const decides = evidence.kind === 'info' && (session.resuming || this.roll.waitsToTouch(session));
    this.roll.take(session, decides ? { ...evidence, decides } : evidence);
    const after = session.life;
    if (after.is === 'over') return;
    if (after.known.deadline === life.known.deadline) {
      if (isBehind) this.lookout.proceed(session);
      return;
    }
    if (evidence.kind !== 'touch-lost') session.knownIn = this.roll.connection;
    if (after.known.cycle > life.known.cycle) {
      // Its new cycle began with a look of the server's.
      this.lookout.expired(before(after.known.deadline, after.known.settings.duration));
    }
    this.lookout.proceed(session);
  }

  #catchUp(session: FollowedSession): boolean {
    return this.lookout.holding(session, () => this.catchUp(session));
  }

  sentence(session: FollowedSession, gone: Gone): void {
    const { life } = session;
    if (life.is === 'over') return;
    this.roll.take(session, { kind: 'gone', ...gone });
    if (session.life.is !== 'over' || session.life.last.state !== 'expired') return;
    this.lookout.expired({ lo: life.known.deadline.lo, hi: gone.answeredAt });
  }
}

/**
 * Whether an answer has left open where the deadline lies: it was asked for before a touch whose reply is lost, or before the wall clock
 * was set back. What is asked now will tell.
 */
function isOpen({ life }: FollowedSession): boolean {
  return life.is !== 'over' && (life.known.lost !== undefined || life.known.awakeLo !== undefined);
}
