import type { FollowedSession } from './followed.js';
import { oughtToLive } from './missing.js';

/** Most sessions that are kept in mind. */
const most = 100;

/**
 * Sessions that a reply to a command of this client said are gone, while nobody followed them and nothing else was kept of them.
 * Kept by token until somebody follows, or another reply says that they are there again.
 */
export class UnheardEnds {
  readonly #gone = new Map<bigint, number>();
  /** When the last of those was said to be gone for which there was no room. */
  #forgottenAt = Number.NEGATIVE_INFINITY;

  /** Whether replies that tell that a session is there are of no interest. */
  get isEmpty(): boolean {
    return this.#gone.size === 0;
  }

  gone(tkn: bigint, answeredAt: number): void {
    this.#gone.delete(tkn);
    this.#gone.set(tkn, answeredAt);
    if (this.#gone.size <= most) return;
    for (const [oldest, saidAt] of this.#gone) {
      this.#gone.delete(oldest);
      this.#forgottenAt = saidAt;
      return;
    }
  }

  has(tkn: bigint): boolean {
    return this.#gone.has(tkn);
  }

  /** It is there again. */
  forget(tkn: bigint): void {
    this.#gone.delete(tkn);
  }

  /**
   * A session is followed, and kept in mind by others from now on. `certainly`: it was gone before it could expire. `perhaps`: it may have
   * expired, or it may be one of those for which there was no room; the server is to be asked.
   */
  take(
    session: FollowedSession,
  ): { readonly is: 'certainly'; readonly answeredAt: number } | { readonly is: 'perhaps' | 'not' } {
    const { tkn, life } = session;
    const answeredAt = this.#gone.get(tkn);
    this.#gone.delete(tkn);
    if (answeredAt !== undefined)
      return oughtToLive(session, answeredAt) ? { is: 'certainly', answeredAt } : { is: 'perhaps' };
    const livesSince =
      life.is === 'over' ? Number.POSITIVE_INFINITY : life.known.deadline.lo - life.known.settings.duration;
    return { is: livesSince <= this.#forgottenAt ? 'perhaps' : 'not' };
  }
}
