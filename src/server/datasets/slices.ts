import type { Turns } from '../turns.js';
import { DatasetError, type DatasetKind } from './folders.js';

/** How each kind of data file begins and ends, as NemesisDB writes it. */
export const frames = { keys: ['{ "keys":{', '}}'], sessions: ['[', ']'] } as const;

/** How a session in a file begins, and what follows its keys. */
const sessionHead = '{"keys":{';
const sessionTail = ',"sh":';

/** A part of a data file that is a data file itself. */
export interface Slice {
  readonly text: string;
  /** Whether its one session is the last of the slice before, with further keys. */
  readonly continues: boolean;
}

/** About how many characters a slice has: read in a millisecond or two. */
const sliceLength = 64 * 1024;

/** A session that is longer is cut as well. */
const longItem = 4 * sliceLength;

const [quote, comma, slash, backslash] = [0x22, 0x2c, 0x2f, 0x5c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}

interface List {
  /** The places of commas at which it can be cut. */
  readonly cuts: readonly number[];
  /** The place of the bracket that ends it. */
  readonly end: number;
}

/** Finds where a list of items or members can be cut. `undefined` if it has comments, or does not end. */
async function findCuts(text: string, start: number, turns: Turns): Promise<List | undefined> {
  const cuts: number[] = [];
  let lastCut = start;
  let itemStart = start;
  let depth = 0;
  let nextLook = start + sliceLength;
  /** Cuts before a long item. */
  const endItem = (end: number) => {
    if (end - itemStart > longItem && itemStart > lastCut) cuts.push(itemStart);
  };
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at);
    } else if (code === openBrace || code === openBracket) {
      depth++;
    } else if (code === closeBrace || code === closeBracket) {
      if (depth === 0) {
        endItem(at);
        return { cuts, end: at };
      }
      depth--;
    } else if (code === slash) {
      return undefined;
    } else if (code === comma) {
      if (depth === 0) {
        endItem(at);
        itemStart = at;
        if (at - lastCut >= sliceLength) {
          cuts.push(at);
          lastCut = at;
        }
      }
      if (at < nextLook) continue;
      nextLook = at + sliceLength;
      const rest = turns.next();
      if (rest) await rest;
    }
  }
  return undefined;
}

/** The parts of a list between its cuts. If there are several, an empty one means a comma too many. */
function* partsOf(text: string, start: number, { cuts, end }: List): Generator<[number, number]> {
  let from = start;
  for (const to of [...cuts, end]) {
    if (cuts.length > 0 && text.slice(from, to).trim() === '') throw new DatasetError('a file in it is damaged');
    yield [from, to];
    from = to + 1;
  }
}

/** Cuts the keys of one long session, if it has NemesisDB's form. */
async function* sessionSlices(text: string, turns: Turns): AsyncGenerator<Slice> {
  const keys = text.startsWith(sessionHead) ? await findCuts(text, sessionHead.length, turns) : undefined;
  const tail = keys && text.slice(keys.end + 1);
  if (keys === undefined || !tail?.startsWith(sessionTail) || tail.length > sliceLength) {
    yield { text: `[${text}]`, continues: false };
    return;
  }
  for (const [from, to] of partsOf(text, sessionHead.length, keys)) {
    yield { text: `[${sessionHead}${text.slice(from, to)}}${tail}]`, continues: from > sessionHead.length };
  }
}

/**
 * Cuts a data file into small ones, so that others are served while it is read: the platform's JSON can't stop halfway. A
 * file in another form than NemesisDB's, indented or with comments, stays whole.
 */
export async function* slicesOf(kind: DatasetKind, text: string, turns: Turns): AsyncGenerator<Slice> {
  const [begin, end] = frames[kind];
  const list = text.startsWith(begin) && text.endsWith(end) ? await findCuts(text, begin.length, turns) : undefined;
  if (list?.end !== text.length - end.length) {
    yield { text, continues: false };
    return;
  }
  for (const [from, to] of partsOf(text, begin.length, list)) {
    const part = text.slice(from, to);
    if (kind === 'sessions' && part.length > longItem) yield* sessionSlices(part, turns);
    else yield { text: `${begin}${part}${end}`, continues: false };
  }
}
