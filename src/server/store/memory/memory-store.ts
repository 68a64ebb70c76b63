import { type Clock, systemClock } from '../../../clock.js';
import type { JsonText } from '../../json/wire.js';
import { Turns } from '../../turns.js';
import { batchesOf } from '../batches.js';
import type { Entry, Place } from '../entry.js';
import type { SessionEvents } from '../events.js';
import type { Expiry } from '../expiry.js';
import type { Batches, Change, SavedSession, SessionInfo, Store, Updated, Written } from '../store.js';
import type { SessionToken } from '../tokens.js';
import { Budget, sizeOf } from './budget.js';
import { defaultBounds, type EventLogBounds, MemoryEvents } from './event-log.js';
import { MemorySessions, sessionOverhead } from './sessions.js';
import { sweepRegularly } from './sweeper.js';
import { TopLevelKeys } from './top-level-keys.js';

/** How a store in memory is set up. */
export interface MemoryStoreOptions {
  /** Approximate bytes that keys and sessions may take. Default: no bound. */
  readonly maxMemory?: number | undefined;
  /** What the log of expired and ended sessions keeps. */
  readonly events?: Partial<EventLogBounds> | undefined;
  /** Where time comes from. Default: the machine. */
  readonly clock?: Clock | undefined;
}

/** Keys and sessions in the memory of this process. Every method but `load` answers at once. */
export class MemoryStore implements Store {
  readonly #clock: Clock;
  readonly #budget: Budget;
  readonly #topLevel: TopLevelKeys;
  readonly #sessions: MemorySessions;
  readonly events: SessionEvents;
  readonly isReady = true;

  constructor({ maxMemory = Number.POSITIVE_INFINITY, events = {}, clock = systemClock }: MemoryStoreOptions = {}) {
    const log = new MemoryEvents(clock, { ...defaultBounds, ...events });
    this.events = log;
    this.#clock = clock;
    this.#budget = new Budget(maxMemory);
    this.#topLevel = new TopLevelKeys(this.#budget);
    this.#sessions = new MemorySessions(clock, this.#budget, log);
  }

  open(): void {}

  close(): void {}

  get memoryUsed(): number {
    return this.#budget.used;
  }

  startExpiry(interval: number, onError: (cause: unknown) => void): () => void {
    return sweepRegularly((now) => this.#sessions.sweep(now), this.#clock, interval, onError);
  }

  set(place: Place, entries: readonly Entry[], keepExisting: boolean, by?: string): Written {
    if (place === undefined) {
      const wanted = keepExisting ? entries.filter(([key]) => this.#topLevel.get(key) === undefined) : entries;
      if (!this.#hasRoom(() => this.#topLevel.growth(wanted))) return 'full';
      for (const [key, value] of inOrder(wanted)) this.#topLevel.put(key, value);
      return 'written';
    }
    const session = this.#sessions.find(place);
    if (session === undefined) return 'no session';
    const wanted = keepExisting ? entries.filter(([key]) => session.get(key) === undefined) : entries;
    if (!this.#hasRoom(() => session.growth(wanted))) return 'full';
    if (session.expiry?.extendOnSetAdd) this.#sessions.extend(session, by);
    for (const [key, value] of wanted) this.#sessions.put(session, key, value);
    return 'written';
  }

  get(place: Place, keys: readonly string[], by?: string): (JsonText | undefined)[] | undefined {
    if (place === undefined) return keys.map((key) => this.#topLevel.get(key));
    const session = this.#sessions.find(place);
    if (session?.expiry?.extendOnGet) this.#sessions.extend(session, by);
    return session && keys.map((key) => session.get(key));
  }

  remove(place: Place, keys: readonly string[]): true | undefined {
    if (place === undefined) {
      for (const key of keys) this.#topLevel.remove(key);
      return true;
    }
    const session = this.#sessions.find(place);
    if (session === undefined) return undefined;
    for (const key of keys) this.#sessions.remove(session, key);
    return true;
  }

  contains(place: Place, keys: readonly string[]): string[] | undefined {
    if (place === undefined) return keys.filter((key) => this.#topLevel.get(key) !== undefined);
    const session = this.#sessions.find(place);
    return session && keys.filter((key) => session.get(key) !== undefined);
  }

  count(token: SessionToken): number | undefined {
    return this.#sessions.find(token)?.count;
  }

  keys(token: SessionToken): string[] | undefined {
    return this.#sessions.find(token)?.keys().sort();
  }

  clear(token: SessionToken, entries: readonly Entry[]): number | 'full' | undefined {
    const session = this.#sessions.find(token);
    if (session === undefined) return undefined;
    // Checked before anything is lost, and as if what goes away took no room.
    if (!this.#hasRoom(() => sizeOfAll(entries))) return 'full';
    const count = this.#sessions.clear(session);
    for (const [key, value] of entries) this.#sessions.put(session, key, value);
    return count;
  }

  update<R>(key: string, change: (value: JsonText) => Change<R>): Updated<R> {
    const former = this.#topLevel.get(key);
    if (former === undefined) return { outcome: 'no key' };
    const { value, result } = change(former);
    if (value !== undefined) {
      if (!this.#hasRoom(() => this.#topLevel.growth([[key, value]]))) return { outcome: 'full' };
      this.#topLevel.put(key, value);
    }
    return { outcome: 'done', result };
  }

  start(token: SessionToken, expiry: Expiry | undefined, entries: readonly Entry[]): 'started' | 'exists' | 'full' {
    if (this.#sessions.find(token) !== undefined) return 'exists';
    if (!this.#hasRoom(() => sessionOverhead + sizeOfAll(entries))) return 'full';
    const session = this.#sessions.start(token, expiry);
    for (const [key, value] of entries) this.#sessions.put(session, key, value);
    return 'started';
  }

  end(token: SessionToken, by?: string): boolean {
    const session = this.#sessions.find(token);
    if (session !== undefined) this.#sessions.end(session, by);
    return session !== undefined;
  }

  info(token: SessionToken): SessionInfo | undefined {
    const session = this.#sessions.find(token);
    if (session === undefined) return undefined;
    const keyCount = session.count;
    if (session.expiry === undefined) return { keyCount };
    return { keyCount, expires: { expiry: session.expiry, remaining: session.deadline - this.#clock.now() } };
  }

  exist(tokens: readonly SessionToken[]): SessionToken[] {
    return tokens.filter((token) => this.#sessions.find(token) !== undefined);
  }

  countTopLevel(): number {
    return this.#topLevel.count;
  }

  topLevelKeys(): Iterable<readonly string[]> {
    return this.#topLevel.keys();
  }

  clearTopLevel(entries: readonly Entry[]): number | 'full' {
    if (!this.#hasRoom(() => sizeOfAll(entries))) return 'full';
    const count = this.#topLevel.clear();
    for (const [key, value] of inOrder(entries)) this.#topLevel.put(key, value);
    return count;
  }

  scan(keys?: readonly string[]): Batches<Entry> {
    if (keys === undefined) return this.#topLevel.entries();
    const found = keys.flatMap((key) => {
      const value = this.#topLevel.get(key);
      return value === undefined ? [] : [[key, value] as const];
    });
    return batchesOf(found);
  }

  scanSessions(tokens?: readonly SessionToken[]): Iterable<readonly SavedSession[]> {
    return this.#sessions.batches(tokens);
  }

  async load(entries: readonly Entry[]): Promise<'loaded' | 'full'> {
    const isBounded = this.#budget.max !== Number.POSITIVE_INFINITY;
    let reserved = 0;
    if (isBounded) {
      await eachBatch(entries, (batch) => {
        reserved += this.#topLevel.growth(batch);
      });
    }
    if (!this.#budget.hasRoom(reserved)) return 'full';
    // Reserved, so that what others write meanwhile does not take it away.
    this.#budget.used += reserved;
    await eachBatch(entries, (batch) => {
      if (isBounded) {
        const part = Math.min(reserved, this.#topLevel.growth(batch));
        this.#budget.used -= part;
        reserved -= part;
      }
      for (const [key, value] of batch) this.#topLevel.put(key, value);
    });
    this.#budget.used -= reserved;
    return 'loaded';
  }

  endAll(by?: string): number {
    return this.#sessions.endAll(by);
  }

  totals(): { sessions: number; keys: number } {
    return { sessions: this.#sessions.count, keys: this.#sessions.keyCount };
  }

  #hasRoom(growth: () => number): boolean {
    return this.#budget.max === Number.POSITIVE_INFINITY || this.#budget.hasRoom(growth());
  }
}

/** NemesisDB makes the keys of one request in the order of their names. */
function inOrder(entries: readonly Entry[]): readonly Entry[] {
  return entries.length === 1 ? entries : [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}

function sizeOfAll(entries: readonly Entry[]): number {
  return entries.reduce((bytes, [key, value]) => bytes + sizeOf(key, value), 0);
}

async function eachBatch(entries: readonly Entry[], work: (batch: readonly Entry[]) => void): Promise<void> {
  const turns = new Turns();
  for (const batch of batchesOf(entries)) {
    work(batch);
    const turn = turns.next();
    if (turn) await turn;
  }
}
