import type { Clock } from '../../../clock.js';
import type { JsonText } from '../../json/wire.js';
import { Turns } from '../../turns.js';
import type { Expiry } from '../expiry.js';
import type { SavedSession } from '../store.js';
import type { SessionToken } from '../tokens.js';
import type { Budget } from './budget.js';
import { DeadlineHeap } from './deadline-heap.js';
import type { MemoryEvents } from './event-log.js';
import { SessionKeys } from './session-keys.js';
import { Shards } from './shards.js';

/** Measured: what a session takes beside its entries. */
export const sessionOverhead = 240;

/** How many sessions a sweep handles before it lets others work. */
const sweepTurn = 2000;

/** About how many keys are handed on at once. */
const batchKeys = 5000;

/**
 * NemesisDB keeps durations as signed 64-bit nanoseconds. A longer one wraps around, and such a session expires at once or
 * at some other time.
 */
function milliseconds(duration: number | bigint): number {
  if (duration < 9_000_000_000) return Number(duration) * 1000;
  return Number(BigInt.asIntN(64, BigInt(duration) * 1_000_000_000n)) / 1_000_000;
}

/** A session that is alive. */
export class Session extends SessionKeys {
  /** When it may expire, in milliseconds of the clock. */
  deadline: number;
  /** The moment at which the sweep looks at it: its deadline, or an earlier one if it was extended. */
  queued = 0;
  ended = false;

  constructor(
    readonly token: SessionToken,
    readonly expiry: Expiry | undefined,
    now: number,
  ) {
    super();
    this.deadline = expiry === undefined ? Number.POSITIVE_INFINITY : now + milliseconds(expiry.duration);
  }

  extend(now: number): void {
    if (this.expiry !== undefined) this.deadline = now + milliseconds(this.expiry.duration);
  }
}

function isSame(a: Expiry, b: Expiry): boolean {
  return (
    a.duration === b.duration &&
    a.deleteSession === b.deleteSession &&
    a.extendOnGet === b.extendOnGet &&
    a.extendOnSetAdd === b.extendOnSetAdd &&
    a.keepValues === b.keepValues
  );
}

function* valuesOf(shards: Iterable<ReadonlyMap<SessionToken, Session>>): Generator<Session[]> {
  for (const shard of shards) yield [...shard.values()];
}

/** All sessions, and when they expire. */
export class MemorySessions {
  readonly #clock: Clock;
  readonly #budget: Budget;
  readonly #events: MemoryEvents;
  readonly #deadlines = new DeadlineHeap<Session>();
  #shards = new Shards<Map<SessionToken, Session>>(() => new Map());
  #count = 0;
  #keyCount = 0;
  /** Approximate bytes of all sessions. */
  #bytes = 0;
  /** Sessions that have ended and are still in the heap. */
  #endedInHeap = 0;
  /** The latest expiry: sessions made alike share one object. */
  #lastExpiry: Expiry | undefined;

  constructor(clock: Clock, budget: Budget, events: MemoryEvents) {
    this.#clock = clock;
    this.#budget = budget;
    this.#events = events;
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
    if (expiry !== undefined && !(this.#lastExpiry && isSame(this.#lastExpiry, expiry))) this.#lastExpiry = expiry;
    const session = new Session(token, expiry && this.#lastExpiry, this.#clock.now());
    this.#shards.of(token).set(token, session);
    this.#count++;
    this.#use(sessionOverhead);
    if (expiry !== undefined) this.#deadlines.push(session, session.deadline);
    return session;
  }

  extend(session: Session, by: string | undefined): void {
    const now = this.#clock.now();
    session.extend(now);
    this.#events.extended(session.token, session.deadline - now, by);
  }

  put(session: Session, key: string, value: JsonText): void {
    const { bytes, count } = session.put(key, value);
    this.#use(bytes);
    this.#keyCount += count;
  }

  remove(session: Session, key: string): void {
    const bytes = session.remove(key);
    if (bytes === undefined) return;
    this.#use(-bytes);
    this.#keyCount--;
  }

  /** Removes a session's keys. Gives how many there were. */
  clear(session: Session): number {
    const { count } = session;
    this.#use(-session.bytes);
    this.#keyCount -= count;
    session.clear();
    return count;
  }

  end(session: Session, by: string | undefined): void {
    this.#drop(session);
    this.#events.ended(session.token, by);
    if (session.expiry === undefined) return;
    // Taking it out of the middle of the heap would need its index there, kept up to date at each step.
    if (++this.#endedInHeap < 1000 || this.#endedInHeap < this.#deadlines.size / 2) return;
    this.#deadlines.keepOnly(({ ended }) => !ended);
    this.#endedInHeap = 0;
  }

  endAll(by: string | undefined): number {
    const count = this.#count;
    void this.#logEnded(this.#shards, by);
    this.#budget.used -= this.#bytes;
    this.#bytes = 0;
    this.#shards = new Shards(() => new Map());
    this.#deadlines.clear();
    this.#endedInHeap = 0;
    this.#count = 0;
    this.#keyCount = 0;
    return count;
  }

  /** In turns: all sessions are gone already, and there may be a million. */
  async #logEnded(shards: Iterable<ReadonlyMap<SessionToken, Session>>, by: string | undefined): Promise<void> {
    const turns = new Turns();
    for (const shard of shards) {
      for (const session of shard.values()) {
        session.ended = true;
        this.#events.ended(session.token, by);
      }
      const turn = turns.next();
      if (turn) await turn;
    }
  }

  /** Expires sessions past their deadline. `true`: it stopped to let others work, and is to be called again. */
  sweep(now: number): boolean {
    for (let handled = 0; handled < sweepTurn; handled++) {
      const session = this.#deadlines.popBefore(now);
      if (session === undefined) return false;
      this.#look(session, now);
    }
    return true;
  }

  /** All sessions, shard by shard, or those of the tokens given. One that ends before its batch is read is left out. */
  *batches(tokens?: readonly SessionToken[]): Generator<SavedSession[]> {
    const groups = tokens ? [tokens.flatMap((token) => this.find(token) ?? [])] : valuesOf(this.#shards);
    let batch: SavedSession[] = [];
    let keys = 0;
    for (const group of groups) {
      for (const session of group) {
        if (session.ended) continue;
        batch.push({ token: session.token, expiry: session.expiry, entries: session.entries() });
        keys += session.count + 1;
        if (keys < batchKeys) continue;
        yield batch;
        batch = [];
        keys = 0;
      }
    }
    if (batch.length > 0) yield batch;
  }

  #look(session: Session, now: number): void {
    const { token, expiry } = session;
    if (session.ended) {
      this.#endedInHeap--;
    } else if (session.deadline >= now) {
      this.#deadlines.push(session, session.deadline);
    } else if (expiry?.deleteSession) {
      this.#events.expired({ token, outcome: 'sessionDeleted' }, expiry.keepValues ? session : undefined);
      this.#drop(session);
    } else {
      session.extend(now);
      const expired = { token, outcome: 'keysCleared', remaining: session.deadline - now } as const;
      this.#events.expired(expired, expiry?.keepValues ? session : undefined);
      this.clear(session);
      // A duration that wraps around can lead back before this sweep, which would then never end.
      this.#deadlines.push(session, Math.max(session.deadline, now));
    }
  }

  #drop(session: Session): void {
    session.ended = true;
    this.#shards.find(session.token)?.delete(session.token);
    this.#count--;
    this.#keyCount -= session.count;
    this.#use(-session.bytes - sessionOverhead);
  }

  #use(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.used += bytes;
  }
}
