/** Decides about one reply of a server, a text frame: `true` lets it through. */
export type ReplyFilter = (text: string) => boolean;

/**
 * Whether clients see the features that a server announces. `hidden`: it looks like a NemesisDB, which has none, and replies may
 * be lost. `shown`: requests have ids, and no reply is lost, as such a server drops none.
 */
export type Features = 'hidden' | 'shown';

const features = Buffer.from('"features":');

/** Gives the member another name of the same length, which means nothing to a client. */
function hideFeatures(piece: Buffer): void {
  const at = piece.indexOf(features);
  if (at >= 0 && piece.includes('"SV_INFO_RSP"')) piece.write('x', at + 1);
}

const headEnd = Buffer.from('\r\n\r\n');
const textFrame = 0x81;

/** The head and the length of the first frame in these bytes; nothing while the head is not whole. Frames of servers have no mask. */
function measure(bytes: Buffer): { readonly head: number; readonly total: number } | undefined {
  const short = (bytes[1] ?? 0) & 0x7f;
  const head = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < head) return undefined;
  const payload = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  return { head, total: head + payload };
}

/** A text frame as a server sends it. */
export function frameOf(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10);
  head[0] = textFrame;
  if (head.length === 2) head[1] = payload.length;
  else if (head.length === 4) {
    head[1] = 126;
    head.writeUInt16BE(payload.length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** Takes the bytes that a server sends, and gives them back in whole frames, without those that a filter keeps back. */
export class FrameSieve {
  #chunks: Buffer[] = [];
  #length = 0;
  /** How many bytes the next piece needs; 0: unknown. */
  #needed = 0;
  #upgraded = false;

  constructor(
    private readonly filter: () => ReplyFilter | undefined,
    private readonly features: () => Features,
  ) {}

  /** Whether frames flow, and not the HTTP of the beginning. */
  get upgraded(): boolean {
    return this.#upgraded;
  }

  take(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return [];
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    const whole: Buffer[] = [];
    for (let piece = this.#next(bytes); piece !== undefined; piece = this.#next(bytes)) {
      bytes = bytes.subarray(piece.length);
      if (this.#upgraded && this.features() === 'hidden') hideFeatures(piece);
      if (this.#passes(piece)) whole.push(piece);
      this.#upgraded = true;
    }
    this.#chunks = bytes.length === 0 ? [] : [bytes];
    this.#length = bytes.length;
    return whole;
  }

  #next(bytes: Buffer): Buffer | undefined {
    this.#needed = 0;
    if (!this.#upgraded) {
      const end = bytes.indexOf(headEnd);
      return end < 0 ? undefined : bytes.subarray(0, end + headEnd.length);
    }
    const size = measure(bytes);
    if (size === undefined) return undefined;
    this.#needed = size.total;
    return bytes.length < size.total ? undefined : bytes.subarray(0, size.total);
  }

  #passes(piece: Buffer): boolean {
    const filter = this.filter();
    if (filter === undefined || this.features() === 'shown' || !this.#upgraded || piece[0] !== textFrame) return true;
    return filter(piece.subarray(measure(piece)?.head ?? 0).toString());
  }
}
