import type { Observable } from 'rxjs';

/** How a WebSocket ended. */
export interface SocketEnd {
  /** The close code; 1006 if the connection broke without one. */
  readonly code: number;
  /** Whether we dropped it, as a reply was longer than `maxReply`. */
  readonly replyTooLong?: boolean;
  /** The peer's reason, or the platform's error message. */
  readonly reason: string;
  /** The HTTP status with which the server refused the upgrade, if the platform reports it. */
  readonly httpStatus?: number;
  /** The platform's own error, if there is one. */
  readonly cause?: unknown;
}

/** Receives what happens to a WebSocket. `closed` is called exactly once, and nothing after it. */
export interface SocketListener {
  opened(): void;
  /** A text frame arrived. */
  frame(text: string): void;
  /** A binary frame arrived: NemesisDB sends none. */
  binary(): void;
  /** A pong arrived, or anything else that proves life without being a frame. */
  alive(): void;
  closed(end: SocketEnd): void;
}

/** One WebSocket of the platform, reduced to what the transport needs. */
export interface PlatformSocket {
  /** Writes a text frame. */
  send(text: string): void;
  /** Holds back what is sent until `uncork`, so that a batch costs one system call. Absent if the platform can't. */
  readonly cork?: () => void;
  readonly uncork?: () => void;
  /** Asks the peer for a pong, which arrives as `alive`. Absent if the platform can't (browsers). */
  readonly ping?: () => void;
  /** Starts the closing handshake. */
  close(code: number): void;
  /** Drops the connection at once. The listener is not called any more. */
  terminate(): void;
}

/** Options of a WebSocket that is being opened. A platform that can't have one of them throws. */
export interface DialOptions {
  /** Longest reply in bytes. */
  readonly maxReply: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly tls?: Readonly<Record<string, unknown>> | undefined;
  readonly agent?: object | undefined;
}

/** What differs between Node and browsers. */
export interface Platform {
  /** Opens a WebSocket. Throws if the URL or an option can't be one. */
  dial(url: string, options: DialOptions, listener: SocketListener): PlatformSocket;
  /** Emits when the network is back, if the platform reports it (browsers). */
  readonly online$?: Observable<unknown>;
  /** Emits when a page is hidden or shown: while it is hidden, its timers fire rarely. Absent if there is no page. */
  readonly visibility$?: Observable<unknown>;
  /** The platform's own channel for tracing tools, if it has one (Node's `diagnostics_channel`). */
  readonly diagnostics?: { readonly hasSubscribers: boolean; publish(message: object): void };
}
