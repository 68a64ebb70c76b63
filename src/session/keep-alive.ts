import { Observable, type Subscriber, type Subscription } from 'rxjs';
import { ValueError } from '../errors.js';
import type { Planned } from './agenda.js';
import type { SessionEvent } from './events.js';
import type { FollowedSession, Follower } from './followed.js';
import type { SessionCommands } from './port.js';
import type { Touch } from './session.js';
import { extendsWith, type Life } from './state.js';
import type { SessionTracker } from './tracker.js';

/** Touches a session before it can lapse, as long as somebody is subscribed. */
export function keepAlive(
  tracker: SessionTracker,
  session: () => FollowedSession,
  commands: SessionCommands,
): Observable<Touch> {
  return new Observable((subscriber) => {
    const followed = session();
    const { life } = followed;
    if (life.is !== 'over' && !extendsWith(life.known.settings, 'get') && !extendsWith(life.known.settings, 'set')) {
      subscriber.error(
        new ValueError('keepAlive: nothing extends this session. Create it with extendOnGet or extendOnSetAdd.'),
      );
      return undefined;
    }
    const keeper = new Keeper(tracker, followed, commands, subscriber);
    tracker.follow(followed, keeper);
    keeper.changed(followed.life);
    return () => {
      keeper.stop();
      tracker.leave(followed, keeper);
    };
  });
}

/** The jitter of a touch, as a share of the time until it: sessions created together shall not touch together for ever. */
const jitter = 0.1;

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
      this.#plan(Number.POSITIVE_INFINITY);
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
    const life = this.#life;
    if (life === undefined || life.is === 'over' || life.is === 'suspended' || this.#touching !== undefined) return;
    const { settings } = life.known;
    const touch$: Observable<unknown> = extendsWith(settings, 'get')
      ? this.commands.sh_get(this.session.tkn, { keys: [] })
      : this.commands.sh_set(this.session.tkn, {});
    this.#touching = touch$.subscribe({
      next: () => this.#touched(),
      complete: () => this.#settled(),
      // Whether the session is gone is for the tracker to tell; until it does, it may be saved.
      error: () => this.#settled(),
    });
    if (this.#touching?.closed) this.#touching = undefined;
  }

  stop(): void {
    this.#plan(Number.POSITIVE_INFINITY);
    this.#touching?.unsubscribe();
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
    if (this.dueAt !== Number.POSITIVE_INFINITY) return;
    const soon = Math.max(50, life.known.settings.duration / 30);
    this.#plan(this.tracker.port.clock.now() + soon);
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
