import { access, constants, mkdir, open, readdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { ValueError } from '../../errors.js';
import { readExactly } from '../json/read.js';
import { isObject, type WireValue } from '../json/wire.js';
import type { Log } from '../log.js';
import { readRegularFile } from './text.js';

/** What a dataset holds; the numbers are those of its `saveDataType`. */
export type DatasetKind = 'keys' | 'sessions';
export const kindNumbers = { keys: 0, sessions: 1 } as const;

/** The `status` of a dataset that was saved to its end. */
export const complete = 1;

/** The `version` of the form that datasets have. */
export const formVersion = 2;

/** Thrown if a dataset is absent, unfinished, damaged, or not a dataset. */
export class DatasetError extends Error {}

/**
 * How NemesisDB names the folders of a dataset. A dataset saved under such a name inside another's folder would be taken for
 * a part of it.
 */
const ownNames = /^(?:\d+|md|data)$/i;

/** Throws a `ValueError` if a folder does not exist or can't be written to. */
export async function checkFolder(folder: string): Promise<void> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new ValueError(`persist names "${folder}", which is not a folder. Create it first.`, 'persist');
  await access(folder, constants.W_OK).catch((cause) => {
    throw new ValueError(`persist names "${folder}", which can't be written to.`, 'persist', { cause });
  });
}

/** Whether a name stays inside the folder. NemesisDB uses names as paths, so names of subfolders are allowed. */
export function isDatasetName(name: string): boolean {
  if (name.length > 200 || name.includes('\0') || isAbsolute(name)) return false;
  const parts = name.split(/[/\\]/);
  const stays = parts.every((part) => part !== '' && !part.startsWith('.') && !part.endsWith(':'));
  return stays && !parts.slice(1).some((part) => ownNames.test(part));
}

/** Throws if a link leads out of the folder. */
async function checkInside(root: string, path: string): Promise<void> {
  const way = relative(await realpath(root), await realpath(path));
  if (way.split(sep)[0] === '..' || isAbsolute(way)) throw new DatasetError('a link leads out of the folder');
}

/** Flushes what is in a file, or a folder's list of names, to the disk. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the folder of a name, part by part, so that no part is made behind a link that leads out. */
export async function makeFolder(root: string, name: string): Promise<string> {
  let folder = root;
  for (const part of name.split(sep === '/' ? '/' : /[/\\]/)) {
    const parent = folder;
    folder = join(parent, part);
    const isNew = await mkdir(folder).then(
      () => true,
      (cause: NodeJS.ErrnoException) => {
        if (cause.code !== 'EEXIST') throw cause;
        return false;
      },
    );
    await checkInside(root, folder);
    if (isNew) await flush(parent);
  }
  return folder;
}

/** Nanoseconds since 1970 as NemesisDB keeps them, in a signed 64-bit integer. */
const highestTimestamp = 2n ** 63n - 1n;

/** The timestamps in a folder, the newest first. Other names are not NemesisDB's. */
export async function timestamps(folder: string): Promise<{ at: bigint; isFolder: boolean }[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter(({ name }) => /^(?:0|[1-9]\d{0,18})$/.test(name) && BigInt(name) <= highestTimestamp)
    .map((entry) => ({ at: BigInt(entry.name), isFolder: entry.isDirectory() }))
    .sort((a, b) => (a.at < b.at ? 1 : -1));
}

/** A timestamp for what is saved now: higher than all others, as loading takes the highest, even if a clock was ahead. */
export async function nextTimestamp(folder: string): Promise<bigint> {
  const [newest] = await timestamps(folder);
  const now = BigInt(Date.now()) * 1_000_000n;
  if (newest === undefined || now > newest.at) return now;
  if (newest.at === highestTimestamp) throw new DatasetError('no higher timestamp is left under this name');
  return newest.at + 1n;
}

/** No description is longer than some hundred bytes. */
const maxDescription = 64 * 1024;

/** The description of a dataset; `undefined` if it was not written to its end, as by a server that was killed. */
async function readDescription(root: string, folder: string): Promise<WireValue | undefined> {
  let text: string;
  try {
    await checkInside(root, join(folder, 'md'));
    text = await readRegularFile(join(folder, 'md', 'md.json'), maxDescription);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
  try {
    return readExactly(text);
  } catch {
    return undefined;
  }
}

/** A dataset that was saved to its end. */
export interface FoundDataset {
  readonly kind: DatasetKind;
  /** The folder of its data files. */
  readonly data: string;
}

function kindOf(description: WireValue): DatasetKind {
  if (!isObject(description)) throw new DatasetError('its description is not one');
  const { saveDataType, version } = description;
  if (version !== formVersion) throw new DatasetError(`it is not of version ${formVersion}`);
  if (saveDataType === kindNumbers.keys) return 'keys';
  if (saveDataType === kindNumbers.sessions) return 'sessions';
  throw new DatasetError('it says to hold neither keys nor sessions');
}

/** The newest finished save under a name. */
export async function findDataset(root: string, name: string, log: Log): Promise<FoundDataset> {
  for (const { at, isFolder } of await timestamps(join(root, name))) {
    if (!isFolder) continue;
    const folder = join(root, name, String(at));
    const description = await readDescription(root, folder);
    const isComplete = description !== undefined && !(isObject(description) && isUnfinished(description.status));
    if (isComplete) {
      const data = join(folder, 'data');
      await checkInside(root, data);
      return { kind: kindOf(description), data };
    }
    log.warn('What was saved last under the name of a dataset was never finished, and is passed over.');
  }
  throw new DatasetError('nothing complete is saved under this name');
}

function isUnfinished(status: WireValue | undefined): boolean {
  if (typeof status !== 'number') throw new DatasetError('its description has no status');
  return status !== complete;
}
