import { Census } from './census.js';
import type { SuspensionReason } from './events.js';
import type { FollowedSession } from './followed.js';
import type { Roll } from './roll.js';
import { type Gone, unseenSleep } from './verdict.js';

/** Most sessions in the sample that tells whether all may be gone. */
const sampleSize = 40;

/** What is done about missing sessions. */
export interface Room {
  ask(session: FollowedSession, what: 'exists'): void;
  /** The verdict on a session that is gone. */
  sentence(session: FollowedSession, gone: Gone): void;
  /** All that was to be told first is told: a session goes on. */
  resume(session: FollowedSession): void;
}

/**
 * Sessions that a reply says are gone, and what to make of it. One that ought to live may be gone alone, or with all others in
 * a restart or an `SH_END_ALL`: nothing is said until others were asked about.
 */
export class Missing {
  /** When it was known that they are gone. */
  readonly #gone = new Map<FollowedSession, number>();
  /** The same, of those that nobody follows any more: who does again is told. */
  readonly #untold = new WeakMap<FollowedSession, number>();
  #census: Census | undefined;

  constructor(
    private readonly roll: Roll,
    private readonly room: Room,
  ) {}

  get #connected(): boolean {
    return this.roll.status === 'open';
  }

  /** Whether a session is about to be heard of before anything is said. */
  waitsFor(session: FollowedSession): boolean {
    return this.#census?.waitsFor(session) === true;
  }

  /** A reply says that a session is gone. */
  found(session: FollowedSession, answeredAt: number): void {
    if (this.#census === undefined && this.#connected && !oughtToLive(session, answeredAt)) {
      this.#sentence(session, answeredAt, false);
      return;
    }
    session.fate = 'gone';
    this.#gone.set(session, answeredAt);
    this.#heard(session, false);
    if (this.#census === undefined && this.#connected && this.#gone.has(session)) this.#sample();
  }

  /** As above, of one that nobody follows: who does again is told. */
  foundUnfollowed(session: FollowedSession, answeredAt: number): void {
    if (session.isGone) return;
    this.roll.sleptUnseen(session);
    session.fate = 'gone';
    this.#untold.set(session, answeredAt);
  }

  /** One that nobody follows is there after all: it was loaded from a dataset before anybody was told of its end. */
  foundAgain(session: FollowedSession): void {
    if (this.#untold.delete(session)) session.fate = 'none';
  }

  /** A reply says that a session is there. */
  seen(session: FollowedSession, at: number): void {
    this.#heard(session, oughtToLive(session, at));
  }

  /** A session is of no interest now. That it is gone, if it is, is told to whoever follows it again. */
  forget(session: FollowedSession): void {
    const answeredAt = this.#gone.get(session);
    if (answeredAt !== undefined) this.#untold.set(session, answeredAt);
    this.#gone.delete(session);
    this.#heard(session, false);
  }

  /** Its token is in use again: what is known of its end is final, whatever others are asked. */
  settle(session: FollowedSession): void {
    const answeredAt = this.#gone.get(session) ?? this.#untold.get(session);
    this.#gone.delete(session);
    if (answeredAt !== undefined) this.#sentence(session, answeredAt, false);
  }

  /** A session is followed again whose end was found and not told. */
  recall(session: FollowedSession): void {
    const answeredAt = this.#untold.get(session);
    this.#untold.delete(session);
    if (answeredAt !== undefined) this.found(session, answeredAt);
  }

  /** Gives up asking. Those that are gone stay gone. */
  stop(): void {
    this.#census = undefined;
  }

  /** Asks about all sessions, before anything is said. `reason`: why they are suspended; none: they are not. */
  askAll(reason: SuspensionReason | undefined): void {
    if (!this.#connected || (reason === undefined && this.#census?.scope === 'all')) return;
    const sessions = [...this.roll.followed.values()].filter(({ fate }) => fate === 'none');
    this.#begin(new Census(reason, 'all', sessions), sessions);
  }

  #sample(): void {
    const now = this.roll.now();
    const sessions: FollowedSession[] = [];
    for (const session of this.roll.followed.values()) {
      if (session.fate === 'none' && oughtToLive(session, now)) sessions.push(session);
      if (sessions.length === sampleSize) break;
    }
    this.#begin(new Census(undefined, 'sample', sessions), sessions);
  }

  #begin(census: Census, sessions: readonly FollowedSession[]): void {
    this.#census = census;
    if (census.complete) this.#conclude(census);
    else {
      this.roll.each(sessions, (session) => {
        if (this.#census === census) this.room.ask(session, 'exists');
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
    let mayBeRestart = false;
    for (const [session, answeredAt] of this.#gone) {
      if (!oughtToLive(session, answeredAt)) continue;
      early += 1;
      mayBeRestart ||= session.aliveIn !== this.roll.connection;
    }
    const noneLives = census.survivors === 0;
    if (census.scope === 'sample' && noneLives && early > 1) {
      this.askAll(undefined);
      return;
    }
    const allGone = noneLives && early >= (mayBeRestart ? 1 : 2);
    this.roll.each([...this.#gone.keys()], (session) => {
      const answeredAt = this.#gone.get(session);
      if (answeredAt !== undefined && this.#gone.delete(session)) this.#sentence(session, answeredAt, allGone);
    });
    if (census.reason !== undefined) {
      this.roll.eachFollowed((session) => this.room.resume(session));
    }
  }

  #sentence(session: FollowedSession, answeredAt: number, allGone: boolean): void {
    const { ownEnd, aliveIn } = session;
    const endedBy = ownEnd !== 'none' ? 'unknown' : aliveIn === this.roll.connection ? 'other' : 'other-or-restart';
    this.room.sentence(session, { answeredAt, endedBy, allGone });
  }
}

/** Whether a session can't have expired by `at`. */
function oughtToLive({ life }: FollowedSession, at: number): boolean {
  if (life.is === 'over') return false;
  const { settings, deadline } = life.known;
  return !settings.deleteSession || at < deadline.lo - unseenSleep;
}
