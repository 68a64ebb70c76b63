import { Status } from '../protocol/status.js';
import { readExpiry } from './commands/sessions.js';
import { DatasetError, isDatasetName, objectIn, readDataset, writeDataset } from './dataset-files.js';
import type { Log } from './log.js';
import { isObject } from './request.js';
import type { Entry, Expiry, SavedSession, Store } from './store.js';
import { type SessionToken, tokenOf } from './tokens.js';
import { valueText } from './value-text.js';
import type { WireObject, WireValue } from './wire.js';

/** What a load did. */
export interface Loaded {
  readonly status: number;
  readonly sessions: number;
  readonly keys: number;
  /** Milliseconds taken. */
  readonly duration: number;
}

type Batches<T> = AsyncIterable<readonly T[]> | Iterable<readonly T[]>;

async function* mapBatches<T>(batches: Batches<T>, write: (item: T) => string): AsyncGenerator<string[]> {
  for await (const batch of batches) yield batch.map(write);
}

const entryText = ([key, value]: Entry) => `${JSON.stringify(key)}:${value}`;

const noExpiry: Expiry = { duration: 0, deleteSession: false, extendOnGet: false, extendOnSetAdd: false };

function sessionText({ token, expiry = noExpiry, entries }: SavedSession): string {
  const { deleteSession, duration, extendOnGet, extendOnSetAdd } = expiry;
  return (
    `{"keys":{${entries.map(entryText).join(',')}},"sh":{"expiry":{"deleteSession":${deleteSession},"duration":${duration},` +
    `"extendOnGet":${extendOnGet},"extendOnSetAdd":${extendOnSetAdd}},"shared":false,"tkn":${token}}}`
  );
}

function readEntries(keys: WireObject): Entry[] {
  return Object.entries(keys).map(([key, value]) => [key, valueText(value)]);
}

function readSession(item: WireValue): SavedSession | undefined {
  if (!isObject(item)) throw new DatasetError('a session in it is no object');
  if (!Object.hasOwn(item, 'sh')) return undefined; // NemesisDB writes such, and passes over them
  const settings = objectIn(item, 'sh');
  const expiry = objectIn(settings, 'expiry');
  const token = tokenOf(settings.tkn);
  const flags = [expiry.deleteSession, expiry.extendOnGet, expiry.extendOnSetAdd];
  const { duration } = expiry;
  const isDuration =
    typeof duration === 'bigint' ? duration >= 0n : Number.isInteger(duration) && Number(duration) >= 0;
  if (token === undefined || !isDuration || flags.some((flag) => typeof flag !== 'boolean')) {
    throw new DatasetError('a session in it has no settings');
  }
  return {
    token,
    expiry: readExpiry(expiry),
    entries: Object.hasOwn(item, 'keys') ? readEntries(objectIn(item, 'keys')) : [],
  };
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
      writeDataset(this.#root, name, 'sessions', mapBatches(this.#store.snapshotSessions(tokens), sessionText)),
    );
  }

  /** Loads top-level keys: those of the dataset are written, others stay. */
  loadKeys(name: string): Promise<Loaded | undefined> {
    return this.#load(name, async (files) => {
      const entries = files.flatMap((file) => {
        // A sessions file has no keys of this kind: nothing is loaded, and that is no error.
        if (Array.isArray(file)) return [];
        if (!isObject(file)) throw new DatasetError('it holds no keys');
        return readEntries(objectIn(file, 'keys'));
      });
      if ((await this.#store.set(undefined, entries, false)) === 'full')
        throw new DatasetError('it does not fit in memory');
      return { status: files.length === 0 ? Status.Loading : Status.LoadComplete, sessions: 0, keys: entries.length };
    });
  }

  /** Loads sessions; one whose token is alive stays as it is. */
  loadSessions(name: string): Promise<Loaded | undefined> {
    return this.#load(name, async (files) => {
      if (files.length === 0) return { status: Status.LoadError, sessions: 0, keys: 0 };
      const saved = files.flatMap((file) => {
        if (!Array.isArray(file)) throw new DatasetError('it holds no sessions');
        return file.flatMap((item) => readSession(item) ?? []);
      });
      const started = await this.#startAll(saved);
      const keys = started.reduce((sum, { entries }) => sum + entries.length, 0);
      return { status: Status.LoadComplete, sessions: started.length, keys };
    });
  }

  /** Loads whatever is saved under a name, of either kind. */
  async loadAny(name: string): Promise<Loaded | undefined> {
    const sessions = await this.loadSessions(name);
    return sessions?.status === Status.LoadError ? this.loadKeys(name) : sessions;
  }

  async #startAll(saved: readonly SavedSession[]): Promise<SavedSession[]> {
    const started: SavedSession[] = [];
    for (const session of saved) {
      const result = await this.#store.start(session.token, session.expiry, session.entries);
      if (result === 'started') started.push(session);
      if (result !== 'full') continue;
      for (const { token } of started) await this.#store.end(token);
      throw new DatasetError('it does not fit in memory');
    }
    return started;
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
        status = Status.SaveError;
      }
      return { status, duration: Math.round(performance.now() - start) };
    });
  }

  #load(
    name: string,
    apply: (files: readonly WireValue[]) => Promise<Omit<Loaded, 'duration'>>,
  ): Promise<Loaded | undefined> {
    return this.#inTurn(async () => {
      const start = performance.now();
      if (!isDatasetName(name)) {
        this.#log.warn('A dataset was not loaded: its name leaves the folder.');
        return undefined;
      }
      let files: WireValue[];
      try {
        files = await readDataset(this.#root, name);
      } catch (cause) {
        this.#log.warn('A dataset was not loaded; nothing was changed.', cause);
        return undefined;
      }
      try {
        return { ...(await apply(files)), duration: Math.round(performance.now() - start) };
      } catch (cause) {
        this.#log.warn('A dataset was not loaded; nothing was changed.', cause);
        return { status: Status.LoadError, sessions: 0, keys: 0, duration: Math.round(performance.now() - start) };
      }
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
