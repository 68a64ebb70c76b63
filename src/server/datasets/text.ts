import { constants as bufferConstants } from 'node:buffer';
import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import type { Turns } from '../turns.js';

/** Follows no link, and does not wait for the other end of a pipe. Windows has neither flag. */
const safely = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** The longest text there can be. */
const maxFile = bufferConstants.MAX_STRING_LENGTH;

/** How many bytes are decoded in one go. */
const pieceLength = 1024 * 1024;

async function readBytes(path: string, maxLength: number): Promise<Buffer> {
  // Looked at before it is opened, which is enough to make a device do something; and after it, when it can change no more.
  if (!(await lstat(path)).isFile()) throw new Error('what should be a file is none');
  const handle = await open(path, safely);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new Error('what should be a file is none');
    if (found.size > maxLength) throw new Error('a file is too large');
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** Reads a file of UTF-8. Throws for what is no regular file, is longer than `maxLength` bytes, or is no UTF-8. */
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
