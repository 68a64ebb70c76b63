import { Observable, type Subscriber } from 'rxjs';
import type { SessionEvent, SessionState } from './events.js';
import type { FollowedSession, Follower } from './followed.js';
import { keepAlive } from './keep-alive.js';
import type { SessionCommands } from './port.js';
import { countdown } from './remaining.js';
import type { SessionStreams, Touch } from './session.js';
import { type Life, snapshot } from './state.js';
import type { SessionTracker } from './tracker.js';

/** The streams of one session: each subscription follows it. */
export class FollowingStreams implements SessionStreams {
  #session: FollowedSession;

  constructor(
    private readonly tracker: SessionTracker,
    session: FollowedSession,
  ) {
    this.#session = session;
  }

  get tkn(): bigint {
    return this.#session.tkn;
  }

  get gone(): boolean {
    const { life } = this.#current();
    return life.is === 'over' && life.last.state !== 'closed';
  }

  get events$(): Observable<SessionEvent> {
    return this.#following((subscriber) => new EventFollower(subscriber));
  }

  // Not a pipe of `events$`: an operator and its subscriber would take a quarter of all the heap that a session takes.
  only<Type extends SessionEvent['type']>(type: Type): Observable<Extract<SessionEvent, { type: Type }>> {
    return this.#following((subscriber) => new OneTypeFollower(subscriber, type));
  }

  get state$(): Observable<SessionState> {
    return new Observable((subscriber) => {
      const follower = new StateFollower(subscriber);
      const session = this.#current();
      const leave = this.tracker.follow(session, follower);
      follower.changed(session.life);
      return leave;
    });
  }

  remaining$(period: number): Observable<number> {
    return countdown(this.tracker, () => this.#current(), period);
  }

  keepAlive(commands: SessionCommands): Observable<Touch> {
    return keepAlive(this.tracker, () => this.#current(), commands);
  }

  #following<Value>(follower: (subscriber: Subscriber<Value>) => Follower): Observable<Value> {
    return new Observable((subscriber) => this.tracker.follow(this.#current(), follower(subscriber)));
  }

  /** Where another handle of the same session is followed already, its record is taken over. */
  #current(): FollowedSession {
    this.#session = this.tracker.current(this.#session);
    return this.#session;
  }
}

class EventFollower implements Follower {
  constructor(private readonly subscriber: Subscriber<SessionEvent>) {}

  event(event: SessionEvent): void {
    this.subscriber.next(event);
  }

  changed(): void {}

  ended(): void {
    this.subscriber.complete();
  }
}

class OneTypeFollower<Type extends SessionEvent['type']> implements Follower {
  constructor(
    private readonly subscriber: Subscriber<Extract<SessionEvent, { type: Type }>>,
    private readonly type: Type,
  ) {}

  event(event: SessionEvent): void {
    if (isOf(event, this.type)) this.subscriber.next(event);
  }

  changed(): void {}

  ended(): void {
    this.subscriber.complete();
  }
}

const isOf = <Type extends SessionEvent['type']>(
  event: SessionEvent,
  type: Type,
): event is Extract<SessionEvent, { type: Type }> => event.type === type;

class StateFollower implements Follower {
  #life: Life | undefined;

  constructor(private readonly subscriber: Subscriber<SessionState>) {}

  event(): void {}

  changed(life: Life): void {
    if (this.#life === life) return;
    this.#life = life;
    this.subscriber.next(snapshot(life));
  }

  ended(): void {
    this.subscriber.complete();
  }
}
