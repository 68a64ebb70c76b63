import { randomBytes } from 'node:crypto';
import { Observable, Subject } from 'rxjs';
import type { Clock } from '../../../clock.js';
import type { Expired, Gap, LoggedEvent, Membership, SessionEvent, SessionEvents } from '../events.js';
import type { SessionToken } from '../tokens.js';
import { bytesOf } from './budget.js';
import { EventGroup, type Positioned, type PositionedLog } from './event-group.js';
import type { SessionKeys } from './session-keys.js';

/** What the log of `expired` and `ended` keeps at most. Older events make room for newer ones. */
export interface EventLogBounds {
  /** Default 100,000 events. */
  readonly maxEvents: number;
  /** Bytes of all values. Default 64 MiB. */
  readonly maxBytes: number;
  /** Bytes of the values of one event; an event with more has none. Default 1 MiB. */
  readonly maxValues: number;
  /** Milliseconds. Default one hour. */
  readonly maxAge: number;
}

export const defaultBounds: EventLogBounds = {
  maxEvents: 100_000,
  maxBytes: 64 * 2 ** 20,
  maxValues: 2 ** 20,
  maxAge: 3_600_000,
};

interface LogEntry extends Positioned {
  /** Bytes of its values. */
  readonly bytes: number;
}

function valueBytes({ values = [] }: { readonly values?: Expired['values'] }): number {
  return values.reduce((bytes, [key, value]) => bytes + bytesOf(key) + bytesOf(value), 0);
}

/** The events of a store in memory: a bounded log, those who listen, and groups. */
export class MemoryEvents implements SessionEvents, PositionedLog {
  readonly #clock: Clock;
  readonly #bounds: EventLogBounds;
  /** Tells events of this store from those of one that ran before. */
  readonly #prefix = randomBytes(6).toString('hex');
  readonly #live = new Subject<SessionEvent>();
  readonly #groups = new Map<string, EventGroup>();
  #entries: LogEntry[] = [];
  /** How many at the front of the list have fallen out of the log. */
  #dropped = 0;
  #next = 0;
  #bytes = 0;
  #count = 0;
  /** The time of the latest event that fell out of the log. */
  #forgottenAt: number | undefined;
  readonly live$: Observable<SessionEvent> = this.#live.asObservable();

  constructor(clock: Clock, bounds: EventLogBounds) {
    this.#clock = clock;
    this.#bounds = bounds;
  }

  now(): number {
    return this.#clock.wall();
  }

  extended(token: SessionToken, remaining: number, by: string | undefined): void {
    if (!this.#live.observed) return;
    this.#live.next({ type: 'extended', ...this.#stamp(), token, remaining, by });
  }

  ended(token: SessionToken, by: string | undefined): void {
    this.#append({ type: 'ended', ...this.#stamp(), token, by }, 0);
  }

  /** `keys`: what the session holds, if it keeps its values. */
  expired(expired: Pick<Expired, 'token' | 'outcome' | 'remaining'>, keys: SessionKeys | undefined): void {
    const fits = keys !== undefined && keys.bytes <= this.#bounds.maxValues;
    const event: Expired = {
      type: 'expired',
      ...this.#stamp(),
      ...expired,
      ...(fits && { values: [...keys.entries()] }),
    };
    this.#append(event, valueBytes(event));
  }

  since(at: number): Observable<LoggedEvent | Gap> {
    return new Observable((subscriber) => {
      this.#trim();
      if (this.#forgottenAt !== undefined && this.#forgottenAt >= at) {
        subscriber.next({ type: 'gap', until: this.#forgottenAt });
      }
      for (const { event } of this.#entries.slice(this.#dropped)) {
        if (subscriber.closed) return;
        if (event.at >= at) subscriber.next(event);
      }
      subscriber.complete();
    });
  }

  join(membership: Membership): Observable<LoggedEvent | Gap> {
    return new Observable((subscriber) => {
      const name = membership.group;
      const group = this.#groups.get(name) ?? new EventGroup(this, this.#clock, this.#positionOf(membership.since));
      this.#groups.set(name, group);
      return group.join(membership, subscriber);
    });
  }

  acknowledge(group: string, ids: readonly string[]): number {
    return this.#groups.get(group)?.acknowledge(ids) ?? 0;
  }

  read(position: number): Positioned | Gap | undefined {
    const missing = this.oldest - position;
    return missing > 0 ? { type: 'gap', until: this.#forgottenAt ?? 0 } : this.#entries[this.#dropped - missing];
  }

  get oldest(): number {
    return this.#next - (this.#entries.length - this.#dropped);
  }

  #positionOf(since: number | undefined): number {
    if (since === undefined) return this.#next;
    const entry = this.#entries.slice(this.#dropped).find(({ event }) => event.at >= since);
    if (this.#forgottenAt !== undefined && this.#forgottenAt >= since) return this.oldest - 1;
    return entry?.position ?? this.#next;
  }

  #stamp(): { readonly id: string; readonly at: number } {
    return { id: `${this.#prefix}-${this.#count++}`, at: this.#clock.wall() };
  }

  #append(event: LoggedEvent, bytes: number): void {
    this.#entries.push({ position: this.#next++, event, bytes });
    this.#bytes += bytes;
    this.#trim();
    if (this.#live.observed) this.#live.next(event);
    for (const group of this.#groups.values()) group.deliver();
  }

  #trim(): void {
    const { maxEvents, maxBytes, maxAge } = this.#bounds;
    const oldest = this.#clock.wall() - maxAge;
    for (let first = this.#entries[this.#dropped]; first; first = this.#entries[this.#dropped]) {
      const count = this.#entries.length - this.#dropped;
      if (count <= maxEvents && this.#bytes <= maxBytes && first.event.at >= oldest) break;
      this.#bytes -= first.bytes;
      this.#forgottenAt = first.event.at;
      this.#dropped++;
    }
    if (this.#dropped < 1000 || this.#dropped < this.#entries.length / 2) return;
    this.#entries = this.#entries.slice(this.#dropped);
    this.#dropped = 0;
  }
}
