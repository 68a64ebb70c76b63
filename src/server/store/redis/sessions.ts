import type { Entry } from '../entry.js';
import type { Expiry } from '../expiry.js';
import type { Batches, SavedSession, SessionInfo, Written } from '../store.js';
import type { SessionToken } from '../tokens.js';
import type { Engine } from './engine/engine.js';
import { byShard, type Layout, type Shard } from './layout.js';
import { eachShard, pagesOf } from './scanning.js';
import { endSessions } from './scripts/expiry-scripts.js';
import { run } from './scripts/script.js';
import {
  addToSession,
  clearAndSetSession,
  clearSession,
  containedInSession,
  dumpSession,
  getFromSession,
  infoOfSession,
  keysOfSession,
  removeFromSession,
  setInSession,
  startSession,
} from './scripts/session-scripts.js';
import { readSettings, settingsText } from './settings.js';
import { orFull, pairs } from './top-level.js';

/** How many sessions are read, or ended, at a time. */
const batchLength = 128;

/** How many shards are emptied at the same time. */
const shardsAtOnce = 8;

/** The sessions: each command on one of them is one script. */
export class Sessions {
  readonly #engine: Engine;
  readonly #layout: Layout;
  /** How many events the log of a shard keeps. */
  readonly #logLength: number;

  constructor(engine: Engine, layout: Layout, logLength: number) {
    this.#engine = engine;
    this.#layout = layout;
    this.#logLength = logLength;
  }

  async set(token: SessionToken, entries: readonly Entry[], keepExisting: boolean, by: string): Promise<Written> {
    const { index, session, due, keyCount, log } = this.#layout.ofSession(token);
    const script = keepExisting ? addToSession : setInSession;
    const args = [token, by, ...entries.flat()];
    const written = await orFull(this.#engine.call(index, run(script, [session(token), due, keyCount, log], args)));
    if (written === 'full') return 'full';
    return written === 0 ? 'no session' : 'written';
  }

  async get(token: SessionToken, keys: readonly string[], by: string): Promise<(string | undefined)[] | undefined> {
    const { index, session, due, log } = this.#layout.ofSession(token);
    const values = await this.#engine.call(
      index,
      run(getFromSession, [session(token), due, log], [token, by, ...keys]),
    );
    return Array.isArray(values) ? values.map((value) => value ?? undefined) : undefined;
  }

  async remove(token: SessionToken, keys: readonly string[]): Promise<true | undefined> {
    const { index, session, keyCount } = this.#layout.ofSession(token);
    const removed = await this.#engine.call(index, run(removeFromSession, [session(token), keyCount], keys));
    return removed === 0 ? undefined : true;
  }

  async contains(token: SessionToken, keys: readonly string[]): Promise<readonly string[] | undefined> {
    const { index, session } = this.#layout.ofSession(token);
    return listOrNone(await this.#engine.call(index, run(containedInSession, [session(token)], keys)));
  }

  async count(token: SessionToken): Promise<number | undefined> {
    const { index, session } = this.#layout.ofSession(token);
    // One field is not a key, but holds the settings.
    const fields = Number(await this.#engine.call(index, ['hlen', session(token)]));
    return fields === 0 ? undefined : fields - 1;
  }

  async keys(token: SessionToken): Promise<readonly string[] | undefined> {
    const { index, session } = this.#layout.ofSession(token);
    const keys = listOrNone(await this.#engine.call(index, run(keysOfSession, [session(token)], [])));
    return keys && [...keys].sort();
  }

  async clear(token: SessionToken, entries: readonly Entry[]): Promise<number | 'full' | undefined> {
    const { index, session, keyCount } = this.#layout.ofSession(token);
    const script = entries.length === 0 ? clearSession : clearAndSetSession;
    const removed = await orFull(this.#engine.call(index, run(script, [session(token), keyCount], entries.flat())));
    if (removed === 'full') return 'full';
    return removed === -1 ? undefined : Number(removed);
  }

  async start(
    token: SessionToken,
    expiry: Expiry | undefined,
    entries: readonly Entry[],
  ): Promise<'started' | 'exists' | 'full'> {
    const { index, session, due, keyCount } = this.#layout.ofSession(token);
    const args = [token, settingsText(expiry), ...entries.flat()];
    const started = await orFull(this.#engine.call(index, run(startSession, [session(token), due, keyCount], args)));
    if (started === 'full') return 'full';
    return started === 0 ? 'exists' : 'started';
  }

  async end(token: SessionToken, by: string): Promise<boolean> {
    return (await this.#end(this.#layout.ofSession(token), [token], by)) === 1;
  }

  async info(token: SessionToken): Promise<SessionInfo | undefined> {
    const { index, session, due } = this.#layout.ofSession(token);
    const info = await this.#engine.call(index, run(infoOfSession, [session(token), due], [token]));
    if (!Array.isArray(info)) return undefined;
    const [settings, count, remaining] = info as [string, number, string]; // as the script returns them
    const expiry = readSettings(settings);
    return { keyCount: count, ...(expiry && { expires: { expiry, remaining: Number(remaining) } }) };
  }

  async exist(tokens: readonly SessionToken[]): Promise<readonly SessionToken[]> {
    const exists = new Array<boolean>(tokens.length);
    const look = async ({ due, index }: Shard, items: readonly SessionToken[], places: readonly number[]) => {
      // ZMSCORE answers with a score or null for each member.
      const scores = (await this.#engine.call(index, ['zmscore', due, ...items])) as unknown[];
      for (const [at, place] of places.entries()) exists[place] = scores[at] !== null;
    };
    await Promise.all(
      [...byShard(tokens, this.#layout.ofSession)].map(([shard, { items, places }]) => look(shard, items, places)),
    );
    return tokens.filter((_, place) => exists[place]);
  }

  async endAll(by: string): Promise<number> {
    const waiting = [...this.#layout.shards];
    const counts: number[] = [];
    const work = async () => {
      for (let shard = waiting.pop(); shard; shard = waiting.pop()) counts.push(await this.#endAllOf(shard, by));
    };
    await Promise.all(Array.from({ length: shardsAtOnce }, work));
    return sum(counts);
  }

  async totals(): Promise<{ sessions: number; keys: number }> {
    const { shards } = this.#layout;
    const [sessions, keys] = await Promise.all([
      Promise.all(shards.map(({ due, index }) => this.#engine.call(index, ['zcard', due]))),
      Promise.all(shards.map(({ keyCount, index }) => this.#engine.call(index, ['get', keyCount]))),
    ]);
    return { sessions: sum(sessions), keys: sum(keys) };
  }

  scan(tokens: readonly SessionToken[] | undefined): Batches<SavedSession> {
    if (tokens !== undefined) return this.#dumpAll(tokens);
    return eachShard(this.#layout.shards, (shard) => this.#dumpShard(shard));
  }

  /** At most as many as there are at the beginning: others may make new ones all the time. */
  async #endAllOf(shard: Shard, by: string): Promise<number> {
    const count = Number(await this.#engine.call(shard.index, ['zcard', shard.due]));
    let ended = 0;
    while (ended < count) {
      const tokens = listOrNone(await this.#engine.call(shard.index, ['zrange', shard.due, 0, batchLength - 1])) ?? [];
      if (tokens.length === 0) break;
      ended += await this.#end(shard, tokens, by);
    }
    return ended;
  }

  async #end({ index, due, keyCount, log, session }: Shard, tokens: readonly SessionToken[], by: string) {
    const keys = [due, keyCount, log, ...tokens.map(session)];
    return Number(await this.#engine.call(index, run(endSessions, keys, [this.#logLength, by, ...tokens])));
  }

  async *#dumpAll(tokens: readonly SessionToken[]): AsyncGenerator<readonly SavedSession[]> {
    for (let at = 0; at < tokens.length; at += batchLength) {
      const saved = await Promise.all(tokens.slice(at, at + batchLength).map((token) => this.#dump(token)));
      yield saved.filter((session) => session !== undefined);
    }
  }

  async *#dumpShard({ due, index }: Shard): AsyncGenerator<readonly SavedSession[]> {
    const tokens = pagesOf(
      (cursor) => this.#engine.call(index, ['zscan', due, cursor, 'COUNT', batchLength]),
      (members) => members.filter((_, at) => at % 2 === 0), // members and their scores, one after the other
    );
    for await (const page of tokens) yield* this.#dumpAll(page);
  }

  async #dump(token: SessionToken): Promise<SavedSession | undefined> {
    const { index, session } = this.#layout.ofSession(token);
    const dump = listOrNone(await this.#engine.call(index, run(dumpSession, [session(token)], [])));
    return dump && { token, expiry: readSettings(dump[0] ?? '-'), entries: pairs(dump.slice(1)) };
  }
}

/** The strings that a script returns as a list; it returns 0 if there is no such session. */
const listOrNone = (reply: unknown): readonly string[] | undefined => (Array.isArray(reply) ? reply : undefined);

const sum = (counts: readonly unknown[]) => counts.reduce((total: number, count) => total + Number(count), 0);
