import { utf8Length } from '../protocol/utf8.js';

/** A request that is cut: what comes before the pieces and after them, and the pieces. */
export interface Cuttable {
  readonly before: string;
  readonly pieces: readonly string[];
  readonly after: string;
}

/** One of the requests into which one is cut, with the pieces from `from` to before `to`. */
export interface CutRequest {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** The requests that carry the pieces, each of at most `limit` bytes; or how long the shortest one is that can't fit. */
export type Cut =
  | { readonly fits: true; readonly requests: readonly CutRequest[] }
  | { readonly fits: false; readonly bytes: number };

/** Cuts a request into as few requests as carry all pieces, in their order, within `limit` UTF-8 bytes each. */
export function cut({ before, pieces, after }: Cuttable, limit: number): Cut {
  const frame = utf8Length(before) + utf8Length(after);
  const requests: CutRequest[] = [];
  let from = 0;
  let bytes = frame;
  const close = (to: number) => {
    if (to > from) requests.push({ text: before + pieces.slice(from, to).join(',') + after, from, to });
    from = to;
    bytes = frame;
  };
  for (const [index, piece] of pieces.entries()) {
    const length = utf8Length(piece);
    if (frame + length > limit) return { fits: false, bytes: frame + length };
    if (index > from && bytes + 1 + length > limit) close(index);
    bytes += index > from ? 1 + length : length;
  }
  close(pieces.length);
  return { fits: true, requests };
}
