import { Observable, Subject } from 'rxjs';
import { ConnectionError } from '../../errors.js';
import { describeEnd } from './close-reason.js';
import type { DialOptions, Platform, PlatformSocket, SocketEnd } from './platform.js';

/** What comes over a socket besides text frames. */
export interface SocketSigns {
  /** Proof of life that is no frame, such as a pong. */
  alive(): void;
  /** A binary frame. */
  binary(): void;
}

/**
 * One open WebSocket as a Subject: `next` writes a text frame, subscribers see the frames that come. `complete` starts the
 * closing handshake, `error` drops the connection. To its subscribers it completes when the connection was closed by us,
 * and errors with a `ConnectionError` when it was lost.
 */
export class SocketSubject extends Subject<string> {
  #closing = false;

  constructor(private readonly socket: PlatformSocket) {
    super();
  }

  /** Asks the peer for a sign of life, where the platform can. */
  get ping(): (() => void) | undefined {
    return this.socket.ping;
  }

  override next(frame: string): void {
    this.write([frame]);
  }

  /** Writes several frames in one go. */
  write(frames: readonly string[]): void {
    if (this.isStopped) return;
    try {
      this.socket.write(frames);
    } catch (cause) {
      this.error(new ConnectionError('The platform could not write to its WebSocket.', { cause }));
    }
  }

  override complete(): void {
    if (this.isStopped || this.#closing) return;
    this.#closing = true;
    this.socket.close(1000);
  }

  override error(error: unknown): void {
    if (this.isStopped) return;
    this.socket.terminate();
    super.error(error);
  }

  /** A frame came. */
  receive(frame: string): void {
    super.next(frame);
  }

  /** The socket ended. */
  end(end: SocketEnd): void {
    if (this.#closing) super.complete();
    else super.error(describeEnd(end, 'open'));
  }
}

/**
 * Opens a WebSocket. Cold: dials when subscribed, emits the socket once it is open, and goes on for as long as it is owned:
 * unsubscribing drops the connection. Errors with a `ConnectionError` if it can't be opened (`permanent` where trying again
 * is senseless).
 */
export function openSocket(
  platform: Platform,
  url: string,
  options: DialOptions,
  signs: SocketSigns,
): Observable<SocketSubject> {
  return new Observable((subscriber) => {
    let opened: SocketSubject | undefined;
    let dialled: PlatformSocket;
    try {
      dialled = platform.dial(url, options, {
        opened() {
          opened = new SocketSubject(dialled);
          subscriber.next(opened);
        },
        frame: (text) => opened?.receive(text),
        binary: () => signs.binary(),
        alive: () => signs.alive(),
        closed(end) {
          if (opened === undefined) subscriber.error(describeEnd(end, 'connecting'));
          else opened.end(end);
        },
      });
    } catch (cause) {
      subscriber.error(
        new ConnectionError('The platform can not open a WebSocket to this URL.', { permanent: true, cause }),
      );
      return;
    }
    return () => dialled.terminate();
  });
}
