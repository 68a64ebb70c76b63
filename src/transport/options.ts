import type { Observable } from 'rxjs';
import type { Clock } from '../clock.js';

/** A value, or a function that is asked for it at each attempt to connect: tokens expire. */
export type ValueOrFunction<Value> = Value | (() => Value | PromiseLike<Value> | Observable<Value>);

/** HTTP headers of the request to connect, such as `authorization`. */
export type ConnectHeaders = Readonly<Record<string, string>>;

/** TLS options, as those of Node's `tls.connect`: `ca`, `cert`, `key`, `passphrase`, `servername`, `rejectUnauthorized` and so on. */
export type ConnectTls = Readonly<Record<string, unknown>>;

/** How a client reconnects: times in ms. */
export interface ReconnectOptions {
  /** The first delay's upper bound; the bound doubles with each failure. */
  readonly initialDelay: number;
  /** The bound's own bound. */
  readonly maxDelay: number;
  /**
   * How many attempts in a row may fail before the client gives up: it is idle then, with the last one's error, until `open` is
   * subscribed to again. The loss of an open connection is no failed attempt; after it, so many attempts may fail once more.
   * 0: a lost connection is not sought again. The first attempt of `open` always takes place, and with 0 or 1 is the only one.
   */
  readonly attempts: number;
  /** How long a connection must hold before its loss begins with `initialDelay` again. */
  readonly resetAfter: number;
}

/** How dead connections are found: times in ms. */
export interface HeartbeatOptions {
  /** After how much silence the peer is asked for a sign of life. It is checked in fifths of it, and every 3 s at least. */
  readonly interval: number;
  /**
   * How long a silent peer has to show life once asked. It has longer while somebody waits for the reply to a request in flight,
   * up to the longest wait that was left when it was asked: a server at work on one answers nothing else. So a call with a longer
   * `timeout` puts the verdict off, until it ends or is unsubscribed.
   */
  readonly timeout: number;
}

/** The transport's options, complete and valid. */
export interface TransportOptions {
  /** Longest request in bytes; `undefined`: what the server announces, or 1024 if it announces nothing. */
  readonly maxPayload: number | undefined;
  /** Longest reply in bytes. */
  readonly maxReply: number;
  /** Most requests written and unanswered. */
  readonly maxInFlight: number;
  /** Most requests that wait to be written. */
  readonly maxQueued: number;
  /** Most characters of requests that wait to be written. */
  readonly maxQueuedBytes: number;
  readonly reconnect: ReconnectOptions | false;
  readonly heartbeat: HeartbeatOptions | false;
  /** Longest time from dialling to the first replies, in ms. */
  readonly connectTimeout: number;
  /** Longest time that `close` takes, in ms. */
  readonly closeTimeout: number;
  /** Sent with the request to connect. Not possible in browsers. */
  readonly headers?: ValueOrFunction<ConnectHeaders> | undefined;
  /** For `wss:` URLs. Not possible in browsers. */
  readonly tls?: ValueOrFunction<ConnectTls> | undefined;
  /** A Node `http.Agent` to connect through, such as one for a proxy. Not possible in browsers. */
  readonly agent?: ValueOrFunction<object> | undefined;
  readonly clock: Clock;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
}
