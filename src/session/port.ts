import type { Observable } from 'rxjs';
import type { Clock } from '../clock.js';
import type { AnyRow } from '../protocol/command-row.js';
import type { JsonObject, JsonValue } from '../protocol/json.js';
import type { KeyList, KeysInput } from '../protocol/parameters.js';
import type { SessionInfo } from '../protocol/replies.js';
import type { SessionSchema, StandardSchema } from '../protocol/schema.js';
import type { Reply } from '../transport/transport.js';

/** What the server is asked: about one session, or which of several exist. */
export type Probe =
  | { readonly command: 'SH_INFO'; readonly tkn: bigint }
  | { readonly command: 'SH_EXISTS'; readonly tkns: readonly bigint[] };

/** Who waits for the answer to a probe: one of the two is called, once, unless it is cancelled. */
export interface ProbeReceiver {
  replied(reply: Reply): void;
  /** No reply will come. */
  failed(): void;
}

/** What watching sessions needs of the client. */
export interface SessionPort {
  /**
   * Sends a probe and hands its reply, of any status, to the receiver. Returns what cancels it. Its reply is not
   * reported to the observer of commands.
   */
  probe(probe: Probe, receiver: ProbeReceiver): () => void;
  /** How many bytes a request may have now. */
  readonly maxPayload: number;
  /**
   * Whether the server answers. Replays; completes on close, after `closed`. Emits `open` again after each `lost`, and
   * `lost` before any reply that came over the next connection.
   */
  readonly connection$: Observable<'open' | 'lost' | 'closed'>;
  /**
   * Whether the server can load datasets (`persistEnabled` of its `SV_INFO`): then a session may come back from one.
   */
  readonly persistEnabled: boolean;
  /** Looks at the connection now: if the server gives no sign of life within so many ms, it is given up for a new one. */
  checkConnection(within: number): void;
  /** Emits when the page is hidden or shown: its timers may fire late. */
  readonly visibility$: Observable<unknown>;
  readonly clock: Clock;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
}

/** A command that was settled: what is known of it besides its reply. */
export interface SettledCommand {
  readonly row: Pick<AnyRow, 'command' | 'extends'>;
  /** The session's token, if the command is bound to one. */
  readonly tkn: bigint | undefined;
  /** The command's own argument. */
  readonly argument: unknown;
}

/** What the client reports of every command that is settled, except probes. */
export interface CommandObserver {
  /** A reply came, of any status. Called before the command's caller has it. */
  replied(command: SettledCommand, reply: Reply): void;
  /** No reply will come, and the server may have executed the command. */
  lost(command: SettledCommand): void;
}

/** Options of one command. */
export interface SessionCallOptions {
  readonly timeout?: number | undefined;
  readonly retry?: 'reads' | 'none' | undefined;
}

/**
 * Marks a call on which the life of a session depends: it does not wait behind what the program sends. Not for
 * programs.
 */
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
