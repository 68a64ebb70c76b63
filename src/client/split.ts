import { utf8Length } from '../protocol/utf8.js';

/** A request that is cut: what comes before the pieces and after them, and the pieces. */
export interface Cuttable {
  readonly before: string;
  readonly pieces: readonly string[];
  readonly after: string;
}

/** The requests that carry the pieces, each of at most `limit` bytes; or how long the shortest one is that can't fit. */
export type Cut =
  | { readonly fits: true; readonly texts: readonly string[] }
  | { readonly fits: false; readonly bytes: number };

/** Cuts a request into as few requests as carry all pieces, in their order, within `limit` UTF-8 bytes each. */
export function cut({ before, pieces, after }: Cuttable, limit: number): Cut {
  const frame = utf8Length(before) + utf8Length(after);
  const texts: string[] = [];
  let part = '';
  let bytes = frame;
  for (const piece of pieces) {
    const length = utf8Length(piece);
    if (frame + length > limit) return { fits: false, bytes: frame + length };
    if (part === '') {
      part = piece;
      bytes = frame + length;
    } else if (bytes + 1 + length <= limit) {
      part += `,${piece}`;
      bytes += 1 + length;
    } else {
      texts.push(before + part + after);
      part = piece;
      bytes = frame + length;
    }
  }
  if (part !== '') texts.push(before + part + after);
  return { fits: true, texts };
}
