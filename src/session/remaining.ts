import { Observable, type Subscriber } from 'rxjs';
import { ValueError } from '../errors.js';
import type { Agenda, Planned } from './agenda.js';
import type { FollowedSession, Follower } from './followed.js';
import type { Life } from './life.js';
import type { SessionTracker } from './tracker.js';

/** The shortest period, in ms: no timer is finer, and a shorter one would tell many times in one moment. */
const shortest = 1;

/** Counts down the ms that a session has left at the least. */
export function countdown(tracker: SessionTracker, session: FollowedSession, period: number): Observable<number> {
  return new Observable((subscriber) => {
    if (!(period >= shortest && Number.isFinite(period))) {
      subscriber.error(new ValueError('remaining$: period must be a number of milliseconds, 1 or more.', 'period'));
      return undefined;
    }
    const count = new Countdown(tracker, session, period, subscriber);
    tracker.follow(session, count);
    count.changed();
    return () => {
      tracker.agenda.plan(count, Number.POSITIVE_INFINITY);
      tracker.leave(session, count);
    };
  });
}

class Countdown implements Follower, Planned {
  dueAt = Number.POSITIVE_INFINITY;
  queuedAt = Number.POSITIVE_INFINITY;
  readonly #agenda: Agenda;
  /** To when it counts down; undefined: it does not. */
  #until: number | undefined;

  constructor(
    private readonly tracker: SessionTracker,
    private readonly session: FollowedSession,
    private readonly period: number,
    private readonly subscriber: Subscriber<number>,
  ) {
    this.#agenda = tracker.agenda;
  }

  event(): void {}

  /** Goes by what is known now: to who subscribes while things are told, older ones may still come. */
  changed(): void {
    const { life } = this.session;
    // Otherwise it is about to be suspended, and counts on once it is resumed.
    if (life.is !== 'over' && !this.tracker.holds(this.session)) return;
    const until = goalOf(life);
    // All else may change between two beats.
    if (this.#until === until) return;
    this.#until = until;
    this.#tell(this.tracker.port.clock.now());
  }

  ended(): void {
    this.subscriber.complete();
  }

  due(now: number): void {
    if (this.tracker.holds(this.session)) this.#tell(now);
  }

  #tell(now: number): void {
    const until = this.#until;
    // Emitting may end with the subscription gone; what comes after must not make an appointment again.
    if (this.subscriber.closed || until === undefined) {
      this.#agenda.plan(this, Number.POSITIVE_INFINITY);
      return;
    }
    const left = Math.max(0, until - now);
    // Once at 0 it stays there, until the deadline moves. One that never expires has no countdown but its first.
    const goesOn = left > 0 && left < Number.POSITIVE_INFINITY;
    this.#agenda.plan(this, goesOn ? now + Math.min(this.period, left) : Number.POSITIVE_INFINITY);
    this.subscriber.next(left);
  }
}

/** When the countdown comes to its end; undefined: nobody knows for now. */
function goalOf(life: Life): number | undefined {
  if (life.is === 'over' || life.is === 'suspended' || life.known.awakeLo !== undefined) return undefined;
  return life.known.deadline.lo;
}
