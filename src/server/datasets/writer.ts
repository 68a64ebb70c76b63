import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { complete, type DatasetKind, flush, formVersion, kindNumbers, makeFolder, nextTimestamp } from './folders.js';
import type { Item } from './items.js';
import { frames } from './slices.js';

/** A new data file is begun past this many characters. */
const fileLength = 10 * 1024 * 1024;

/** How many characters are written at once: a write for each of a million keys would take a minute. */
const blockLength = 64 * 1024;

/** The name of a folder that is being written begins so. */
export const temporary = '.saving-';

async function writeFlushed(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes data files one after the other, each flushed when it is full. */
class DataWriter {
  readonly #folder: string;
  readonly #kind: DatasetKind;
  #file: FileHandle | undefined;
  #count = 0;
  /** Characters in the file so far, those of the block included. */
  #length = 0;
  #block = '';

  constructor(folder: string, kind: DatasetKind) {
    this.#folder = folder;
    this.#kind = kind;
  }

  /** Begins an item. Gives a promise to wait for if a block is written to the disk. */
  begin(text: string): Promise<void> | undefined {
    if (this.#length >= fileLength) return this.finish().then(() => this.begin(text));
    return this.append(this.#length === 0 ? frames[this.#kind][0] + text : `,${text}`);
  }

  /** Writes more of the item that was begun last. */
  append(text: string): Promise<void> | undefined {
    this.#block += text;
    this.#length += text.length;
    return this.#block.length < blockLength ? undefined : this.#writeBlock();
  }

  /** Ends the file that is being written, if any. */
  async finish(): Promise<void> {
    if (this.#length > 0) {
      this.#block += frames[this.#kind][1];
      await this.#writeBlock();
      await this.#file?.sync();
    }
    await this.close();
    this.#length = 0;
  }

  /** Closes the file that is being written, if any, as it is. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #writeBlock(): Promise<void> {
    const block = this.#block;
    this.#block = '';
    this.#file ??= await open(join(this.#folder, String(this.#count++)), 'wx');
    await this.#file.writeFile(block);
  }
}

async function writeData(
  folder: string,
  kind: DatasetKind,
  items: AsyncIterable<readonly Item[]> | Iterable<readonly Item[]>,
): Promise<void> {
  const writer = new DataWriter(folder, kind);
  try {
    for await (const batch of items) {
      for (const item of batch) {
        let isBegun = false;
        for (const piece of typeof item === 'string' ? [item] : item) {
          const written = isBegun ? writer.append(piece) : writer.begin(piece);
          isBegun = true;
          if (written) await written;
        }
      }
    }
    await writer.finish();
  } finally {
    await writer.close();
  }
}

/**
 * Writes a dataset into a folder that no load reads, flushes it, and then gives it its name in one step. Whatever happens in
 * between, what was saved before under the name stays.
 */
export async function writeDataset(
  root: string,
  name: string,
  kind: DatasetKind,
  items: AsyncIterable<readonly Item[]> | Iterable<readonly Item[]>,
): Promise<void> {
  const start = Date.now();
  const unfinished = join(root, temporary + randomBytes(6).toString('hex'));
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
      version: formVersion,
    };
    await writeFlushed(join(unfinished, 'md', 'md.json'), JSON.stringify(description));
    for (const part of ['md', 'data', '.']) await flush(join(unfinished, part));
    const folder = await makeFolder(root, name);
    await rename(unfinished, join(folder, String(await nextTimestamp(folder))));
    await flush(folder);
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true }).catch(() => undefined);
    throw cause;
  }
}
