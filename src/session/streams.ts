import { Observable, type Subscriber, type Unsubscribable } from 'rxjs';
import type { SessionEvent, SessionState } from './events.js';
import type { FollowedSession, Follower } from './followed.js';
import { keepAlive } from './keep-alive.js';
import { type Life, looksLike, snapshot } from './life.js';
import type { SessionCommands } from './port.js';
import { countdown } from './remaining.js';
import type { SessionStreams, Touch } from './session.js';
import type { SessionTracker } from './tracker.js';

/** The streams of one session: each subscription follows it. */
export class FollowingStreams implements SessionStreams {
  constructor(
    private readonly tracker: SessionTracker,
    private readonly session: FollowedSession,
  ) {}

  get tkn(): bigint {
    return this.session.tkn;
  }

  get gone(): boolean {
    const { life, isGone } = this.session;
    return isGone && !(life.is === 'over' && life.last.state === 'closed');
  }

  get events$(): Observable<SessionEvent> {
    return FollowingStreams.#following(
      this,
      (subscriber, session) => new EventFollower(subscriber, this.tracker, session),
    );
  }

  // Not a pipe of `events$`: an operator and its subscriber would take a quarter of all the heap that a session takes.
  only<Type extends SessionEvent['type']>(type: Type): Observable<Extract<SessionEvent, { type: Type }>> {
    return FollowingStreams.#following(
      this,
      (subscriber, session) => new OneTypeFollower(subscriber, this.tracker, session, type),
    );
  }

  get state$(): Observable<SessionState> {
    return FollowingStreams.#following(
      this,
      (subscriber, session) => new StateFollower(subscriber, this.tracker, session),
    );
  }

  remaining$(period: number): Observable<number> {
    return countdown(this.tracker, this.session, period);
  }

  keepAlive(commands: SessionCommands): Observable<Touch> {
    return keepAlive(this.tracker, this.session, commands);
  }

  // Static, as a private method marks every object that has it: 8 bytes of each of 100,000.
  static #following<Value>(
    { tracker, session }: FollowingStreams,
    makeFollower: (subscriber: Subscriber<Value>, session: FollowedSession) => StreamFollower<Value>,
  ): Observable<Value> {
    return new Observable((subscriber) => {
      const follower = makeFollower(subscriber, session);
      tracker.follow(session, follower);
      follower.changed();
      return follower;
    });
  }
}

/** One subscriber. It is its own undo: a function for that would be one object more, for each of perhaps 100,000 sessions. */
abstract class StreamFollower<Value> implements Follower, Unsubscribable {
  constructor(
    protected readonly subscriber: Subscriber<Value>,
    protected readonly tracker: SessionTracker,
    protected readonly session: FollowedSession,
  ) {}

  abstract event(event: SessionEvent): void;

  changed(): void {}

  ended(): void {
    this.subscriber.complete();
  }

  unsubscribe(): void {
    this.tracker.leave(this.session, this);
  }
}

class EventFollower extends StreamFollower<SessionEvent> {
  event(event: SessionEvent): void {
    this.subscriber.next(event);
  }
}

class OneTypeFollower<Type extends SessionEvent['type']> extends StreamFollower<Extract<SessionEvent, { type: Type }>> {
  constructor(
    subscriber: Subscriber<Extract<SessionEvent, { type: Type }>>,
    tracker: SessionTracker,
    session: FollowedSession,
    private readonly type: Type,
  ) {
    super(subscriber, tracker, session);
  }

  event(event: SessionEvent): void {
    if (isOf(event, this.type)) this.subscriber.next(event);
  }
}

const isOf = <Type extends SessionEvent['type']>(
  event: SessionEvent,
  type: Type,
): event is Extract<SessionEvent, { type: Type }> => event.type === type;

class StateFollower extends StreamFollower<SessionState> {
  #life: Life | undefined;

  event(): void {}

  /** Tells what is known now: to who subscribes while things are told, older ones may still come. */
  override changed(): void {
    const { life } = this.session;
    if (this.#life !== undefined && looksLike(this.#life, life)) return;
    // Otherwise it is about to be suspended: that is told instead.
    if (life.is !== 'over' && !this.tracker.holds(this.session)) return;
    this.#life = life;
    this.subscriber.next(snapshot(life));
  }
}
