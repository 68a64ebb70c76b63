import { Status } from '../../protocol/status.js';
import type { Log } from '../log.js';
import type { SavedSession, Store } from '../store/store.js';
import type { SessionToken } from '../store/tokens.js';
import { Turns } from '../turns.js';
import { DatasetError, type DatasetKind, findDataset, isDatasetName } from './folders.js';
import { entryText, type LoadedSession, sessionItem } from './items.js';
import { type DatasetKeys, type DatasetSessions, readAllKeys, readAllSessions } from './reader.js';
import { type Item, writeDataset } from './writer.js';

/** What a load did. */
export interface Loaded {
  readonly status: number;
  readonly sessions: number;
  readonly keys: number;
  /** Milliseconds taken. */
  readonly duration: number;
}

type Outcome = Omit<Loaded, 'duration'>;

const nothingLoaded: Outcome = { status: Status.LoadError, sessions: 0, keys: 0 };

/** A session with more keys than this is loaded little by little. */
const startKeys = 1000;

type Batches<T> = AsyncIterable<readonly T[]> | Iterable<readonly T[]>;

async function* mapBatches<T>(batches: Batches<T>, write: (item: T) => Item): AsyncGenerator<Item[]> {
  for await (const batch of batches) yield batch.map(write);
}

/** Saves and loads what a store holds, in NemesisDB's own files. One after the other. */
export class Datasets {
  readonly #root: string;
  readonly #store: Store;
  readonly #log: Log;
  #last: Promise<unknown> = Promise.resolve();

  constructor(root: string, store: Store, log: Log) {
    this.#root = root;
    this.#store = store;
    this.#log = log;
  }

  /** Resolves when nothing is being saved or loaded any more. */
  async idle(): Promise<void> {
    await this.#last;
  }

  /** Saves the top-level keys. */
  saveKeys(name: string): Promise<{ status: number; duration: number }> {
    return this.#save(name, () =>
      writeDataset(this.#root, name, 'keys', mapBatches(this.#store.snapshotKeys(), entryText)),
    );
  }

  /** Saves sessions: those of the tokens given, or all. */
  saveSessions(name: string, tokens?: readonly SessionToken[]): Promise<{ status: number; duration: number }> {
    return this.#save(name, () =>
      writeDataset(this.#root, name, 'sessions', mapBatches(this.#store.snapshotSessions(tokens), sessionItem)),
    );
  }

  /** Loads top-level keys: those of the dataset are written, others stay. */
  loadKeys(name: string): Promise<Loaded | undefined> {
    return this.#load(name, 'keys');
  }

  /** Loads sessions; one whose token is alive stays as it is. */
  loadSessions(name: string): Promise<Loaded | undefined> {
    return this.#load(name, 'sessions');
  }

  /** Loads whatever is saved under a name, of either kind. */
  loadAny(name: string): Promise<Loaded | undefined> {
    return this.#load(name, undefined);
  }

  async #applyKeys({ entries, files }: DatasetKeys): Promise<Outcome> {
    if ((await this.#store.setAll(entries)) === 'full') throw new DatasetError('it does not fit in memory');
    return { status: files === 0 ? Status.Loading : Status.LoadComplete, sessions: 0, keys: entries.length };
  }

  async #applySessions({ sessions, files }: DatasetSessions): Promise<Outcome> {
    if (files === 0) return nothingLoaded;
    const started: SavedSession[] = [];
    let keys = 0;
    const turns = new Turns();
    for (const session of sessions) {
      const result = await this.#start(session, turns);
      if (result === 'started') {
        started.push(session);
        keys += session.entries.length;
      }
      if (result !== 'full') continue;
      for (const { token } of [...started, session]) await this.#store.end(token);
      throw new DatasetError('it does not fit in memory');
    }
    return { status: Status.LoadComplete, sessions: started.length, keys };
  }

  /** Starts a session with its keys, little by little where it has many. */
  async #start({ token, expiry, entries }: LoadedSession, turns: Turns): Promise<'started' | 'exists' | 'full'> {
    const result = await this.#store.start(token, expiry, entries.slice(0, startKeys));
    for (let at = startKeys; result === 'started' && at < entries.length; at += startKeys) {
      // What another client writes to it meanwhile is newer. One that is ended meanwhile gets no more.
      if ((await this.#store.set(token, entries.slice(at, at + startKeys), true)) === 'full') return 'full';
      const rest = turns.next();
      if (rest) await rest;
    }
    const rest = turns.next();
    if (rest) await rest;
    return result;
  }

  #save(name: string, write: () => Promise<void>): Promise<{ status: number; duration: number }> {
    return this.#inTurn(async () => {
      const start = performance.now();
      let status: number = Status.SaveComplete;
      if (!isDatasetName(name)) {
        this.#log.warn('A dataset was not saved: its name leaves the folder.');
        return { status: Status.SaveDirWriteFail, duration: 0 };
      }
      try {
        await write();
      } catch (cause) {
        this.#log.error('A dataset was not saved.', cause);
        if (cause instanceof DatasetError) return { status: Status.SaveDirWriteFail, duration: 0 };
        status = Status.SaveError;
      }
      return { status, duration: Math.round(performance.now() - start) };
    });
  }

  #load(name: string, wanted: DatasetKind | undefined): Promise<Loaded | undefined> {
    return this.#inTurn(async () => {
      const start = performance.now();
      const after = (outcome: Outcome) => ({ ...outcome, duration: Math.round(performance.now() - start) });
      if (!isDatasetName(name)) {
        this.#log.warn('A dataset was not loaded: its name leaves the folder.');
        return undefined;
      }
      let apply: () => Promise<Outcome>;
      try {
        const found = await findDataset(this.#root, name, this.#log);
        if (wanted !== undefined && found.kind !== wanted) {
          this.#log.warn(`A dataset was not loaded: it holds ${found.kind}, and ${wanted} were asked for.`);
          return after(nothingLoaded);
        }
        // All of it is read before any of it is used.
        if (found.kind === 'keys') {
          const keys = await readAllKeys(found.data);
          apply = () => this.#applyKeys(keys);
        } else {
          const sessions = await readAllSessions(found.data);
          apply = () => this.#applySessions(sessions);
        }
      } catch (cause) {
        this.#log.warn('A dataset was not loaded; nothing was changed.', cause);
        return undefined;
      }
      try {
        return after(await apply());
      } catch (cause) {
        this.#log.warn('A dataset was not loaded; nothing was changed.', cause);
        return after(nothingLoaded);
      }
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
