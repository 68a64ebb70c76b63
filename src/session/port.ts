import type { Observable } from 'rxjs';
import type { Clock } from '../clock.js';
import type { AnyRow } from '../protocol/command-row.js';
import type { JsonObject, JsonValue } from '../protocol/json.js';
import type { KeyList, KeysInput } from '../protocol/parameters.js';
import type { SessionInfo } from '../protocol/replies.js';
import type { SessionSchema, StandardSchema } from '../protocol/schema.js';
import type { Reply } from '../transport/transport.js';

/** What is asked of the server: about one session, or which of several there are. */
export type Question =
  | { readonly command: 'SH_INFO'; readonly tkn: bigint }
  | { readonly command: 'SH_EXISTS'; readonly tkns: readonly bigint[] };

/** Who hears what became of a question: one of the two, once, unless it is given up. */
export interface Questioner {
  replied(reply: Reply): void;
  /** No reply will come. */
  failed(): void;
}

/** What following sessions needs of the client. */
export interface SessionPort {
  /**
   * Asks a question, and tells of its reply, of any status. Returns what gives it up. These are not reported to the tracker: it looks at
   * the replies itself. No Observable: 100,000 sessions that expire at once ask as much, and what subscribing to each leaves to the
   * garbage collector was felt by all other requests.
   */
  ask(question: Question, questioner: Questioner): () => void;
  /** Whether anybody waits for a reply besides those who asked questions. */
  readonly isBusy: boolean;
  /** How many bytes a request may have now. */
  readonly maxPayload: number;
  /**
   * Whether the server answers. Replays; completes on close, after `closed`. `open` is emitted again after each `lost`, and `lost`
   * before any reply that came over the next connection.
   */
  readonly connection$: Observable<'open' | 'lost' | 'closed'>;
  /**
   * Whether the server can load datasets (`persistEnabled` of its `SV_INFO`), as `connection$` told who is subscribed to it:
   * then a session may come back from one.
   */
  readonly persistEnabled: boolean;
  readonly clock: Clock;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
}

/** A command that was settled: what is known of it besides its reply. */
export interface SettledCommand {
  readonly row: Pick<AnyRow, 'command' | 'extends'>;
  /** The session's token, where the command is bound to one. */
  readonly tkn: bigint | undefined;
  /** The command's own argument. */
  readonly argument: unknown;
}

/** What the client tells of every command that is settled, what was asked by `port.ask` excepted. The tracker is one. */
export interface CommandObserver {
  /** Whether anybody wants to know of replies, be it of few: while nobody does, they need not be told. Losses are to be told always. */
  readonly listening: boolean;
  /** A reply came, of any status. */
  replied(command: SettledCommand, reply: Reply): void;
  /** No reply will come, and the server may have executed it. Told whether anybody listens or not. */
  lost(command: SettledCommand): void;
}

/** Options of one command. */
export interface SessionCallOptions {
  readonly timeout?: number | undefined;
  readonly retry?: 'reads' | 'none' | undefined;
}

/** Marks a call on which the life of a session depends: it does not wait behind what the program sends. Not for programs. */
export const vital: unique symbol = Symbol('vital');

/** Options of a call of the client's own. */
export interface VitalCallOptions extends SessionCallOptions {
  readonly [vital]: true;
}

/** The commands that a session binds to its token. A client is one. */
export interface SessionCommands {
  sh_set(tkn: bigint, keys: KeysInput, options?: SessionCallOptions): Observable<void>;
  sh_add(tkn: bigint, keys: KeysInput, options?: SessionCallOptions): Observable<void>;
  sh_get(
    tkn: bigint,
    query: { readonly key: string; readonly schema?: StandardSchema },
    options?: SessionCallOptions,
  ): Observable<JsonValue | undefined>;
  sh_get(
    tkn: bigint,
    query: { readonly keys: readonly string[]; readonly schema?: SessionSchema },
    options?: SessionCallOptions,
  ): Observable<JsonObject>;
  sh_rmv(tkn: bigint, keys: KeyList, options?: SessionCallOptions): Observable<void>;
  sh_count(tkn: bigint, options?: SessionCallOptions): Observable<number>;
  sh_contains(tkn: bigint, keys: KeyList, options?: SessionCallOptions): Observable<string[]>;
  sh_keys(tkn: bigint, options?: SessionCallOptions): Observable<string[]>;
  sh_clear(tkn: bigint, options?: SessionCallOptions): Observable<number>;
  sh_clear_set(tkn: bigint, keys: KeysInput, options?: SessionCallOptions): Observable<number>;
  sh_end(tkn: bigint, options?: SessionCallOptions): Observable<void>;
  sh_info(tkn: bigint, options?: SessionCallOptions): Observable<SessionInfo>;
}

/** How a session was set up; it never changes. */
export interface SessionSettings {
  /** Milliseconds from creation or extension to the deadline; 0: it never expires. */
  readonly duration: number;
  /** Whether the session goes when it expires, or only its keys. */
  readonly deleteSession: boolean;
  readonly extendOnSetAdd: boolean;
  readonly extendOnGet: boolean;
}
