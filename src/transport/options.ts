import type { Observable } from 'rxjs';
import type { Clock } from '../clock.js';

/** A value, or a function that is asked for it at each attempt to connect: tokens expire. */
export type ValueOrFunction<Value> = Value | (() => Value | PromiseLike<Value> | Observable<Value>);

/** HTTP headers of the request to connect, such as `authorization`. */
export type ConnectHeaders = Readonly<Record<string, string>>;

/** TLS options, as those of Node's `tls.connect`: `ca`, `cert`, `key`, `passphrase`, `servername`, `rejectUnauthorized`. */
export type ConnectTls = Readonly<Record<string, unknown>>;

/** How a client reconnects: times in ms. */
export interface ReconnectOptions {
  /** The first delay's upper bound; the bound doubles with each failure. */
  readonly initialDelay: number;
  /** The bound's own bound. */
  readonly maxDelay: number;
  /** How many attempts in a row may fail before the client gives up. The first attempt of `open` always takes place. */
  readonly attempts: number;
  /** How long a connection must hold before its loss begins with `initialDelay` again. */
  readonly resetAfter: number;
}

/** How dead connections are found: times in ms. */
export interface HeartbeatOptions {
  /** After how much silence the peer is asked for a sign of life. */
  readonly interval: number;
  /** How long it has to answer; longer while somebody waits for a request in flight. */
  readonly timeout: number;
}

/** The transport's options, complete and valid. `NdbClientOptions` describes them. Times are in ms, lengths in bytes. */
export interface TransportOptions {
  readonly maxPayload: number | undefined;
  readonly maxReply: number;
  readonly maxInFlight: number;
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
  readonly reconnect: ReconnectOptions | false;
  readonly heartbeat: HeartbeatOptions | false;
  readonly connectTimeout: number;
  readonly closeTimeout: number;
  readonly headers?: ValueOrFunction<ConnectHeaders> | undefined;
  readonly tls?: ValueOrFunction<ConnectTls> | undefined;
  readonly agent?: ValueOrFunction<object> | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}
