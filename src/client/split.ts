import { PayloadTooLargeError } from '../errors.js';
import type { AnyRow } from '../protocol/command-row.js';
import type { Items } from '../protocol/parameters.js';
import { exceeds, utf8Length } from '../protocol/utf8.js';

/** One request of a command that was split: its JSON, and the argument as far as this request carries it. */
export interface Part {
  readonly text: string;
  readonly argument: unknown;
}

/**
 * Writes a request with many items. If it exceeds `limit` UTF-8 bytes and the command can be split, it becomes as few
 * requests as carry all items in order and fit. Takes time and memory in proportion to the items. Throws a
 * `PayloadTooLargeError` if one item alone does not fit.
 *
 * @param head The request up to the member that holds the items.
 * @param given The command's argument.
 * @param kept What is kept of it until the reply arrives.
 */
export function writeItems(
  { command, join }: AnyRow,
  head: string,
  parameter: Items<unknown>,
  given: unknown,
  kept: unknown,
  limit: number,
): string | Part[] {
  const [open, close] = parameter.brackets;
  const before = `${head}"${parameter.member}":${open}`;
  const after = `${close}}}`;
  const items = parameter.items(given);
  const text = before + items.join(',') + after;
  if (join === undefined || !exceeds(text, limit)) return text;

  const room = limit - utf8Length(before) - utf8Length(after);
  const tooLong = (length: number) => new PayloadTooLargeError(command, limit - room + length, limit);
  return rangesOf(items, room, tooLong).map(({ from, to }) => ({
    text: before + items.slice(from, to).join(',') + after,
    argument: parameter.slice === undefined ? kept : parameter.slice(given, from, to),
  }));
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
