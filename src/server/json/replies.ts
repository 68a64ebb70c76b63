import { Status } from '../../protocol/status.js';

export const ok = `"st":${Status.Ok}`;

/** A reply whose members are written already. Members are sorted by name, as NemesisDB's are. */
export function reply(command: string, members: string): string {
  return `{"${command}_RSP":{${members}}}`;
}

/** The refusal of a command. Its name may be anything the client made up. */
export function refusal(command: string, status: number, message = ''): string {
  return `{${JSON.stringify(`${command}_RSP`)}:{"m":${JSON.stringify(message)},"st":${status},"tkn":null}}`;
}

/** The refusal of a frame that names no command, and of what fails in a `KV_` command. */
export function error(status: number): string {
  return `{"ERR":{"m":"","st":${status}}}`;
}

/** A reply as it is sent. */
export type Reply =
  | string
  /** A long one is sent in fragments: to join megabytes takes long enough to be felt by others. */
  | { readonly pieces: readonly Buffer[] }
  /** With something to do once it was sent. */
  | { readonly text: string; readonly onSent: () => void };

/** A reply as one string. */
export function textOf(reply: Reply): string {
  if (typeof reply === 'string') return reply;
  return 'text' in reply ? reply.text : String(Buffer.concat(reply.pieces));
}

/** How many characters a piece has, at least. */
const pieceLength = 256 * 1024;

/** Writes a list of any length into a reply, piece by piece. */
export class ListReply {
  readonly #pieces: Buffer[] = [];
  readonly #end: string;
  #text: string;
  #isEmpty = true;
  #length = 0;

  /** `member`: the name of the list. `brackets`: those of an array or an object. */
  constructor(command: string, member: string, brackets: '[]' | '{}') {
    this.#text = `{"${command}_RSP":{"${member}":${brackets[0]}`;
    this.#end = `${brackets[1]},${ok}}}`;
  }

  /** How many characters were added. */
  get length(): number {
    return this.#length;
  }

  /** Adds an item, or several with commas between them. */
  add(items: string): void {
    this.#text += this.#isEmpty ? items : `,${items}`;
    this.#isEmpty = false;
    this.#length += items.length + 1;
    if (this.#text.length < pieceLength) return;
    this.#pieces.push(Buffer.from(this.#text));
    this.#text = '';
  }

  finish(): Reply {
    const rest = this.#text + this.#end;
    return this.#pieces.length === 0 ? rest : { pieces: [...this.#pieces, Buffer.from(rest)] };
  }
}
