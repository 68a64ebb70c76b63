import type { Clock } from '../../../clock.js';
import type { JsonText } from '../../json/value-text.js';
import type { Expiry, SavedSession } from '../store.js';
import type { SessionToken } from '../tokens.js';
import { DeadlineHeap } from './deadline-heap.js';
import { type Budget, Keys } from './keys.js';
import { Shards } from './shards.js';
import { copyOf, Snapshots } from './snapshots.js';

/** Measured: what a session takes beside its entries. */
export const sessionOverhead = 450;

/** How long a sweep may hold others up, in milliseconds, before it lets them work. A request takes a tenth: longer ones are felt. */
const sweepSlice = 0.2;

/**
 * NemesisDB keeps durations as signed 64-bit nanoseconds; what does not fit wraps around, and such a session expires at
 * once or at some other time.
 */
function milliseconds(duration: number | bigint): number {
  if (duration < 9_000_000_000) return Number(duration) * 1000;
  return Number(BigInt.asIntN(64, BigInt(duration) * 1_000_000_000n)) / 1_000_000;
}

/** A session that is alive. */
export class Session extends Keys {
  readonly token: SessionToken;
  readonly expiry: Expiry | undefined;
  /** When it may lapse, in milliseconds of the clock. */
  deadline: number;
  /** The moment it waits for in the heap: its deadline, or an earlier one if it was extended. */
  queued = 0;
  ended = false;

  constructor(token: SessionToken, expiry: Expiry | undefined, now: number, generation: number) {
    super(generation);
    this.token = token;
    this.expiry = expiry;
    this.deadline = expiry === undefined ? Number.POSITIVE_INFINITY : now + milliseconds(expiry.duration);
  }

  extend(now: number): void {
    if (this.expiry !== undefined) this.deadline = now + milliseconds(this.expiry.duration);
  }
}

/** All sessions, and when they lapse. */
export class MemorySessions {
  readonly #clock: Clock;
  readonly #budget: Budget;
  readonly #deadlines = new DeadlineHeap<Session>();
  readonly #snapshots = new Snapshots(
    ({ token, expiry, map }: Session): SavedSession => ({ token, expiry, entries: copyOf(map) }),
    ({ map }) => map.size + 1,
  );
  #shards = new Shards<Map<SessionToken, Session>>(() => new Map());
  #count = 0;
  #keyCount = 0;
  /** Sessions that have ended and still wait in the heap. */
  #endedWaiting = 0;

  constructor(clock: Clock, budget: Budget) {
    this.#clock = clock;
    this.#budget = budget;
  }

  get count(): number {
    return this.#count;
  }

  get keyCount(): number {
    return this.#keyCount;
  }

  find(token: SessionToken): Session | undefined {
    return this.#shards.find(token)?.get(token);
  }

  start(token: SessionToken, expiry: Expiry | undefined): Session {
    const session = new Session(token, expiry, this.#clock.now(), this.#snapshots.generation);
    this.#shards.of(token).set(token, session);
    this.#count++;
    this.#budget.used += sessionOverhead;
    if (expiry !== undefined) this.#deadlines.push(session, session.deadline);
    return session;
  }

  put(session: Session, key: string, value: JsonText): void {
    this.#snapshots.preserve(session);
    const { bytes, count } = session.put(key, value);
    this.#budget.used += bytes;
    this.#keyCount += count;
  }

  remove(session: Session, key: string): void {
    if (!session.map.has(key)) return;
    this.#snapshots.preserve(session);
    this.#budget.used -= session.remove(key);
    this.#keyCount--;
  }

  /** Removes a session's keys; gives how many there were. */
  clear(session: Session): number {
    const count = session.map.size;
    if (count === 0) return 0;
    this.#snapshots.preserve(session);
    this.#budget.used -= session.bytes;
    this.#keyCount -= count;
    session.map = new Map();
    session.bytes = 0;
    return count;
  }

  end(session: Session): void {
    this.#drop(session);
    if (session.expiry === undefined) return;
    // Taking it out of the middle of the heap would need its place there, kept up to date at each step.
    if (++this.#endedWaiting < 1000 || this.#endedWaiting < this.#deadlines.size / 2) return;
    this.#deadlines.keepOnly(({ ended }) => !ended);
    this.#endedWaiting = 0;
  }

  endAll(): number {
    const count = this.#count;
    for (const shard of this.#shards) {
      for (const session of shard.values()) this.#budget.used -= session.bytes + sessionOverhead;
    }
    this.#shards = new Shards(() => new Map());
    this.#deadlines.clear();
    this.#endedWaiting = 0;
    this.#count = 0;
    this.#keyCount = 0;
    return count;
  }

  sweep(now: number): boolean {
    const until = this.#clock.now() + sweepSlice;
    for (let looked = 1; ; looked++) {
      const session = this.#deadlines.popBefore(now);
      if (session === undefined) return false;
      this.#look(session, now);
      if (looked % 16 === 0 && this.#clock.now() > until) return true;
    }
  }

  snapshot(tokens?: readonly SessionToken[]): Iterable<readonly SavedSession[]> {
    if (tokens === undefined) return this.#snapshots.read([...this.#shards].map((shard) => shard.values()));
    return this.#snapshots.read([tokens.flatMap((token) => this.find(token) ?? [])]);
  }

  #look(session: Session, now: number): void {
    if (session.ended) {
      this.#endedWaiting--;
    } else if (session.deadline >= now) {
      this.#deadlines.push(session, session.deadline);
    } else if (session.expiry?.deleteSession) {
      this.#drop(session);
    } else {
      this.clear(session);
      session.extend(now);
      // A duration that wraps around can lead back before this look, which would then never end.
      this.#deadlines.push(session, Math.max(session.deadline, now));
    }
  }

  #drop(session: Session): void {
    this.#snapshots.preserve(session);
    session.ended = true;
    this.#shards.find(session.token)?.delete(session.token);
    this.#count--;
    this.#keyCount -= session.map.size;
    this.#budget.used -= session.bytes + sessionOverhead;
  }
}
