import type { JsonText } from '../../json/wire.js';

/** Counts the memory in use, approximately, and knows its bound. */
export class Budget {
  used = 0;

  constructor(readonly max: number) {}

  /** Whether so many bytes more may be used. Freeing is always allowed. */
  hasRoom(bytes: number): boolean {
    return bytes <= 0 || this.used + bytes <= this.max;
  }
}

/** Measured: what an entry takes beside its characters. */
const entryOverhead = 80;

/**
 * The bytes of a string as the platform keeps it: two a character if any is beyond Latin-1. The test also flattens a string
 * that was joined of pieces, which would keep the whole request that they were cut from.
 */
export const bytesOf = (text: string) => (/[\u0100-\uffff]/.test(text) ? 2 * text.length : text.length);

/** What an entry takes, approximately. */
export const sizeOf = (key: string, value: JsonText) => entryOverhead + bytesOf(key) + bytesOf(value);

/** What writing an entry adds, if the key has had this value. */
export const growthOf = (key: string, value: JsonText, former: JsonText | undefined) =>
  former === undefined ? sizeOf(key, value) : bytesOf(value) - bytesOf(former);
