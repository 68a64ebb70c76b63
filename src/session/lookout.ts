import { type Interval, rateBound } from './deadline.js';
import type { FollowedSession } from './followed.js';
import type { Known, Life } from './life.js';
import type { Roll } from './roll.js';
import { SweepHint } from './sweep-hint.js';
import { isExtendable } from './verdict.js';

/** An `SH_INFO` can't tell a deadline better than to a second. */
const resolution = 1000;

/** Most sessions in a fifth of the sweep interval that are asked about to learn when the server looks. */
const mostScouts = 32;

/** Questions about overdue sessions wait for each other so long, in ms: many go in one request. */
const together = 50;

/** Looks after deadlines: when to tell that they are near or past, when to ask the server, and what. */
export class Lookout {
  readonly #sweeps: SweepHint;
  /** When a session that was overdue was still there: the server had not looked by then. */
  #quietUntil = Number.NEGATIVE_INFINITY;
  #scouts = 0;
  #scoutsSince = Number.NEGATIVE_INFINITY;
  /** Of which more is about to be learned in this moment. */
  #learning: FollowedSession | undefined;

  constructor(
    private readonly roll: Roll,
    private readonly question: (session: FollowedSession, what: 'exists' | 'info') => void,
    private readonly sweepInterval: number,
  ) {
    this.#sweeps = new SweepHint(sweepInterval);
  }

  /** Lets one reply be taken in while a later one is at hand: nothing is told to be near or past by what the first one shows alone. */
  holding(session: FollowedSession, work: () => boolean): boolean {
    const outer = this.#learning;
    this.#learning = session;
    const done = work();
    this.#learning = outer;
    return done;
  }

  /** What to do about a session, by what is known: to tell, to ask, or to wait. */
  proceed(session: FollowedSession): void {
    if (session === this.#learning) return;
    for (;;) {
      const { life } = session;
      if (!session.followed || session.fate !== 'none' || life.is === 'over' || life.is === 'suspended') return;
      if (this.roll.isStale(session)) return; // it is about to be suspended, and goes on once it is resumed
      const now = this.roll.now();
      const at = this.#next(session, life, now);
      if (now < at) {
        this.roll.agenda.plan(session, at);
        return;
      }
      if (this.#shouldLook(session, life.known, at, now)) {
        this.question(session, 'info');
        return;
      }
      this.roll.take(session, { kind: 'time', lead: session.lead });
    }
  }

  /** An overdue session's time has come to be asked about. */
  ask(session: FollowedSession, { settings, deadline }: Known): void {
    // Many go in one question, and most of them are gone: only of those that are there, a second one tells the deadline.
    const tellsAll = settings.deleteSession && this.roll.now() - deadline.hi <= 3 * this.sweepInterval;
    this.question(session, tellsAll ? 'exists' : 'info');
  }

  /** It is there: no look of the server's since has let it go. */
  stillThere(session: FollowedSession, span: Interval): void {
    const { life } = session;
    if (life.is === 'overdue' && !isExtendable(life.known.settings)) {
      if (span.lo > life.known.deadline.hi) this.#quietUntil = span.lo;
      const expected = this.#sweeps.nextAfter(life.known.deadline.hi);
      if (expected !== undefined && span.lo > expected) this.#sweeps.missed();
    }
    // It should have gone by now: somebody else has extended it.
    if (life.is === 'overdue' && isExtendable(life.known.settings) && this.#isLate(life.known, span.lo)) {
      this.question(session, 'info');
    } else this.proceed(session);
  }

  /** It expired after `lo`, and it was seen at `hi`: a look of the server's came in between. */
  expired({ lo, hi }: Interval): void {
    this.#sweeps.saw({ lo: Math.max(lo, Math.min(this.#quietUntil, hi)), hi });
  }

  /** No answer came to a question: when to go on. What was to be made sure of is told without being sure, as `local`. */
  unanswered(session: FollowedSession, isNeeded: boolean): void {
    const now = this.roll.now();
    const overdue = session.life.is === 'overdue';
    if (!isNeeded && !overdue) session.lookedAt = now;
    const pause = isNeeded ? resolution : overdue ? this.sweepInterval : 0;
    this.roll.agenda.plan(session, now + pause);
  }

  /** When something is to be told of a session, or asked. */
  #next(session: FollowedSession, life: Exclude<Life, { is: 'over' | 'suspended' }>, now: number): number {
    const { deadline } = life.known;
    switch (life.is) {
      case 'alive':
        return Math.min(deadline.lo, deadline.lo - session.lead);
      case 'expiring':
        return deadline.lo;
      case 'overdue':
        return Math.ceil(this.#nextQuestion(deadline, now) / together) * together;
    }
  }

  #nextQuestion(deadline: Interval, now: number): number {
    if (now - deadline.lo > 4 * this.sweepInterval) return now + this.sweepInterval;
    return this.#sweeps.nextAfter(Math.max(now, deadline.lo)) ?? now + this.#scout(now);
  }

  /**
   * In how many ms to ask about an overdue session while nobody knows when the server looks: of some often, to learn it; of
   * the others when it certainly has looked.
   */
  #scout(now: number): number {
    const often = this.sweepInterval / 5;
    if (now - this.#scoutsSince > often) {
      this.#scoutsSince = now;
      this.#scouts = 0;
    }
    this.#scouts += 1;
    return this.#scouts <= mostScouts ? often : this.sweepInterval;
  }

  /** Whether it ought to have gone by `at`, unless somebody else has extended it. */
  #isLate({ deadline }: Known, at: number): boolean {
    return at - deadline.lo > this.sweepInterval;
  }

  /** Whether to ask before telling that a deadline is near or past: others may have moved it, or little is known of it. */
  #shouldLook(session: FollowedSession, known: Known, at: number, now: number): boolean {
    if (known.awakeLo !== undefined) return true; // nobody knows when it begins: to tell anything would be a guess
    const { settings, deadline } = known;
    if (session.lookedAt >= at) return false;
    if (isExtendable(settings)) return true;
    // It may have been ended and loaded from a dataset, and its deadline begun anew. That it is near, at the earliest, is true all the same.
    if (this.roll.port.persistEnabled && now >= deadline.lo && session.lookedAt < deadline.lo) return true;
    const askedNow = resolution + 2 * rateBound * Math.max(0, deadline.lo - now);
    return deadline.hi - deadline.lo > 2 * askedNow;
  }
}
