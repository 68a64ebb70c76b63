import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { isObject } from './request.js';
import { readExactly, readQuickly, type WireObject, type WireValue } from './wire.js';

/** What a dataset holds; the numbers are those of its `saveDataType`. */
export type DatasetKind = 'keys' | 'sessions';
const kindNumbers = { keys: 0, sessions: 1 } as const;
const complete = 1;

/** A new data file is begun past this many characters. */
const fileLength = 10 * 1024 * 1024;

/** How many characters are handed to the disk at once: one call a key would take a minute for a million. */
const blockLength = 64 * 1024;

const temporary = '.saving-';

/** How each kind of data file begins and ends. */
const frames = { keys: ['{ "keys":{', '}}'], sessions: ['[', ']'] } as const;

/** Thrown where a dataset is absent, unfinished, damaged, or not a dataset. */
export class DatasetError extends Error {}

/** Whether a name stays inside the folder. NemesisDB uses names as paths; those of subfolders are kept working. */
export function isDatasetName(name: string): boolean {
  if (name.length > 200 || name.includes('\0') || isAbsolute(name)) return false;
  return name.split(/[/\\]/).every((part) => part !== '' && !part.startsWith('.') && !part.endsWith(':'));
}

/** Flushes what is in a file, or a folder's list of names, to the disk. */
async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeFlushed(path: string, texts: Iterable<string>): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    for (const text of texts) await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The timestamps saved under a name, the newest first. */
async function timestamps(folder: string): Promise<bigint[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && /^\d{1,19}$/.test(entry.name))
    .map((entry) => BigInt(entry.name))
    .sort((a, b) => (a < b ? 1 : -1));
}

/** Writes data files one after the other, each flushed when it is full. */
class DataWriter {
  readonly #folder: string;
  readonly #kind: DatasetKind;
  #file: FileHandle | undefined;
  #count = 0;
  #length = 0;

  constructor(folder: string, kind: DatasetKind) {
    this.#folder = folder;
    this.#kind = kind;
  }

  /** Writes items that are joined by commas. What is held back until a file is full would be copied by the collector. */
  async write(block: string): Promise<void> {
    if (this.#file === undefined) {
      this.#file = await open(join(this.#folder, String(this.#count++)), 'wx');
      await this.#file.writeFile(frames[this.#kind][0] + block);
    } else {
      await this.#file.writeFile(`,${block}`);
    }
    this.#length += block.length;
    if (this.#length >= fileLength) await this.finish();
  }

  /** Ends the file that is being written, if any. */
  async finish(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    this.#length = 0;
    try {
      await file.writeFile(frames[this.#kind][1]);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

async function writeData(
  folder: string,
  kind: DatasetKind,
  items: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
): Promise<void> {
  const writer = new DataWriter(folder, kind);
  try {
    for await (const batch of items) {
      let block = '';
      for (const item of batch) {
        block = block === '' ? item : `${block},${item}`;
        if (block.length < blockLength) continue;
        await writer.write(block);
        block = '';
      }
      if (block !== '') await writer.write(block);
    }
  } finally {
    await writer.finish();
  }
}

/**
 * Writes a dataset: all of it into a folder that no load looks at, flushed, which then gets its name in one step.
 * Whatever happens in between, what was saved before under the name is still there.
 */
export async function writeDataset(
  root: string,
  name: string,
  kind: DatasetKind,
  items: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
): Promise<void> {
  const start = Date.now();
  const unfinished = join(root, `${temporary}${process.pid}-${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(join(unfinished, 'md'), { recursive: true });
    await mkdir(join(unfinished, 'data'));
    await writeData(join(unfinished, 'data'), kind, items);
    const description = {
      complete: Date.now(),
      name,
      saveDataType: kindNumbers[kind],
      start,
      status: complete,
      version: 2,
    };
    await writeFlushed(join(unfinished, 'md', 'md.json'), [JSON.stringify(description)]);
    for (const part of ['md', 'data', '.']) await flush(join(unfinished, part));
    const folder = join(root, name);
    await mkdir(folder, { recursive: true });
    // Loading takes the highest number: go past what a clock that was ahead has left.
    const [newest = 0n] = await timestamps(folder);
    const now = BigInt(Date.now()) * 1_000_000n;
    await rename(unfinished, join(folder, String(now > newest ? now : newest + 1n)));
    await flush(folder);
    await flush(dirname(folder));
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true }).catch(() => undefined);
    throw cause;
  }
}

function readJson(text: string): WireValue {
  return readQuickly(text) ?? readExactly(text);
}

async function isComplete(folder: string): Promise<boolean> {
  const description = readJson(await readFile(join(folder, 'md', 'md.json'), 'utf8'));
  if (!isObject(description) || typeof description.status !== 'number' || !Object.hasOwn(description, 'saveDataType')) {
    throw new DatasetError('its description is not one');
  }
  return description.status === complete;
}

/** The folder of what was saved last under a name, those aside that were never finished. */
async function newestComplete(folder: string): Promise<string> {
  for (const timestamp of await timestamps(folder)) {
    const dataset = join(folder, String(timestamp));
    if (await isComplete(dataset)) return dataset;
  }
  throw new DatasetError('nothing complete is saved under this name');
}

/** Reads the data files of a dataset, all of them before any of it is used. */
export async function readDataset(root: string, name: string): Promise<WireValue[]> {
  try {
    const folder = join(await newestComplete(join(root, name)), 'data');
    const values: WireValue[] = [];
    for (const file of await readdir(folder)) {
      values.push(readJson(await readFile(join(folder, file), 'utf8')));
      await othersTurn();
    }
    return values;
  } catch (cause) {
    if (cause instanceof DatasetError) throw cause;
    throw new DatasetError('it can not be read', { cause });
  }
}

/** Removes what processes that are gone have left unfinished. */
export async function removeLeftovers(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const owner = new RegExp(`^\\${temporary}(\\d+)-`).exec(name)?.[1];
    if (owner !== undefined && !isRunning(Number(owner))) await rm(join(root, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // what kill throws is one
  }
}

/** A member that has to be an object. */
export function objectIn(object: WireObject, name: string): WireObject {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  if (!isObject(value)) throw new DatasetError(`it has no object "${name}" where one belongs`);
  return value;
}
