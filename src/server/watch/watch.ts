import type { Gap, LoggedEvent, SessionEvent } from '../store/events.js';
import { EventQueue } from './event-queue.js';
import { eventFrame } from './event-text.js';

/** Where a watch sends its events. */
export interface EventSink {
  /** The connection, as it is named in the events that its commands cause. */
  readonly id: string;
  /** Sends a frame. `false`: too much waits for the client already, and it was not sent. */
  push(frame: string): boolean;
  /** Resolves when nothing waits for the client any more, or it is gone. */
  drained(): Promise<void>;
}

export interface WatchOptions {
  /** Its number on the connection. */
  readonly number: number;
  readonly withValues: boolean;
  /** Whether the events are those of a group: each of them goes to one member, also what that member did itself. */
  readonly isOfGroup: boolean;
}

type State =
  /** Events wait: for the reply to `SH_WATCH`, or until the client has read what was sent. */
  { readonly type: 'holding'; readonly queue: EventQueue } | { readonly type: 'live' } | { readonly type: 'ended' };

/** One watch of a client: pushes events in their order, and a gap for those that the client is too slow for. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #sink: EventSink;
  /** The events that were read from the log: one of them may happen while it is read. */
  readonly #replayed = new Set<string>();
  #state: State = { type: 'holding', queue: new EventQueue() };
  #undo = () => {};

  constructor(options: WatchOptions, sink: EventSink) {
    this.#options = options;
    this.#sink = sink;
  }

  get isEnded(): boolean {
    return this.#state.type === 'ended';
  }

  /** Keeps what ends the flow of events, for when the watch ends. */
  feed(undo: () => void): void {
    if (this.isEnded) undo();
    else this.#undo = undo;
  }

  /** Takes an event as it happens. */
  readonly receive = (event: SessionEvent | Gap): void => {
    const state = this.#state;
    if (state.type === 'ended' || this.#isOwn(event)) return;
    if (state.type === 'holding') state.queue.add(event);
    else if (!this.#push(event)) this.#hold(event);
  };

  /** Sends what the log holds, before the reply to `SH_WATCH`. As fast as the client reads it. */
  async replay(events: readonly (LoggedEvent | Gap)[]): Promise<void> {
    for (const event of events) {
      if (this.#isOwn(event)) continue;
      while (!this.isEnded && !this.#push(event)) await this.#sink.drained();
      if (event.type !== 'gap') this.#replayed.add(event.id);
    }
  }

  /**
   * Sends the events that waited, and those to come: the reply to `SH_WATCH` was sent. Of extensions before `stateAt`, the
   * reply has the result.
   */
  start(stateAt: number): void {
    if (this.#state.type !== 'holding') return;
    this.#state.queue.drop((event) =>
      event.type === 'extended' ? event.at < stateAt : event.type !== 'gap' && this.#replayed.has(event.id),
    );
    this.#replayed.clear();
    this.#flush(this.#state.queue);
  }

  end(): void {
    this.#state = { type: 'ended' };
    this.#undo();
  }

  #isOwn(event: SessionEvent | Gap): boolean {
    return event.type !== 'gap' && event.by === this.#sink.id && !this.#options.isOfGroup;
  }

  #push(event: SessionEvent | Gap): boolean {
    return this.#sink.push(eventFrame(event, this.#options.number, this.#options.withValues));
  }

  #hold(event: SessionEvent | Gap): void {
    const queue = new EventQueue();
    queue.add(event);
    this.#state = { type: 'holding', queue };
    this.#flushLater(queue);
  }

  #flushLater(queue: EventQueue): void {
    void this.#sink.drained().then(() => this.#flush(queue));
  }

  /** Sends the events that wait, as far as the client takes them. */
  #flush(queue: EventQueue): void {
    if (this.isEnded) return;
    for (let event = queue.first(); event; event = queue.first()) {
      if (!this.#push(event)) {
        this.#flushLater(queue);
        return;
      }
      queue.removeFirst();
    }
    this.#state = { type: 'live' };
  }
}
