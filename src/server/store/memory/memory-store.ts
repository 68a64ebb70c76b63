import type { Clock } from '../../../clock.js';
import type { JsonText } from '../../json/value-text.js';
import { Turns } from '../../turns.js';
import type { Entry, Expiry, Place, SavedSession, SessionInfo, Store, Written } from '../store.js';
import type { SessionToken } from '../tokens.js';
import { type Budget, sizeOf, TopLevelKeys } from './keys.js';
import { MemorySessions, sessionOverhead } from './sessions.js';

/** How many keys `setAll` writes before it looks whether it is others' turn. */
const setAtOnce = 500;

/** Keys and sessions in this process's memory. Every method but `setAll` answers at once. */
export class MemoryStore implements Store {
  readonly #clock: Clock;
  readonly #budget: Budget;
  readonly #topLevel: TopLevelKeys;
  readonly #sessions: MemorySessions;

  /** `maxMemory`: approximate bytes that entries and sessions may take. */
  constructor(clock: Clock, maxMemory = Number.POSITIVE_INFINITY) {
    this.#clock = clock;
    this.#budget = { used: 0, max: maxMemory };
    this.#topLevel = new TopLevelKeys(this.#budget);
    this.#sessions = new MemorySessions(clock, this.#budget);
  }

  get memoryUsed(): number {
    return this.#budget.used;
  }

  set(place: Place, entries: readonly Entry[], keepExisting: boolean): Written {
    if (place === undefined) {
      const wanted = keepExisting ? entries.filter(([key]) => !this.#topLevel.has(key)) : entries;
      if (!this.#hasRoom(() => this.#topLevel.growth(wanted))) return 'full';
      for (const [key, value] of wanted) this.#topLevel.put(key, value);
      return 'written';
    }
    const session = this.#sessions.find(place);
    if (session === undefined) return 'no session';
    const wanted = keepExisting ? entries.filter(([key]) => !session.map.has(key)) : entries;
    if (!this.#hasRoom(() => session.growth(wanted))) return 'full';
    if (session.expiry?.extendOnSetAdd) session.extend(this.#clock.now());
    for (const [key, value] of wanted) this.#sessions.put(session, key, value);
    return 'written';
  }

  get(place: Place, keys: readonly string[]): (JsonText | undefined)[] | undefined {
    if (place === undefined) return keys.map((key) => this.#topLevel.get(key));
    const session = this.#sessions.find(place);
    if (session?.expiry?.extendOnGet) session.extend(this.#clock.now());
    return session && keys.map((key) => session.map.get(key));
  }

  remove(place: Place, keys: readonly string[]): true | undefined {
    const session = place === undefined ? undefined : this.#sessions.find(place);
    if (place !== undefined && session === undefined) return undefined;
    for (const key of keys) {
      if (session) this.#sessions.remove(session, key);
      else this.#topLevel.remove(key);
    }
    return true;
  }

  contains(place: Place, keys: readonly string[]): string[] | undefined {
    if (place === undefined) return keys.filter((key) => this.#topLevel.has(key));
    const session = this.#sessions.find(place);
    return session && keys.filter((key) => session.map.has(key));
  }

  count(place: Place): number | undefined {
    return place === undefined ? this.#topLevel.count : this.#sessions.find(place)?.map.size;
  }

  keys(place: Place): string[] | undefined {
    if (place === undefined) return Array.from(this.#topLevel, ([key]) => key);
    const session = this.#sessions.find(place);
    return session && [...session.map.keys()];
  }

  clear(place: Place, entries: readonly Entry[]): number | 'full' | undefined {
    const session = place === undefined ? undefined : this.#sessions.find(place);
    if (place !== undefined && session === undefined) return undefined;
    // Judged before anything is lost, and as if what goes away took no room.
    if (!this.#hasRoom(() => entries.reduce((bytes, [key, value]) => bytes + sizeOf(key, value), 0))) return 'full';
    const count = session ? this.#sessions.clear(session) : this.#topLevel.clear();
    for (const [key, value] of entries) {
      if (session) this.#sessions.put(session, key, value);
      else this.#topLevel.put(key, value);
    }
    return count;
  }

  async setAll(entries: readonly Entry[]): Promise<'written' | 'full'> {
    const turns = new Turns();
    const isBounded = this.#budget.max !== Number.POSITIVE_INFINITY;
    const slices = Array.from({ length: Math.ceil(entries.length / setAtOnce) }, (_, index) => index * setAtOnce);
    const inTurns = async (work: (slice: readonly Entry[]) => void) => {
      for (const at of slices) {
        work(entries.slice(at, at + setAtOnce));
        const rest = turns.next();
        if (rest) await rest;
      }
    };
    let bytes = 0;
    if (isBounded) {
      await inTurns((slice) => {
        bytes += this.#topLevel.growth(slice);
      });
    }
    if (!this.#hasRoom(() => bytes)) return 'full';
    // Set aside, so that what others write meanwhile does not take it away.
    this.#budget.used += bytes;
    await inTurns((slice) => {
      if (isBounded) {
        const part = Math.min(bytes, this.#topLevel.growth(slice));
        this.#budget.used -= part;
        bytes -= part;
      }
      for (const [key, value] of slice) this.#topLevel.put(key, value);
    });
    this.#budget.used -= bytes;
    return 'written';
  }

  entries(keys: readonly string[] | undefined): Iterable<Entry> {
    if (keys === undefined) return this.#topLevel;
    return keys.flatMap((key) => {
      const value = this.#topLevel.get(key);
      return value === undefined ? [] : [[key, value] as const];
    });
  }

  alter(key: string, change: (value: JsonText, room?: number) => JsonText | undefined): boolean | 'full' {
    const value = this.#topLevel.get(key);
    if (value === undefined) return false;
    const changed = change(value, Math.max(0, this.#budget.max - this.#budget.used));
    if (changed === undefined || !this.#hasRoom(() => this.#topLevel.growth([[key, changed]]))) return 'full';
    this.#topLevel.put(key, changed);
    return true;
  }

  start(token: SessionToken, expiry: Expiry | undefined, entries: readonly Entry[]): 'started' | 'exists' | 'full' {
    if (this.#sessions.find(token) !== undefined) return 'exists';
    const growth = () => entries.reduce((bytes, [key, value]) => bytes + sizeOf(key, value), sessionOverhead);
    if (!this.#hasRoom(growth)) return 'full';
    const session = this.#sessions.start(token, expiry);
    for (const [key, value] of entries) this.#sessions.put(session, key, value);
    return 'started';
  }

  end(token: SessionToken): boolean {
    const session = this.#sessions.find(token);
    if (session !== undefined) this.#sessions.end(session);
    return session !== undefined;
  }

  endAll(): number {
    return this.#sessions.endAll();
  }

  exist(tokens: readonly SessionToken[]): SessionToken[] {
    return tokens.filter((token) => this.#sessions.find(token) !== undefined);
  }

  info(token: SessionToken): SessionInfo | undefined {
    const session = this.#sessions.find(token);
    if (session === undefined) return undefined;
    const keyCount = session.map.size;
    if (session.expiry === undefined) return { keyCount };
    return { keyCount, expires: { expiry: session.expiry, remaining: session.deadline - this.#clock.now() } };
  }

  totals(): { sessions: number; keys: number } {
    return { sessions: this.#sessions.count, keys: this.#sessions.keyCount };
  }

  sweep(now: number): boolean {
    return this.#sessions.sweep(now);
  }

  snapshotKeys(): Iterable<readonly Entry[]> {
    return this.#topLevel.snapshot();
  }

  snapshotSessions(tokens?: readonly SessionToken[]): Iterable<readonly SavedSession[]> {
    return this.#sessions.snapshot(tokens);
  }

  #hasRoom(growth: () => number): boolean {
    if (this.#budget.max === Number.POSITIVE_INFINITY) return true;
    const bytes = growth();
    return bytes <= 0 || this.#budget.used + bytes <= this.#budget.max;
  }
}
