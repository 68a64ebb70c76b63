import { systemClock } from '../../../src/index.js';
import {
  type Entry,
  type Expiry,
  type JsonText,
  MemoryStore,
  type Place,
  type SessionToken,
  type Written,
} from '../../../src/server/index.js';

/** The key by which others than the client under test touch a session. */
export const keyOfOthers = 'of others';

/** What truly became of a session. */
export interface Fact {
  readonly type: 'touched' | 'touched by others' | 'deleted' | 'cleared' | 'ended';
  readonly at: number;
}

/** A store that writes down what truly happens to its sessions, and when, on the clock that clients go by as well. */
export class TruthfulStore extends MemoryStore {
  readonly #facts = new Map<SessionToken, Fact[]>();

  constructor() {
    super({ clock: systemClock });
    this.events.live$.subscribe((event) => {
      if (event.type === 'expired') this.#note(event.token, event.outcome === 'sessionDeleted' ? 'deleted' : 'cleared');
    });
  }

  /** What happened to a session so far, oldest first. */
  factsOf(tkn: bigint): readonly Fact[] {
    return this.#facts.get(String(tkn)) ?? [];
  }

  override start(token: SessionToken, expiry: Expiry | undefined, entries: readonly Entry[]) {
    this.#facts.set(token, []);
    return super.start(token, expiry, entries);
  }

  override end(token: SessionToken): boolean {
    const ended = super.end(token);
    if (ended) this.#note(token, 'ended');
    return ended;
  }

  override set(place: Place, entries: readonly Entry[], keepExisting: boolean): Written {
    if (place !== undefined) this.#note(place, 'touched');
    return super.set(place, entries, keepExisting);
  }

  override get(place: Place, keys: readonly string[]): (JsonText | undefined)[] | undefined {
    if (place !== undefined) this.#note(place, keys.includes(keyOfOthers) ? 'touched by others' : 'touched');
    return super.get(place, keys);
  }

  #note(token: SessionToken, type: Fact['type']): void {
    this.#facts.get(token)?.push({ type, at: systemClock.now() });
  }
}
