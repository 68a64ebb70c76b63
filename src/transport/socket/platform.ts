import type { Activity } from '../activity.js';

/** How a WebSocket ended. */
export interface SocketEnd {
  /** The close code; 1006 where the connection broke without one. */
  readonly code: number;
  /** The peer's reason, or the platform's error text. */
  readonly reason: string;
  /** The HTTP status with which the server refused the upgrade, where the platform tells. */
  readonly httpStatus?: number;
  /** The platform's own error, where there is one. */
  readonly cause?: unknown;
}

/** What a WebSocket tells its owner. `closed` comes exactly once, and nothing after it. */
export interface SocketListener {
  opened(): void;
  frame(text: string): void;
  /** A binary frame: NemesisDB sends none. */
  binary(): void;
  /** A pong, or whatever else proves life without being a frame. */
  alive(): void;
  closed(end: SocketEnd): void;
}

/** One WebSocket of the platform, reduced to what the transport needs. */
export interface PlatformSocket {
  /** Writes text frames in one go, so that a batch costs one system call where the platform allows it. */
  write(frames: readonly string[]): void;
  /** Asks the peer for a pong, which arrives as `alive`. Absent where the platform can't (browsers). */
  readonly ping?: () => void;
  /** Starts the closing handshake. */
  close(code: number): void;
  /** Drops the connection at once; `closed` is not awaited and no longer called. */
  terminate(): void;
}

/** Options of a socket that is being opened. */
export interface DialOptions {
  /** Longest reply in bytes. */
  readonly maxReply: number;
}

/** What differs between Node and browsers. */
export interface Platform {
  /** Opens a WebSocket. Throws a `SyntaxError` for a URL that can't be one. */
  dial(url: string, options: DialOptions, listener: SocketListener): PlatformSocket;
  /** The platform's own channel for tracing tools, where it has one (Node's `diagnostics_channel`). */
  readonly diagnostics?: { readonly hasSubscribers: boolean; publish(activity: Activity): void };
}
