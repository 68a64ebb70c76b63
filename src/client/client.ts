import type { Observable } from 'rxjs';
import type { Activity } from '../transport/activity.js';
import type { ConnectionState, ServerInfo } from '../transport/connection-state.js';
import type { ClientTransport } from '../transport/transport.js';
import type { CallContext } from './call.js';
import { type Aliases, Caller, type CommandMethods } from './methods.js';
import { type NdbClientOptions, type Settings, settingsOf } from './options.js';

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

  constructor(connect: (settings: Settings) => ClientTransport, options?: NdbClientOptions) {
    super();
    const settings = settingsOf(options);
    this.#transport = connect(settings);
    this.connection$ = this.#transport.connection$;
    this.activity$ = this.#transport.activity$;
    this.context = { transport: this.#transport, settings, observer: nobody };
  }

  /**
   * Connects to a server, such as `ws://127.0.0.1:1987/`. Emits what the server says of itself on the first connection and
   * completes; from then on the client reconnects by itself. Errors: `ConnectionError` where connecting is refused for good, or
   * fails and `reconnect` is off; `ValueError` for an URL that can't be one; `ClosedError` after `close`. Commands may be subscribed to before:
   * they wait, within their timeout.
   */
  open(url: string): Observable<ServerInfo> {
    return this.#transport.open(url);
  }

  /**
   * Closes the client: new commands are refused with `ClosedError`, those in flight may still be answered, for at most
   * `closeTimeout`. Begins at once, subscribed or not; emits and completes when nothing is left; replays.
   */
  close(): Observable<void> {
    return this.#transport.close();
  }

  /** `await using client = new NdbClient()` closes it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.close().subscribe({ complete: resolve, error: resolve });
    });
  }
}

const nobody: CallContext['observer'] = { listening: false, replied() {}, lost() {} };
