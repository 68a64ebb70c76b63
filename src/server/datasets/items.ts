import { valueText } from '../json/value-text.js';
import { isObject, member, type WireObject, type WireValue } from '../json/wire.js';
import type { Entry } from '../store/entry.js';
import { type Expiry, readExpiry } from '../store/expiry.js';
import { Shards } from '../store/memory/shards.js';
import type { SavedSession } from '../store/store.js';
import { tokenOf } from '../store/tokens.js';
import { DatasetError } from './folders.js';

/** What is saved as one, a key or a session: its text, or the pieces of it if it is long. */
export type Item = string | Iterable<string>;

/** A session with more keys than this is written piece by piece, of so many keys each. */
const pieceKeys = 1000;

/** Writes a key and its value. */
export const entryText = ([key, value]: Entry) => `${JSON.stringify(key)}:${value}`;

const noExpiry: Expiry = { duration: 0, deleteSession: false, extendOnGet: false, extendOnSetAdd: false };

/** Writes a session. */
export function sessionItem({ token, expiry = noExpiry, entries }: SavedSession): Item {
  const { deleteSession, duration, extendOnGet, extendOnSetAdd } = expiry;
  const tail =
    `},"sh":{"expiry":{"deleteSession":${deleteSession},"duration":${duration},"extendOnGet":${extendOnGet},` +
    `"extendOnSetAdd":${extendOnSetAdd}},"shared":false,"tkn":${token}}}`;
  if (!Array.isArray(entries) || entries.length > pieceKeys) return pieces(entries, tail);
  return `{"keys":{${entries.map(entryText).join(',')}${tail}`;
}

function* pieces(entries: Iterable<Entry>, tail: string): Generator<string> {
  yield '{"keys":{';
  let texts: string[] = [];
  let isFirst = true;
  for (const entry of entries) {
    if (texts.push(entryText(entry)) < pieceKeys) continue;
    yield (isFirst ? '' : ',') + texts.join(',');
    texts = [];
    isFirst = false;
  }
  yield texts.length === 0 || isFirst ? texts.join(',') : `,${texts.join(',')}`;
  yield tail;
}

function objectIn(object: WireObject, name: string): WireObject {
  const value = member(object, name);
  if (!isObject(value)) throw new DatasetError(`an object "${name}" is missing in it`);
  return value;
}

function entriesOf(keys: WireObject): Entry[] {
  return Object.entries(keys).map(([key, value]) => [key, valueText(value)]);
}

/** Reads what is in a keys file, or a slice of one. */
export function readKeys(file: WireValue): Entry[] {
  if (!isObject(file)) throw new DatasetError('it holds no keys');
  return entriesOf(objectIn(file, 'keys'));
}

/** Reads what is in a sessions file, or a slice of one. */
export function readSessions(file: WireValue): LoadedSession[] {
  if (!Array.isArray(file)) throw new DatasetError('it holds no sessions');
  return file.flatMap((item) => readSession(item) ?? []);
}

/** A session of a dataset. A long one comes in several slices. */
export interface LoadedSession extends SavedSession {
  readonly entries: Entry[];
}

function readSession(item: WireValue): LoadedSession | undefined {
  if (!isObject(item)) throw new DatasetError('a session in it is no object');
  if (!Object.hasOwn(item, 'sh')) return undefined; // NemesisDB writes such, and passes over them
  const settings = objectIn(item, 'sh');
  const expiry = objectIn(settings, 'expiry');
  const token = tokenOf(member(settings, 'tkn'));
  const flags = [settings.shared, expiry.deleteSession, expiry.extendOnGet, expiry.extendOnSetAdd];
  const { duration } = expiry;
  const isDuration =
    typeof duration === 'bigint' ? duration >= 0n : Number.isInteger(duration) && Number(duration) >= 0;
  // 0 is no token: it stands for none.
  if (token === undefined || token === '0' || !isDuration || flags.some((flag) => typeof flag !== 'boolean')) {
    throw new DatasetError('a session in it has no settings');
  }
  return {
    token,
    expiry: readExpiry(expiry),
    entries: Object.hasOwn(item, 'keys') ? entriesOf(objectIn(item, 'keys')) : [],
  };
}

/** Names that were seen. They are spread over many sets, as a large one pauses for long when it grows. */
export class Names {
  readonly #shards = new Shards<Set<string>>(() => new Set());

  /** Adds a name. Gives whether it is new. */
  add(name: string): boolean {
    const names = this.#shards.of(name);
    return names.size < names.add(name).size;
  }
}
