import type { Subscription } from 'rxjs';
import type { SessionEvent, SessionEvents } from '../store/events.js';
import type { SessionToken } from '../store/tokens.js';

export type EventListener = (event: SessionEvent) => void;

/** Hands the store's events to those who watch a session, or all. It listens to the store while anybody watches. */
export class EventRouter {
  readonly events: SessionEvents;
  readonly #byToken = new Map<SessionToken, readonly EventListener[]>();
  readonly #ofAll = new Set<EventListener>();
  #subscription: Subscription | undefined;

  constructor(events: SessionEvents) {
    this.events = events;
  }

  /** Calls `listener` for the events of these sessions. Returns its undo. */
  watch(tokens: Iterable<SessionToken>, listener: EventListener): () => void {
    const watched = new Set(tokens);
    for (const token of watched) this.#byToken.set(token, [...(this.#byToken.get(token) ?? []), listener]);
    this.#listen();
    return () => {
      for (const token of watched) this.#forget(token, listener);
      this.#listen();
    };
  }

  /** Calls `listener` for each session that expires or is ended. Returns its undo. */
  watchAll(listener: EventListener): () => void {
    this.#ofAll.add(listener);
    this.#listen();
    return () => {
      this.#ofAll.delete(listener);
      this.#listen();
    };
  }

  #forget(token: SessionToken, listener: EventListener): void {
    const left = (this.#byToken.get(token) ?? []).filter((each) => each !== listener);
    if (left.length === 0) this.#byToken.delete(token);
    else this.#byToken.set(token, left);
  }

  #listen(): void {
    if (this.#byToken.size === 0 && this.#ofAll.size === 0) {
      this.#subscription?.unsubscribe();
      this.#subscription = undefined;
    } else {
      this.#subscription ??= this.events.live$.subscribe((event) => this.#route(event));
    }
  }

  #route(event: SessionEvent): void {
    for (const listener of this.#byToken.get(event.token) ?? []) listener(event);
    if (event.type === 'extended') return;
    for (const listener of this.#ofAll) listener(event);
  }
}
