import { constants as bufferConstants } from 'node:buffer';
import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import type { Turns } from '../turns.js';

/** Follows no link, and does not wait for the other end of a pipe. Windows has neither flag. */
const safely = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** The longest string there can be. */
const maxFile = bufferConstants.MAX_STRING_LENGTH;

/** How many bytes are decoded at a time. */
const pieceLength = 1024 * 1024;

async function readBytes(path: string, maxLength: number): Promise<Buffer> {
  // Checked before opening, which makes some devices act, and after opening, when it can no longer be replaced.
  if (!(await lstat(path)).isFile()) throw new Error('a file is not a regular file');
  const handle = await open(path, safely);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new Error('a file is not a regular file');
    if (found.size > maxLength) throw new Error('a file is too large');
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** Reads a file of UTF-8. Throws if it is not a regular file, not UTF-8, or longer than `maxLength` bytes. */
export async function readRegularFile(path: string, maxLength = maxFile, turns?: Turns): Promise<string> {
  const bytes = await readBytes(path, maxLength);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  for (let at = 0; at < bytes.length; at += pieceLength) {
    text += decoder.decode(bytes.subarray(at, at + pieceLength), { stream: true });
    const rest = turns?.next();
    if (rest) await rest;
  }
  return text + decoder.decode();
}
