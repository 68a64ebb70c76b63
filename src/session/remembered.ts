import type { FollowedSession } from './followed.js';

/**
 * What is known of sessions that nobody follows now, for as long as some handle holds it: all handles of one session share it, so that
 * what one of them saw is not forgotten with it. Nothing is kept once the last of them is gone. Those that are followed are not here, nor
 * those that were over when they were left.
 */
export class Remembered {
  readonly #records = new Map<bigint, WeakRef<FollowedSession>>();
  readonly #collected = new FinalizationRegistry<bigint>((tkn) => {
    if (this.find(tkn) === undefined) this.#records.delete(tkn); // another record may have taken its place
  });

  /** How many it holds, with those that are gone of which it has not heard yet. */
  get size(): number {
    return this.#records.size;
  }

  find(tkn: bigint): FollowedSession | undefined {
    return this.#records.get(tkn)?.deref();
  }

  /** A session that is gone does not take the place of one that began anew under its token. */
  keep(session: FollowedSession): void {
    const other = this.find(session.tkn);
    if (other === session || (session.isGone && other?.isGone === false)) return;
    if (other !== undefined) this.release(other);
    this.#records.set(session.tkn, new WeakRef(session));
    this.#collected.register(session, session.tkn, session);
  }

  /** It is followed from now on. */
  release(session: FollowedSession): void {
    if (this.find(session.tkn) !== session) return;
    this.#records.delete(session.tkn);
    this.#collected.unregister(session);
  }
}
