import type { SessionEvent } from './events.js';
import type { FollowedSession } from './followed.js';
import { shownDeadline } from './life.js';
import type { Step } from './state.js';

/**
 * What replies show of a session while it is suspended. A command that waited for the connection may be answered before it is known what
 * became of the session: it is learned at once, and told with the verdict, so that who is told of a suspension hears of nothing until the
 * server was asked.
 */
export class HeldBack {
  readonly #held = new Map<FollowedSession, SessionEvent[]>();

  /** Whether a step leaves the session suspended, and its event waits. That it was suspended, or that something is less known, does not. */
  static isToWait({ life, event }: Step): boolean {
    if (life.is !== 'suspended') return false;
    return event?.type === 'extended' || event?.type === 'expired' || event?.type === 'reset';
  }

  /** Whether there is anything. */
  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  add(session: FollowedSession, event: SessionEvent): void {
    const others = this.#held.get(session);
    if (others === undefined) this.#held.set(session, [event]);
    else others.push(event);
  }

  /** What is to be told now, with the deadline as it is known now. */
  take(session: FollowedSession): readonly SessionEvent[] {
    const held = this.#held.get(session);
    const { life } = session;
    if (held === undefined || life.is === 'over') return [];
    this.#held.delete(session);
    const deadline = shownDeadline(life.known);
    return held.map((event) => ({ ...event, deadline }));
  }

  /** Nobody follows it any more. */
  forget(session: FollowedSession): void {
    this.#held.delete(session);
  }
}
