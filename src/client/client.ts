// What disposes of it is named in its types, which programs of an older `lib` must be able to read.
/// <reference lib="esnext.disposable" preserve="true" />
import { defer, type Observable } from 'rxjs';
import { ProtocolError } from '../errors.js';
import { commands } from '../protocol/commands.js';
import type { JsonObject } from '../protocol/json.js';
import type { NewSession } from '../protocol/parameter-objects.js';
import type { KeysInput, TokenInput } from '../protocol/parameters.js';
import type { SessionInfo } from '../protocol/replies.js';
import type { SessionInput, SessionOutput, SessionSchema } from '../protocol/schema.js';
import type { SessionEvent } from '../session/events.js';
import type { Session } from '../session/session.js';
import { Sessions } from '../session/sessions.js';
import type { Activity } from '../transport/activity.js';
import type { ConnectionState, ServerInfo } from '../transport/connection/connection-state.js';
import type { ClientTransport, Reply } from '../transport/transport.js';
import { type CallContext, callFor } from './call.js';
import { type Aliases, Caller, type CommandMethods } from './methods.js';
import {
  type AttachOptions,
  type CallOptions,
  checkAttachOptions,
  type NdbClientOptions,
  type Settings,
  settingsOf,
} from './options.js';
import { sessionPort } from './session-port.js';

// The methods are put on the prototype from the table of commands, which the compiler can't follow.
const CommandCaller = Caller as abstract new () => Caller & CommandMethods & Aliases;

/**
 * A client of one NemesisDB: its commands as cold Observables, over one WebSocket that reconnects by itself.
 *
 * Nothing throws synchronously and nothing is a promise: every error arrives as an error notification. The one exception
 * is this constructor, which throws a `ValueError` for an option that can't be right.
 */
export abstract class ClientCore extends CommandCaller implements AsyncDisposable {
  protected readonly context: CallContext;
  readonly #transport: ClientTransport;
  readonly #sessions: Sessions;

  /**
   * The state of the connection: idle, connecting, open, waiting, closing or closed. Replays the present state; completes
   * after `closed`; never errors.
   */
  readonly connection$: Observable<ConnectionState>;

  /**
   * What the client does on the wire, as it does it: requests queued, written, answered with their latency, and more;
   * without values, keys or tokens. Costs nothing while nobody subscribes. Does not replay; completes on close.
   */
  readonly activity$: Observable<Activity>;

  /**
   * What happens to all sessions of this client that are followed, in the order in which it becomes known. Hot. While it is
   * subscribed to, every session that is created or attached to is followed; those from before only where their own streams
   * are subscribed to. Completes when the client is closed; never errors.
   */
  readonly sessionEvents$: Observable<SessionEvent>;

  constructor(connect: (settings: Settings) => ClientTransport, options?: NdbClientOptions) {
    super();
    const settings = settingsOf(options);
    this.#transport = connect(settings);
    this.connection$ = this.#transport.connection$;
    this.activity$ = this.#transport.activity$;
    this.#sessions = new Sessions(sessionPort(this.#transport, settings), this, settings);
    this.sessionEvents$ = this.#sessions.events$;
    this.context = { transport: this.#transport, settings, observer: this.#sessions };
  }

  /**
   * Connects to a server, such as `ws://127.0.0.1:1987/`. Emits what the server says of itself on the first connection and
   * completes; from then on the client reconnects by itself. Where nothing listens it waits and tries again, as `connection$`
   * tells; rxjs's `timeout` bounds that, or `reconnect: { attempts }`. Errors: `ConnectionError` where connecting is refused for good, or
   * fails and `reconnect` is off; `ValueError` for an URL that can't be one; `ClosedError` after `close`. Commands may be subscribed to before:
   * they wait, within their timeout.
   */
  open(url: string | URL): Observable<ServerInfo> {
    return this.#transport.open(String(url));
  }

  /**
   * Closes the client: new commands are refused with `ClosedError`, those in flight may still be answered, for at most
   * `closeTimeout`. Begins at once, subscribed or not; emits and completes when nothing is left; replays.
   */
  close(): Observable<void> {
    return this.#transport.close();
  }

  /**
   * Creates a session. `SH_NEW`. Emits it, once: its token, the commands bound to it, and streams of what becomes of it. With a
   * schema, what its keys hold is typed, and checked on the way in and out. Errors: `ValueError` for a duration that is negative,
   * fractional or too large, and for 0 with any of the flags; `ResponseError` where the server refuses. Never sent twice.
   *
   * @example
   * client.sh_create_session({ durationSeconds: 60, deleteSessionOnExpire: true, extendOnGet: true })
   *   .subscribe((session) => session.expired$.subscribe(() => console.log('it lapsed')));
   */
  sh_create_session<const Schema extends SessionSchema>(
    params: NewSession<Schema> & { readonly schema: Schema },
    options?: CallOptions,
  ): Observable<Session<SessionOutput<Schema>, SessionInput<Schema>>>;
  sh_create_session(params?: NewSession, options?: CallOptions): Observable<Session>;
  sh_create_session(...args: unknown[]): Observable<Session> {
    const created = (tkn: bigint, reply: Reply, params: unknown) =>
      this.#created(tkn, reply, params as NewSession | undefined); // the row has checked it
    return callFor(this.context, 'sh_create_session', commands.sh_create_session, args, created);
  }

  /**
   * Attaches to a session that exists, made elsewhere or earlier: a token from a cookie. Asks `SH_INFO` first, which does not extend it,
   * and emits the session, once. Errors: `ResponseError` with status 100 where there is none any more; `ValueError` for what can't be a token.
   */
  session<const Schema extends SessionSchema>(
    tkn: TokenInput,
    options: AttachOptions<Schema> & { readonly schema: Schema },
  ): Observable<Session<SessionOutput<Schema>, SessionInput<Schema>>>;
  session(tkn: TokenInput, options?: AttachOptions): Observable<Session>;
  session(tkn: TokenInput, options: AttachOptions = {}): Observable<Session> {
    return defer(() => {
      checkAttachOptions(options);
      const { timeout, retry } = options;
      const attached = (info: SessionInfo, reply: Reply) => this.#attached(info.tkn, reply, options);
      return callFor(this.context, 'session', commands.sh_info, [tkn, { timeout, retry }], attached);
    });
  }

  /** `await using client = new NdbClient()` closes it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.close().subscribe({ complete: resolve, error: resolve });
    });
  }

  #created(tkn: bigint, reply: Reply, params: NewSession = {}): Session {
    const settings = {
      duration: (params.durationSeconds ?? 0) * 1000,
      deleteSession: params.deleteSessionOnExpire ?? false,
      extendOnSetAdd: params.extendOnSetAdd ?? false,
      extendOnGet: params.extendOnGet ?? false,
    };
    const { schema, expiringBefore } = params;
    return this.#sessions.created(tkn, settings, reply, { schema, expiringBefore });
  }

  #attached(tkn: bigint, reply: Reply, { schema, expiringBefore }: AttachOptions): Session {
    const session = this.#sessions.attached<JsonObject, KeysInput>(tkn, reply, { schema, expiringBefore });
    if (session === undefined)
      throw new ProtocolError('The reply to SH_INFO does not tell when the session expires.', 'SH_INFO');
    return session;
  }
}
