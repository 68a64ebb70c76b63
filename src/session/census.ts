import type { SuspensionReason } from './events.js';
import type { FollowedSession } from './followed.js';

/**
 * A question to the server about many sessions at once, before anything is said about any of them: after a loss of the connection
 * or of the clock, or because one is gone that ought to live, and a restart or an `SH_END_ALL` may be why.
 */
export class Census {
  #survivors = 0;
  readonly #waiting: Set<FollowedSession>;

  constructor(
    /** Why sessions were suspended; undefined: they were not. */
    readonly reason: SuspensionReason | undefined,
    /** Whether it asks about all, or about some to see whether asking about all is worth it. */
    readonly scope: 'all' | 'sample',
    sessions: Iterable<FollowedSession>,
  ) {
    this.#waiting = new Set(sessions);
  }

  /** Whether every session was heard of. */
  get complete(): boolean {
    return this.#waiting.size === 0;
  }

  /** How many are there that have no reason not to be: an overdue one proves nothing. */
  get survivors(): number {
    return this.#survivors;
  }

  waitsFor(session: FollowedSession): boolean {
    return this.#waiting.has(session);
  }

  /** Takes note of an answer, or of nobody asking any more. */
  heard(session: FollowedSession, survives: boolean): void {
    if (this.#waiting.delete(session) && survives) this.#survivors += 1;
  }
}
