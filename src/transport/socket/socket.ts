import { Observable, Subject } from 'rxjs';
import { ConnectionError, ProtocolError } from '../../errors.js';
import { describeEnd } from './close-reason.js';
import type { DialOptions, Platform, PlatformSocket, SocketEnd } from './platform.js';

/**
 * One open WebSocket as a Subject: `next` writes a text frame, subscribers receive the frames that arrive. `complete` starts
 * the closing handshake, and `error` drops the connection. Its subscribers see it complete after we closed it, and error
 * with a `ConnectionError` or `ProtocolError` after it was lost or dropped.
 */
export class SocketSubject extends Subject<string> {
  #phase: 'open' | 'closing' | 'ended' = 'open';
  #lifeSigns = 0;

  constructor(private readonly socket: PlatformSocket) {
    super();
  }

  /** Counts the signs of life of the peer: frames and pongs. */
  get lifeSigns(): number {
    return this.#lifeSigns;
  }

  /** Asks the peer for a sign of life. Absent if the platform can't. */
  get ping(): (() => void) | undefined {
    return this.socket.ping;
  }

  override next(frame: string): void {
    if (this.#phase === 'ended') return;
    try {
      this.socket.send(frame);
    } catch (cause) {
      this.error(new ConnectionError('The platform could not write to its WebSocket.', { cause }));
    }
  }

  /** Writes several frames in one go. */
  nextAll(frames: readonly string[]): void {
    this.socket.cork?.();
    for (const frame of frames) this.next(frame);
    this.socket.uncork?.();
  }

  override complete(): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'closing';
    this.socket.close(1000);
  }

  override error(error: unknown): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.socket.terminate();
    super.error(error);
  }

  /** A frame arrived. */
  receive(frame: string): void {
    this.#lifeSigns += 1;
    super.next(frame);
  }

  /** A pong arrived. */
  alive(): void {
    this.#lifeSigns += 1;
  }

  /** The WebSocket ended. */
  end(end: SocketEnd): void {
    const wasClosing = this.#phase === 'closing';
    this.#phase = 'ended';
    if (wasClosing) super.complete();
    else super.error(describeEnd(end, 'open'));
  }
}

/**
 * Opens a WebSocket. Cold: dials when subscribed to, emits the socket once it is open, and lasts as long as the socket does:
 * completes after we closed it, and errors after it was lost. Unsubscribing drops the connection. Errors with a
 * `ConnectionError` if it can't be opened (`permanent` if trying again is senseless).
 */
export function openSocket(platform: Platform, url: string, options: DialOptions): Observable<SocketSubject> {
  return new Observable((subscriber) => {
    let socket: SocketSubject | undefined;
    let dialled: PlatformSocket;
    try {
      dialled = platform.dial(url, options, {
        opened() {
          socket = new SocketSubject(dialled);
          socket.subscribe({ error: (error) => subscriber.error(error), complete: () => subscriber.complete() });
          subscriber.next(socket);
        },
        frame: (text) => socket?.receive(text),
        binary: () =>
          socket?.error(new ProtocolError('The peer sends binary frames; NemesisDB sends text. Check the URL.')),
        alive: () => socket?.alive(),
        closed(end) {
          if (socket === undefined) subscriber.error(describeEnd(end, 'connecting'));
          else socket.end(end);
        },
      });
    } catch (cause) {
      subscriber.error(
        new ConnectionError('The platform can not open a WebSocket with this URL, headers and TLS options.', {
          permanent: true,
          cause,
        }),
      );
      return;
    }
    return () => dialled.terminate();
  });
}
