import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readExactly, readQuickly } from '../json/read.js';
import type { WireValue } from '../json/wire.js';
import type { Entry } from '../store/entry.js';
import { Turns } from '../turns.js';
import { DatasetError, type DatasetKind } from './folders.js';
import { type LoadedSession, Names, readKeys, readSessions } from './items.js';
import { slicesOf } from './slices.js';
import { readRegularFile } from './text.js';

/** The keys of a dataset. */
export interface DatasetKeys {
  readonly entries: readonly Entry[];
  /** How many files they were in. */
  readonly files: number;
}

/** The sessions of a dataset. */
export interface DatasetSessions {
  readonly sessions: readonly LoadedSession[];
  /** How many files they were in. */
  readonly files: number;
}

interface FilePart {
  readonly value: WireValue;
  readonly continues: boolean;
}

/** Reads a data file little by little. */
async function* partsOf(path: string, kind: DatasetKind, turns: Turns): AsyncGenerator<FilePart> {
  const text = await readRegularFile(path, undefined, turns);
  for await (const { text: part, continues } of slicesOf(kind, text, turns)) {
    yield { value: readQuickly(part) ?? readExactly(part), continues };
    const rest = turns.next();
    if (rest) await rest;
  }
}

/** Reads all keys of a dataset, from the folder of its data files. */
export async function readAllKeys(folder: string): Promise<DatasetKeys> {
  const entries: Entry[] = [];
  const files = await readdir(folder);
  const turns = new Turns();
  for (const file of files) {
    // The first of two members of one name wins, as everywhere in NemesisDB.
    const names = new Names();
    for await (const { value } of partsOf(join(folder, file), 'keys', turns)) {
      for (const entry of readKeys(value)) if (names.add(entry[0])) entries.push(entry);
    }
  }
  return { entries, files: files.length };
}

function namesOf(entries: readonly Entry[]): Names {
  const names = new Names();
  for (const [key] of entries) names.add(key);
  return names;
}

/** Reads all sessions of a dataset, from the folder of its data files. */
export async function readAllSessions(folder: string): Promise<DatasetSessions> {
  const sessions: LoadedSession[] = [];
  const files = await readdir(folder);
  const turns = new Turns();
  const tokens = new Names();
  /** The keys of the last session, if it continues. */
  let names: Names | undefined;
  for (const file of files) {
    for await (const { value, continues } of partsOf(join(folder, file), 'sessions', turns)) {
      for (const session of readSessions(value)) {
        const last = sessions.at(-1);
        if (continues && last?.token === session.token) {
          names ??= namesOf(last.entries);
          for (const entry of session.entries) if (names.add(entry[0])) last.entries.push(entry);
          continue;
        }
        if (!tokens.add(session.token)) throw new DatasetError('it holds a session twice');
        sessions.push(session);
        names = undefined;
      }
    }
  }
  return { sessions, files: files.length };
}
