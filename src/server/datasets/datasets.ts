import { join } from 'node:path';
import type { Log } from '../log.js';
import { type Batches, type SavedSession, type Store, StoreUnavailable } from '../store/store.js';
import type { SessionToken } from '../store/tokens.js';
import { Turns } from '../turns.js';
import { removeOldSaves } from './cleanup.js';
import { DatasetError, type DatasetKind, findDataset, isDatasetName, timestamps } from './folders.js';
import { entryText, type Item, type LoadedSession, sessionItem } from './items.js';
import { type DatasetKeys, type DatasetSessions, readAllKeys, readAllSessions } from './reader.js';
import { writeDataset } from './writer.js';

/** What became of a load. */
export type Loaded =
  /** Nothing complete and undamaged is saved under the name, or it is of the other kind and refused. Nothing was changed. */
  | { readonly outcome: 'absent' }
  /** It does not fit in memory. Nothing was changed. */
  | { readonly outcome: 'full' }
  | {
      readonly outcome: 'loaded';
      readonly kind: DatasetKind;
      /** Whether the dataset was saved empty. */
      readonly isEmpty: boolean;
      readonly sessions: number;
      readonly keys: number;
      /** Milliseconds taken. */
      readonly duration: number;
    };

/** What became of a save. `refused`: its folder can't be used. `failed`: the disk failed. */
export type Saved =
  | { readonly outcome: 'saved' | 'failed'; readonly duration: number }
  | { readonly outcome: 'refused' };

/** The names under which the option `autosave` saves. */
const autosave = { keys: 'autosave/keys', sessions: 'autosave/sessions' } as const;

/** A session with more keys than this is loaded in parts. */
const startKeys = 1000;

async function* mapBatches<T>(batches: Batches<T>, write: (item: T) => Item): AsyncGenerator<Item[]> {
  for await (const batch of batches) yield batch.map(write);
}

/** Saves and loads what a store holds, in NemesisDB's own files. One save or load at a time. */
export class Datasets {
  readonly #root: string;
  readonly #store: Store;
  readonly #log: Log;
  #last: Promise<unknown> = Promise.resolve();

  readonly #keepSaves: number;

  /** `keepSaves`: how many saves are kept under one name. */
  constructor(root: string, store: Store, log: Log, keepSaves = Number.POSITIVE_INFINITY) {
    this.#root = root;
    this.#store = store;
    this.#log = log;
    this.#keepSaves = keepSaves;
  }

  /** Saves top-level keys and sessions under the names of `autosave`. */
  async saveAll(): Promise<void> {
    await Promise.all([this.saveKeys(autosave.keys), this.saveSessions(autosave.sessions)]);
  }

  /** Loads what `saveAll` saved last, if anything. Gives the first name that can't be loaded. */
  async loadAll(): Promise<string | undefined> {
    for (const name of Object.values(autosave)) {
      if ((await timestamps(join(this.#root, name))).length === 0) continue;
      if ((await this.load(name)).outcome !== 'loaded') return name;
    }
    return undefined;
  }

  /** Resolves when nothing is being saved or loaded any more. */
  async idle(): Promise<void> {
    await this.#last;
  }

  /** Saves the top-level keys. */
  saveKeys(name: string): Promise<Saved> {
    return this.#save(name, () => writeDataset(this.#root, name, 'keys', mapBatches(this.#store.scan(), entryText)));
  }

  /** Saves sessions: those of the tokens given, or all. */
  saveSessions(name: string, tokens?: readonly SessionToken[]): Promise<Saved> {
    return this.#save(name, () =>
      writeDataset(this.#root, name, 'sessions', mapBatches(this.#store.scanSessions(tokens), sessionItem)),
    );
  }

  /**
   * Loads what was saved last under a name. Keys of the dataset are written, others stay; a session whose token is in use
   * stays as it is. If only one kind is wanted, a dataset of the other kind changes nothing.
   */
  load(name: string, wanted?: DatasetKind): Promise<Loaded> {
    return this.#afterOthers(() => this.#load(name, wanted));
  }

  #save(name: string, write: () => Promise<void>): Promise<Saved> {
    return this.#afterOthers(async () => {
      if (!isDatasetName(name)) {
        this.#log.warn('A dataset was not saved: its name leaves the folder.');
        return { outcome: 'refused' };
      }
      const start = performance.now();
      try {
        await write();
        if (this.#keepSaves !== Number.POSITIVE_INFINITY) await removeOldSaves(this.#root, name, this.#keepSaves);
        return { outcome: 'saved', duration: Math.round(performance.now() - start) };
      } catch (cause) {
        this.#log.error('A dataset was not saved.', cause);
        if (cause instanceof DatasetError) return { outcome: 'refused' };
        return { outcome: 'failed', duration: Math.round(performance.now() - start) };
      }
    });
  }

  async #load(name: string, wanted: DatasetKind | undefined): Promise<Loaded> {
    if (!isDatasetName(name)) {
      this.#log.warn('A dataset was not loaded: its name leaves the folder.');
      return { outcome: 'absent' };
    }
    const start = performance.now();
    try {
      const { kind, data } = await findDataset(this.#root, name, this.#log);
      const isWanted = wanted === undefined || wanted === kind;
      if (!isWanted) this.#log.warn(`A dataset was not loaded: it holds ${kind}, and ${wanted} were asked for.`);
      // All of it is read before any of it is used.
      const content = kind === 'keys' ? await readAllKeys(data) : await readAllSessions(data);
      const counts = isWanted ? await this.#apply(content) : { sessions: 0, keys: 0 };
      if (counts === 'full') this.#log.warn('A dataset was not loaded: it does not fit in memory.');
      if (counts === 'full') return { outcome: 'full' };
      const duration = Math.round(performance.now() - start);
      return { outcome: 'loaded', kind, isEmpty: content.files === 0, ...counts, duration };
    } catch (cause) {
      if (cause instanceof StoreUnavailable) throw cause;
      this.#log.warn('A dataset was not loaded; nothing was changed.', cause);
      return { outcome: 'absent' };
    }
  }

  async #apply(content: DatasetKeys | DatasetSessions): Promise<{ sessions: number; keys: number } | 'full'> {
    if ('sessions' in content) return this.#startAll(content.sessions);
    const { entries } = content;
    return (await this.#store.load(entries)) === 'full' ? 'full' : { sessions: 0, keys: entries.length };
  }

  async #startAll(sessions: readonly LoadedSession[]): Promise<{ sessions: number; keys: number } | 'full'> {
    const started: SavedSession[] = [];
    let keys = 0;
    const turns = new Turns();
    for (const session of sessions) {
      const result = await this.#start(session, turns);
      if (result === 'full') {
        for (const { token } of [...started, session]) await this.#store.end(token);
        return 'full';
      }
      if (result === 'exists') continue;
      started.push(session);
      keys += session.entries.length;
    }
    return { sessions: started.length, keys };
  }

  /** Starts a session with its keys, in parts if it has many. */
  async #start({ token, expiry, entries }: LoadedSession, turns: Turns): Promise<'started' | 'exists' | 'full'> {
    const result = await this.#store.start(token, expiry, entries.slice(0, startKeys));
    for (let at = startKeys; result === 'started' && at < entries.length; at += startKeys) {
      // Keys that another client writes meanwhile are newer. A session that is ended meanwhile gets no more.
      if ((await this.#store.set(token, entries.slice(at, at + startKeys), true)) === 'full') return 'full';
      await turns.next();
    }
    await turns.next();
    return result;
  }

  #afterOthers<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
