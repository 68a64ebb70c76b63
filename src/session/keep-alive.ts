import { EMPTY, Observable, type Subscriber, type Subscription, switchMap } from 'rxjs';
import { ValueError } from '../errors.js';
import type { Planned } from './agenda.js';
import type { SessionEvent } from './events.js';
import type { FollowedSession, Follower } from './followed.js';
import { extendsWith, type Life } from './life.js';
import { type SessionCommands, type SessionSettings, type VitalCallOptions, vital } from './port.js';
import type { Touch } from './session.js';
import type { SessionTracker } from './tracker.js';

/** Touches a session before it can lapse, as long as somebody is subscribed. */
export function keepAlive(
  tracker: SessionTracker,
  session: FollowedSession,
  commands: SessionCommands,
): Observable<Touch> {
  return new Observable((subscriber) => {
    const { life } = session;
    if (life.is !== 'over' && !extendsWith(life.known.settings, 'get') && !extendsWith(life.known.settings, 'set')) {
      subscriber.error(
        new ValueError('keepAlive: nothing extends this session. Create it with extendOnGet or extendOnSetAdd.'),
      );
      return undefined;
    }
    const keeper = new Keeper(tracker, session, commands, subscriber);
    tracker.follow(session, keeper);
    keeper.changed(session.life);
    return () => {
      keeper.stop();
      tracker.leave(session, keeper);
    };
  });
}

/** The jitter of a touch, as a share of the time until it: sessions created together shall not touch together for ever. */
const jitter = 0.1;

/**
 * Not sent again over another connection: what happened to the session in the meantime is to be told first. However much the program
 * sends, it must get through; there is one at a time.
 */
const once: VitalCallOptions = { retry: 'none', [vital]: true };

class Keeper implements Follower, Planned {
  dueAt = Number.POSITIVE_INFINITY;
  queuedAt = Number.POSITIVE_INFINITY;
  #life: Life | undefined;
  #touching: Subscription | undefined;

  constructor(
    private readonly tracker: SessionTracker,
    private readonly session: FollowedSession,
    private readonly commands: SessionCommands,
    private readonly subscriber: Subscriber<Touch>,
  ) {}

  event(_: SessionEvent): void {}

  changed(life: Life): void {
    const before = this.#life;
    if (before === life) return;
    this.#life = life;
    if (life.is === 'over' || life.is === 'suspended') {
      this.stop();
      return;
    }
    const moved = before === undefined || before.is === 'over' || before.known.deadline.lo !== life.known.deadline.lo;
    // While it is suspended nothing is sent: what happened in the meantime is to be told first.
    if (moved || before.is === 'suspended') this.#planTouch(life.known.deadline.lo, life.known.settings.duration);
  }

  ended(): void {
    this.subscriber.complete();
  }

  due(): void {
    const { life } = this.session;
    if (life.is === 'over' || this.#touching !== undefined) return;
    const may = this.tracker.mayTouch(this.session);
    if (may === 'later') {
      this.#tryAgain(life.known.settings);
      return;
    }
    const work$ = may === 'now' ? this.#touch$() : this.#lookAndTouch$();
    this.#touching = work$.subscribe({
      next: () => this.#touched(),
      complete: () => this.#settled(),
      // Whether the session is gone is for the tracker to tell; until it does, it may be saved.
      error: () => this.#settled(),
    });
    if (this.#touching?.closed) this.#touching = undefined;
  }

  /** Withdraws what is under way as well. */
  stop(): void {
    this.#plan(Number.POSITIVE_INFINITY);
    this.#touching?.unsubscribe();
    this.#touching = undefined;
  }

  #touch$(): Observable<unknown> {
    const { life, tkn } = this.session;
    if (life.is === 'over') return EMPTY;
    return extendsWith(life.known.settings, 'get')
      ? this.commands.sh_get(tkn, { keys: [] }, once)
      : this.commands.sh_set(tkn, {}, once);
  }

  /** What the look shows is told by the time that it is answered. Where its deadline moved, a touch is planned for that. */
  #lookAndTouch$(): Observable<unknown> {
    const stillPast = () => this.tracker.mayTouch(this.session) === 'after-a-look';
    const look$ = this.tracker.lookBeforeTouch(this.session, this.commands.sh_info(this.session.tkn, once));
    return look$.pipe(switchMap(() => (stillPast() ? this.#touch$() : EMPTY)));
  }

  #touched(): void {
    const life = this.session.life;
    if (life.is === 'over') return;
    this.subscriber.next({ tkn: this.session.tkn, cycle: life.known.cycle, at: this.tracker.port.clock.now() });
  }

  /** Where the touch failed, nothing has moved the deadline, and the next one is due sooner. */
  #settled(): void {
    this.#touching = undefined;
    const life = this.#life;
    if (life === undefined || life.is === 'over' || life.is === 'suspended') return;
    if (this.dueAt === Number.POSITIVE_INFINITY) this.#tryAgain(life.known.settings);
  }

  #tryAgain({ duration }: SessionSettings): void {
    this.#plan(this.tracker.port.clock.now() + Math.max(50, duration / 30));
  }

  /** A third of the duration after the deadline was set: other traffic that extends it moves this, too. */
  #planTouch(lo: number, duration: number): void {
    const { clock, random } = this.tracker.port;
    const interval = (duration / 3) * (1 - jitter * random());
    const now = clock.now();
    this.#plan(Math.max(now, Math.min(now + interval, lo - duration + interval)));
  }

  /** Plans nothing for somebody who has left, whatever settles afterwards. */
  #plan(at: number): void {
    this.tracker.agenda.plan(this, this.subscriber.closed ? Number.POSITIVE_INFINITY : at);
  }
}
