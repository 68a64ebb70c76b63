import { distinctUntilChanged, map, Observable } from 'rxjs';
import type {
  EndedEvent,
  ExpiredEvent,
  ExpiringEvent,
  ExtendedEvent,
  LapsedEvent,
  OverEvent,
  SessionEvent,
  SessionState,
} from '../events.js';
import type { SessionCommands } from '../port.js';
import type { Lease } from '../tracking/lease.js';
import type { Tracker } from '../tracking/tracker.js';
import { keepAlive, type Touch } from './keep-alive.js';
import { remaining } from './remaining.js';

/** The streams of one handle of a session. Each is made once, on first access; each subscription watches the session. */
export class SessionStreams {
  #events$: Observable<SessionEvent> | undefined;
  #extended$: Observable<ExtendedEvent> | undefined;
  #expiring$: Observable<ExpiringEvent> | undefined;
  #expired$: Observable<ExpiredEvent> | undefined;
  #ended$: Observable<EndedEvent> | undefined;
  #over$: Observable<OverEvent> | undefined;
  #lapsed$: Observable<LapsedEvent> | undefined;
  #state$: Observable<SessionState> | undefined;

  constructor(
    private readonly tracker: Tracker,
    /** The lease that was watched last: it keeps what was known then. */
    private lease: Lease,
    private readonly expiringBefore: number | undefined,
  ) {}

  get tkn(): bigint {
    return this.lease.tkn;
  }

  /** Whether the session is known to be gone. */
  get isGone(): boolean {
    return this.lease.final !== undefined;
  }

  get events$(): Observable<SessionEvent> {
    this.#events$ ??= this.#watching('once', (event) => event);
    return this.#events$;
  }

  get extended$(): Observable<ExtendedEvent> {
    this.#extended$ ??= this.#watching('once', (event) => (event.type === 'extended' ? event : undefined));
    return this.#extended$;
  }

  get expiring$(): Observable<ExpiringEvent> {
    this.#expiring$ ??= this.#watching('once', (event) => (event.type === 'expiring' ? event : undefined));
    return this.#expiring$;
  }

  get expired$(): Observable<ExpiredEvent> {
    this.#expired$ ??= this.#watching('replay', (event) => (event.type === 'expired' ? event : undefined));
    return this.#expired$;
  }

  get ended$(): Observable<EndedEvent> {
    this.#ended$ ??= this.#watching('replay', (event) => (event.type === 'ended' ? event : undefined));
    return this.#ended$;
  }

  get over$(): Observable<OverEvent> {
    this.#over$ ??= this.#watching('replay', overEvent);
    return this.#over$;
  }

  get lapsed$(): Observable<LapsedEvent> {
    this.#lapsed$ ??= this.#watching('replay', lapsedEvent);
    return this.#lapsed$;
  }

  get state$(): Observable<SessionState> {
    this.#state$ ??= this.#lease$.pipe(
      map(({ snapshot }) => snapshot),
      distinctUntilChanged(),
    );
    return this.#state$;
  }

  remaining$(period: number): Observable<number> {
    return remaining(this.#lease$, period, this.tracker);
  }

  keepAlive(commands: SessionCommands): Observable<Touch> {
    return keepAlive(this.#lease$, this.tracker, commands);
  }

  /** The lease, at once and each time that its state has changed. Completes when it is over. */
  get #lease$(): Observable<Lease> {
    return new Observable((subscriber) => {
      let lease: Lease | undefined;
      const changed = () => lease !== undefined && subscriber.next(lease);
      const watcher = { event() {}, changed, over: () => subscriber.complete() };
      lease = this.tracker.watch(this.lease, watcher, this.expiringBefore);
      this.lease = lease;
      const watched = lease;
      subscriber.next(watched);
      if (watched.state.is === 'over') subscriber.complete();
      return () => this.tracker.unwatch(watched, watcher);
    });
  }

  /** What `select` makes of the events. `replay`: of the one with which the session ended, also for those who come later. */
  #watching<Value>(replay: 'once' | 'replay', select: (event: SessionEvent) => Value | undefined): Observable<Value> {
    return new Observable((subscriber) => {
      const watcher = {
        event(event: SessionEvent) {
          const value = select(event);
          if (value !== undefined) subscriber.next(value);
        },
        changed() {},
        over: () => subscriber.complete(),
      };
      const lease = this.tracker.watch(this.lease, watcher, this.expiringBefore);
      this.lease = lease;
      // It was over before, or came to be so just now, and was delivered.
      if (lease.state.is === 'over' && !lease.watchers.has(watcher)) {
        if (replay === 'replay' && lease.final !== undefined) watcher.event(lease.final);
        subscriber.complete();
      }
      return () => this.tracker.unwatch(lease, watcher);
    });
  }
}

const overEvent = (event: SessionEvent): OverEvent | undefined =>
  event.type === 'ended' || (event.type === 'expired' && event.outcome === 'sessionDeleted') ? event : undefined;

function lapsedEvent(event: SessionEvent): LapsedEvent | undefined {
  if (event.type === 'expired') return event;
  if (event.type !== 'reset' || !event.candidates.includes('expired')) return undefined;
  // A copy keeps what the prototype adds.
  const copy: object = Object.create(Object.getPrototypeOf(event));
  return Object.assign(copy, event, { certainty: 'possible' as const });
}
