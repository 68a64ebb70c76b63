import { Observable } from 'rxjs';
import type { LapsedEvent, SessionEvent } from '../events.js';
import { isFinal } from '../lease/lease-state.js';
import type { Lease, Watcher } from '../tracking/lease.js';
import type { Tracker } from '../tracking/tracker.js';

/** What a handle's streams are made of. Each subscription watches the session. */
export class SessionStreams {
  constructor(
    readonly tracker: Tracker,
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

  /** The lease, at once and each time that its state has changed. Completes when it is over. */
  readonly lease$ = new Observable<Lease>((subscriber) => {
    let isWatched = false;
    const watcher: Watcher = {
      event() {},
      changed: () => isWatched && subscriber.next(this.lease),
      over: () => subscriber.complete(),
    };
    const unwatch = this.#watch(watcher);
    isWatched = true;
    subscriber.next(this.lease);
    if (this.lease.state.is === 'over') subscriber.complete();
    return unwatch;
  });

  /**
   * What `select` makes of the events. `replay`: of the one with which the session ended, also for those who subscribe
   * later.
   */
  events<Value>(select: (event: SessionEvent) => Value | undefined, replay = false): Observable<Value> {
    return new Observable((subscriber) => {
      const watcher: Watcher = {
        event(event) {
          const value = select(event);
          if (value !== undefined) subscriber.next(value);
        },
        changed() {},
        over: () => subscriber.complete(),
      };
      const unwatch = this.#watch(watcher);
      const { state, final, watchers } = this.lease;
      if (state.is === 'over' && !watchers.has(watcher)) {
        if (replay && final !== undefined) watcher.event(final);
        subscriber.complete();
      }
      return unwatch;
    });
  }

  /** The events of one type. */
  only<Type extends SessionEvent['type']>(
    type: Type,
    replay = false,
  ): Observable<Extract<SessionEvent, { type: Type }>> {
    return this.events((event) => (isOf(event, type) ? event : undefined), replay);
  }

  /** Watches the session; returns what ends that. */
  #watch(watcher: Watcher): () => void {
    const lease = this.tracker.watch(this.lease, watcher, this.expiringBefore);
    this.lease = lease;
    return () => this.tracker.unwatch(lease, watcher);
  }
}

const isOf = <Type extends SessionEvent['type']>(
  event: SessionEvent,
  type: Type,
): event is Extract<SessionEvent, { type: Type }> => event.type === type;

/** An event that shows how a session ended. */
export const overEvent = (event: SessionEvent) => (isFinal(event) ? event : undefined);

/** An event that shows that the keys of a session are gone, or may be. */
export function lapsedEvent(event: SessionEvent): LapsedEvent | undefined {
  if (event.type === 'expired') return event;
  if (event.type !== 'reset' || !event.candidates.includes('expired')) return undefined;
  const copy: object = Object.create(Object.getPrototypeOf(event)); // with toJSON
  return Object.assign(copy, event, { certainty: 'possible' as const });
}
