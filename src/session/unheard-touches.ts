import type { LossOfTouch } from './life.js';

/** Most sessions that are told apart. */
const mostSessions = 100;

/** When the last reply to a command of a kind was lost. */
interface Losses {
  readonly set: number;
  readonly get: number;
}

const none: Losses = { set: Number.NEGATIVE_INFINITY, get: Number.NEGATIVE_INFINITY };

/**
 * Touches whose replies are lost while nobody follows their sessions. What was executed by the time that somebody does, is allowed for
 * whether it is known or not; but these may be executed later. Kept by token, and no longer than until something written later is
 * answered: a server executes in order, so by then they have been, if ever.
 */
export class UnheardTouches {
  readonly #losses = new Map<bigint, Losses>();
  /** Of all sessions, once there are too many to tell apart. */
  #ofAny = none;
  #last = Number.NEGATIVE_INFINITY;

  /** Whether replies are of no interest. */
  get isEmpty(): boolean {
    return this.#last === Number.NEGATIVE_INFINITY;
  }

  lost(tkn: bigint, command: 'set' | 'get', until: number): void {
    this.#last = until;
    if (this.#losses.has(tkn) || this.#losses.size < mostSessions) {
      this.#losses.set(tkn, { ...(this.#losses.get(tkn) ?? none), [command]: until });
    } else {
      this.#ofAny = { ...this.#ofAny, [command]: until };
    }
  }

  /** Something was answered that was written at `writtenAt`. */
  answered(writtenAt: number): void {
    if (this.isEmpty || writtenAt < this.#last) return;
    this.#losses.clear();
    this.#ofAny = none;
    this.#last = Number.NEGATIVE_INFINITY;
  }

  /** What may yet be executed for a session. */
  of(tkn: bigint): readonly LossOfTouch[] {
    if (this.isEmpty) return [];
    const own = this.#losses.get(tkn) ?? none;
    return (['set', 'get'] as const)
      .map((command) => ({ with: command, until: Math.max(own[command], this.#ofAny[command]) }))
      .filter(({ until }) => until !== Number.NEGATIVE_INFINITY);
  }
}
