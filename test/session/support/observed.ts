import { type Observable, Subscription, takeUntil } from 'rxjs';
import type { SessionEvent, SessionState } from '../../../src/session/events.js';
import type { Interval } from '../../../src/session/lease/interval.js';
import type { Session } from '../../../src/session/session.js';
import type { World } from './world.js';

/** What was told of a session, with the truth at that moment beside it. */
export interface Told {
  readonly event: SessionEvent;
  /** The true deadline at that moment, on the client's clock; undefined: there is no such session. */
  readonly deadline: number | undefined;
  /** As above, as if the machine had never slept. */
  readonly unslept: number | undefined;
  /** Until when it lives at the latest by what the client was answered, on its clock. */
  readonly seen: number;
  /** How many things had happened in truth. */
  readonly happened: number;
  /** The time outside of the machine. */
  readonly outside: number;
  /** Counts how often it was followed. */
  readonly follow: number;
}

/** What was seen of a session at one moment, with the truth beside it. */
interface Seen<Value> {
  readonly value: Value;
  readonly deadline: number | undefined;
  readonly now: number;
}

/** A session and all that was told of it: its events, and what further streams said. */
export class Observed {
  readonly told: Told[] = [];
  readonly states: Seen<SessionState>[][] = [];
  readonly countdowns: Seen<number>[] = [];
  /** What was known at any time, while it was followed. */
  readonly glances: (Pick<Told, 'deadline' | 'seen'> & { readonly known: Interval })[] = [];
  /** How many things had happened as each touch of `keepAlive` was sent, and when. */
  readonly touches: { readonly happened: number; readonly outside: number; readonly told: number }[] = [];
  completed = false;
  followedSince: number | undefined;
  #follows = 0;
  #unfollow: (() => void) | undefined;
  #others = new Subscription();

  constructor(
    private readonly world: World,
    readonly session: Session,
  ) {}

  follow(): void {
    if (this.#unfollow !== undefined) return;
    this.followedSince = this.world.clock.outside();
    const { world } = this;
    this.#follows += 1;
    const follow = this.#follows;
    const subscription = this.session.events$.subscribe({
      next: (event) => {
        const deadline = world.localDeadlineOf(this.session.tkn);
        const seen = world.seenDeadlineOf(this.session.tkn);
        const unslept = world.deadlineOf(this.session.tkn);
        const { length: happened } = world.server.events;
        this.told.push({ event, deadline, unslept, seen, happened, outside: world.clock.outside(), follow });
      },
      complete: () => {
        this.completed = true;
      },
    });
    this.#unfollow = () => subscription.unsubscribe();
  }

  unfollow(): void {
    this.#unfollow?.();
    this.#unfollow = undefined;
    this.followedSince = undefined;
  }

  /** Notes what is known now. */
  glance(): void {
    const { world, session } = this;
    if (this.#unfollow === undefined || this.completed) return;
    const deadline = world.localDeadlineOf(session.tkn);
    const seen = world.seenDeadlineOf(session.tkn);
    const note = (state: SessionState) => {
      // Until a sleep is found out, what was known before is out of date.
      if ('deadline' in state && state.state !== 'suspended' && state.state !== 'opening')
        this.glances.push({ known: state.deadline, deadline, seen });
    };
    session.state$.subscribe(note).unsubscribe();
  }

  /** A second handle, by a reply to `SH_INFO`, whose stream is subscribed to as well. */
  attach(): void {
    const handle$ = this.world.attached(this.session.tkn);
    this.#others.add(
      handle$.subscribe({ next: (handle) => this.#others.add(handle.events$.subscribe()), error: () => {} }),
    );
  }

  /** All but `follow` is left. */
  leave(): void {
    this.#others.unsubscribe();
    this.#others = new Subscription();
  }

  keepAlive(until: 'left' | 'event'): void {
    this.#others.add(this.#until(this.session.keepAlive(), until).subscribe({ error: () => {} }));
  }

  /** A touch of `keepAlive` is sent. */
  touched(): void {
    const { length: happened } = this.world.server.events;
    this.touches.push({ happened, outside: this.world.clock.outside(), told: this.told.length });
  }

  countDown(until: 'left' | 'event'): void {
    const left$ = this.#until(this.session.remaining$(700), until);
    this.#others.add(left$.subscribe((value) => this.countdowns.push(this.#seen(value))));
  }

  watchState(until: 'left' | 'event'): void {
    const states: Seen<SessionState>[] = [];
    this.states.push(states);
    this.#others.add(this.#until(this.session.state$, until).subscribe((value) => states.push(this.#seen(value))));
  }

  #seen<Value>(value: Value): Seen<Value> {
    return { value, deadline: this.world.localDeadlineOf(this.session.tkn), now: this.world.clock.now() };
  }

  /** Ends in a callback of another stream of the same session, or when it is left. */
  #until<Value>(stream$: Observable<Value>, until: 'left' | 'event'): Observable<Value> {
    return until === 'left'
      ? stream$
      : stream$.pipe(takeUntil(this.session.expiring$), takeUntil(this.session.extended$));
  }
}
