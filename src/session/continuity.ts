import { deadlineFrom, type Interval, intersect, rateBound } from './deadline.js';
import type { FollowedSession } from './followed.js';
import type { Ongoing } from './life.js';
import type { SessionReport } from './state.js';
import { isExtendable, unseenSleep } from './verdict.js';

/** How many sessions are asked to bear witness: others may have moved the deadline of one. */
const witnesses = 3;

/** By how much a session must be older than the last answer: `SH_INFO` tells a deadline to a second, give or take its way. */
const doubt = 2000;

/**
 * Whether a server on a new connection is the one that was there before. One that was started again has no sessions but those that it loaded
 * from a dataset, and these began anew then: a single one whose deadline was set before the last answer over the old connection proves
 * that nobody has started it, and no other session need be asked about for that. What else may have happened to one of them, an end by another
 * client and a load of it alone, may happen at any time while connected, too.
 */
export class Continuity {
  /** The connection since which it is the same server. */
  #since = 0;
  /** When the last request was written that it answered, before anybody doubted that it is the same. */
  #heardAt = Number.NEGATIVE_INFINITY;
  #doubted = false;

  /** It answered something that was written at `writtenAt`. */
  heard(writtenAt: number): void {
    if (!this.#doubted && writtenAt > this.#heardAt) this.#heardAt = writtenAt;
  }

  connectionLost(): void {
    this.#doubted = true;
  }

  /** Those who could bear witness, if any; those that others can't extend are better. */
  witnesses(sessions: Iterable<FollowedSession>, now: number): readonly FollowedSession[] {
    const better: FollowedSession[] = [];
    const others: FollowedSession[] = [];
    for (const session of sessions) {
      if (better.length === witnesses) break;
      const { life } = session;
      if (life.is === 'over' || !this.#mayTestify(session, life, now)) continue;
      if (!isExtendable(life.known.settings)) better.push(session);
      else if (others.length < witnesses) others.push(session);
    }
    return [...better, ...others].slice(0, witnesses);
  }

  /** `SH_INFO` of a session was answered, before what it says is taken in. `awake` moves a span by what the machine slept. */
  testified(
    { life }: FollowedSession,
    span: Interval,
    report: SessionReport,
    awake: (span: Interval) => Interval,
  ): void {
    if (!this.#doubted || life.is === 'over') return;
    const { deadline, settings } = life.known;
    const { duration } = report.settings;
    if (duration === 0 || duration !== settings.duration) return;
    const seen = deadlineFrom(span, report.remaining);
    const heardAt = awake({ lo: this.#heardAt, hi: this.#heardAt }).lo;
    const ifLoaded = heardAt + duration * (1 - rateBound) - unseenSleep;
    if (seen.hi < ifLoaded && intersect(seen, deadline) !== undefined) this.#doubted = false;
  }

  /** All who were asked have answered: if none of them has borne witness, nobody knows. */
  settle(connection: number): void {
    if (this.#doubted) this.#since = connection;
    this.#doubted = false;
  }

  /** Whether the server may have been started again since a deadline was learned over a connection. */
  isBrokenSince(connection: number): boolean {
    return this.#doubted || connection < this.#since;
  }

  #mayTestify({ fate, knownIn }: FollowedSession, { known }: Ongoing, now: number): boolean {
    if (fate !== 'none' || knownIn < this.#since) return false;
    const { settings, deadline, lost, awakeLo } = known;
    if (settings.duration === 0 || lost !== undefined || awakeLo !== undefined || now >= deadline.lo) return false;
    return deadline.hi + doubt < this.#heardAt + settings.duration * (1 - rateBound);
  }
}
