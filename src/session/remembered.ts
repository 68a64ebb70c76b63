import type { FollowedSession } from './followed.js';

/**
 * What is known of sessions that were followed once and are not now, for as long as some handle holds it: several handles of one
 * session go on from the same. Sessions that were never followed are not here, and cost nothing.
 */
export class Remembered {
  readonly #records = new Map<bigint, WeakRef<FollowedSession>>();
  readonly #collected = new FinalizationRegistry<bigint>((tkn) => {
    if (this.find(tkn) === undefined) this.#records.delete(tkn); // another record may have taken its place
  });

  find(tkn: bigint): FollowedSession | undefined {
    return this.#records.get(tkn)?.deref();
  }

  keep(session: FollowedSession): void {
    if (this.find(session.tkn) === session) return;
    this.#records.set(session.tkn, new WeakRef(session));
    this.#collected.register(session, session.tkn);
  }

  /** A session of this token began anew: it was loaded from a dataset. */
  forget(tkn: bigint): void {
    this.#records.delete(tkn);
  }
}
