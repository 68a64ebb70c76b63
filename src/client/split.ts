import { PayloadTooLargeError } from '../errors.js';
import type { AnyRow } from '../protocol/command-row.js';
import { utf8Length } from '../protocol/utf8.js';

/** One request of a command that was split: its JSON, and the argument as far as this request carries it. */
export interface Part {
  readonly text: string;
  readonly argument: unknown;
}

/**
 * Splits a request that is too long into as few requests as carry all its items in order, each of at most `limit` UTF-8
 * bytes. Takes time and memory in proportion to the request. Throws a `PayloadTooLargeError` if the command can't be
 * split, or one item alone does not fit.
 *
 * @param head The request up to the member that holds the items.
 * @param bytes The length of the whole request, for the error.
 */
export function splitRequest(row: AnyRow, head: string, argument: unknown, bytes: number, limit: number): Part[] {
  const { command, join, parameter } = row;
  const splitting = parameter?.splitting;
  if (join === undefined || splitting === undefined) throw new PayloadTooLargeError(command, bytes, limit);
  const [open, close] = splitting.brackets;
  const before = `${head}"${splitting.member}":${open}`;
  const after = `${close}}}`;
  const items = splitting.write(argument);
  const room = limit - utf8Length(before) - utf8Length(after);
  return rangesOf(items, room, (length) => new PayloadTooLargeError(command, limit - room + length, limit)).map(
    ({ from, to }) => ({
      text: before + items.slice(from, to).join(',') + after,
      argument: splitting.slice === undefined ? argument : splitting.slice(argument, from, to),
    }),
  );
}

/** The items of one request: from `from` to before `to`. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Groups items, so that each group with its commas has at most `room` bytes. */
function rangesOf(items: readonly string[], room: number, tooLong: (length: number) => Error): Range[] {
  const ranges: Range[] = [];
  let from = 0;
  let used = 0;
  for (const [index, item] of items.entries()) {
    const length = utf8Length(item);
    if (length > room) throw tooLong(length);
    if (index > from && used + 1 + length > room) {
      ranges.push({ from, to: index });
      from = index;
      used = length;
    } else used += index > from ? 1 + length : length;
  }
  ranges.push({ from, to: items.length });
  return ranges;
}
