// `AsyncDisposable` stands in the client's types, which programs with an older `lib` must be able to read.
/// <reference lib="esnext.disposable" preserve="true" />
import { defer, type Observable } from 'rxjs';
import { commands } from '../protocol/commands.js';
import type { JsonObject } from '../protocol/json.js';
import type { NewSession } from '../protocol/parameter-objects.js';
import type { KeysInput, TokenInput } from '../protocol/parameters.js';
import type { SessionInfo } from '../protocol/replies.js';
import type { SessionInput, SessionOutput, SessionSchema } from '../protocol/schema.js';
import type { SessionEvent } from '../session/events.js';
import { Session } from '../session/session.js';
import { Sessions } from '../session/sessions.js';
import type { Activity } from '../transport/activity.js';
import type { ConnectionState, ServerInfo } from '../transport/connection/connection-state.js';
import type { ClientTransport, Reply, ValueOrFunction } from '../transport/transport.js';
import { type CallContext, callFor } from './call.js';
import { checkEngine } from './engine.js';
import { type Aliases, Caller, type CommandMethods } from './methods.js';
import {
  type AttachOptions,
  type CallOptions,
  type NdbClientOptions,
  readAttachOptions,
  type Settings,
  settingsOf,
} from './options.js';
import { sessionPort } from './session-port.js';
import { keepOutOfVueProxies } from './vue.js';

keepOutOfVueProxies(Caller, Session);

// `methods.ts` puts the methods on the prototype, which the compiler can't see.
const CommandCaller = Caller as abstract new () => Caller & CommandMethods & Aliases;

/**
 * A client of one NemesisDB: its commands as cold Observables, over one WebSocket that reconnects by itself.
 *
 * Nothing throws synchronously and nothing is a promise: every error arrives as an error notification. The one exception
 * is the constructor, which throws a `ValueError` for a wrong option.
 */
export abstract class ClientCore extends CommandCaller implements AsyncDisposable {
  protected readonly context: CallContext;
  readonly #transport: ClientTransport;
  readonly #sessions: Sessions;

  /**
   * The state of the connection: idle, connecting, open, waiting, closing or closed. Replays the latest state; completes
   * after `closed`; never errors.
   */
  readonly connection$: Observable<ConnectionState>;

  /**
   * What the client does on the wire: requests queued, written, answered with their latency, and more; without values, keys
   * or tokens. Costs nothing while nobody subscribes. Does not replay; completes on close; never errors.
   */
  readonly activity$: Observable<Activity>;

  /**
   * The events of all watched sessions of this client, in the order in which they become known. Hot. While it is subscribed
   * to, every session that is created or attached to is watched; older ones only if their own streams are subscribed to.
   * Completes when the client is closed; never errors.
   */
  readonly sessionEvents$: Observable<SessionEvent>;

  constructor(connect: (settings: Settings) => ClientTransport, options?: NdbClientOptions) {
    super();
    checkEngine();
    const settings = settingsOf(options);
    this.#transport = connect(settings);
    this.connection$ = this.#transport.connection$;
    this.activity$ = this.#transport.activity$;
    this.#sessions = new Sessions(sessionPort(this.#transport, settings), this, settings);
    this.sessionEvents$ = this.#sessions.events$;
    this.context = { transport: this.#transport, settings, observer: this.#sessions.observer };
  }

  /**
   * Connects to a server, such as `ws://127.0.0.1:1987/`. Emits what the server says of itself on the first connection and
   * completes. From then on the client reconnects by itself. If no server is there it waits and tries again, as
   * `connection$` shows; RxJS's `timeout` bounds that, or `reconnect: { attempts }`. Commands may be subscribed to before:
   * they wait within their timeout.
   *
   * Errors: `ConnectionError` if the connection is refused for good, or fails while `reconnect` is off; `ValueError` for a
   * wrong URL; `ClosedError` after `close`. Then the client is idle, and `open` can be subscribed to again, with another URL
   * too. Subscribed to while the client waits for its next attempt, it makes it at once. Completes without a value if the
   * client is closed meanwhile.
   *
   * `url` may be a function, which is asked at each attempt: for a URL with a token that expires.
   */
  open(url: ValueOrFunction<string | URL>): Observable<ServerInfo> {
    return this.#transport.open(typeof url === 'function' ? url : String(url));
  }

  /**
   * Closes the client for good. New commands are refused with `ClosedError`. Those in flight may still be answered, for at
   * most `closeTimeout` milliseconds. Begins at once, subscribed or not; emits and completes when nothing is left; replays.
   */
  close(): Observable<void> {
    return this.#transport.close();
  }

  /**
   * Creates a session and emits it, once: its token, its commands, and streams of what becomes of it. A schema types its
   * keys, and checks values on the way in and out. Never sent twice. NemesisDB: `SH_NEW`.
   *
   * Errors: `ValueError` for a `durationSeconds` that is no integer from 0 to 9,000,000,000, or 0 with any of the flags;
   * `ResponseError` if the server refuses.
   *
   * @example
   * client.sh_create_session({ durationSeconds: 60, deleteSessionOnExpire: true, extendOnGet: true })
   *   .subscribe((session) => session.expired$.subscribe(() => console.log('it lapsed')));
   */
  sh_create_session<const Schema extends SessionSchema>(
    params: NewSession<Schema> & { readonly schema: Schema },
    options?: CallOptions,
  ): Observable<Session<SessionOutput<Schema>, SessionInput<Schema>>>;
  /**
   * Creates a session and emits it, once: its token, its commands, and streams of what becomes of it. Never sent twice.
   * NemesisDB: `SH_NEW`.
   *
   * Errors: `ValueError` for a `durationSeconds` that is no integer from 0 to 9,000,000,000, or 0 with any of the flags;
   * `ResponseError` if the server refuses.
   *
   * @example
   * client.sh_create_session({ durationSeconds: 60, deleteSessionOnExpire: true, extendOnGet: true })
   *   .subscribe((session) => session.expired$.subscribe(() => console.log('it lapsed')));
   */
  sh_create_session(params?: NewSession, options?: CallOptions): Observable<Session>;
  sh_create_session(...args: unknown[]): Observable<Session> {
    const created = (tkn: bigint, reply: Reply, params: unknown) =>
      this.#created(tkn, reply, params as NewSession | undefined); // the row has checked it
    return callFor(this.context, 'sh_create_session', commands.sh_create_session, args, created);
  }

  /**
   * Attaches to a session that exists, made elsewhere or earlier, and emits it, once. Asks the server for it first, which
   * does not extend it. A schema types its keys, and checks values on the way in and out. NemesisDB: `SH_INFO`.
   *
   * Errors: `ResponseError` with status 100 if the session does not exist (any more); `ValueError` for what can't be a token.
   * A token from a cookie is best read with `parseToken`.
   */
  session<const Schema extends SessionSchema>(
    tkn: TokenInput,
    options: AttachOptions<Schema> & { readonly schema: Schema },
  ): Observable<Session<SessionOutput<Schema>, SessionInput<Schema>>>;
  /**
   * Attaches to a session that exists, made elsewhere or earlier, and emits it, once. Asks the server for it first, which
   * does not extend it. NemesisDB: `SH_INFO`.
   *
   * Errors: `ResponseError` with status 100 if the session does not exist (any more); `ValueError` for what can't be a token.
   * A token from a cookie is best read with `parseToken`.
   */
  session(tkn: TokenInput, options?: AttachOptions): Observable<Session>;
  session(tkn: TokenInput, options: AttachOptions = {}): Observable<Session> {
    return defer(() => {
      const { timeout, retry, ...ofHandle } = readAttachOptions(options);
      const attached = (info: SessionInfo, reply: Reply) =>
        this.#sessions.attached<JsonObject, KeysInput>(info, reply, ofHandle);
      return callFor(this.context, 'session', commands.sh_info, [tkn, { timeout, retry }], attached);
    });
  }

  /** Closes the client at the end of an `await using` block. */
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
}
