import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Clock } from '../../clock.js';
import { encodeTextFrames } from '../../protocol/text-frames.js';
import type { Dispatcher } from '../commands/dispatcher.js';
import type { Log } from '../log.js';
import type { Later } from '../store/store.js';

/**
 * A server's end of a WebSocket. Where the peer breaks the protocol, or sends more than `maxPayload`, NemesisDB drops the
 * connection without a close frame (its client sees 1006), and so does this.
 */
export class DroppingWebSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    // 1002, 1003, 1007, 1009: with these, and from inside of ws alone, it closes for what the peer has sent.
    if (code === 1002 || code === 1003 || code === 1007 || code === 1009) this.terminate();
    else super.close(code, reason);
  }
}

/** What a server wrote last, to any of its clients. */
export interface LastReply {
  /** By the server's clock, in ms. */
  writtenAt: number;
}

export interface ConnectionOptions {
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly log: Log;
  /** To be told of each write. */
  readonly lastReply: LastReply;
  /** Bytes of replies that may wait for a client before it is read from no more. */
  readonly highWaterMark: number;
  /** Milliseconds that a client may take nothing of the replies that wait, before it is dropped. */
  readonly stallTimeout: number;
}

interface Frame {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/**
 * What a connection does: `ready` answers frames as they come; `answering` waits for the store; `stalled` waits for the
 * client to read. In the last two, what has arrived already waits in line.
 */
type Phase = 'ready' | 'answering' | 'stalled';

const nothing = Buffer.alloc(0);

/** One client: answers its frames in order of arrival, and never drops a reply. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #stream: Socket;
  readonly #options: ConnectionOptions;
  #phase: Phase = 'ready';
  #line: Frame[] = [];
  #closeAfterAnswer: (() => void) | undefined;
  /** Replies to what arrived together: they leave in one write. */
  #replies: string[] = [];
  /** How many characters they have. */
  #unwritten = 0;
  /** Whether it was told that the client was dropped. */
  #isDropped = false;
  /** Whether anything has arrived since the last look for idle connections. */
  #heard = true;

  constructor(socket: WebSocket, stream: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#stream = stream;
    this.#options = options;
    // ws gives one Buffer a message, as `binaryType` is left alone
    socket.on('message', (data, isBinary) => this.#receive({ data: data as Buffer, isBinary }));
    socket.on('pong', () => {
      this.#heard = true;
    });
    socket.on('ping', () => {
      // ws drops one that sends pings without reading the answers, and says so nowhere else.
      if (stream.destroyed) this.#tellDropped('it sends pings and does not read the answers');
    });
    socket.on('error', (cause) => this.#tellDropped(cause.message));
    socket.on('close', () => this.#forget());
    stream.on('timeout', () => {
      if (this.#phase !== 'stalled') return;
      this.#tellDropped(`it had not read its replies for ${options.stallTimeout} ms`);
      socket.terminate();
    });
  }

  /** Asks the client whether it lives; drops one that has said nothing since it was last asked. */
  checkAlive(): void {
    // It is not being listened to.
    if (this.#phase !== 'ready') return;
    if (!this.#heard) {
      this.#tellDropped('it answers no pings');
      this.#socket.terminate();
      return;
    }
    this.#heard = false;
    this.#socket.ping();
  }

  /**
   * Closes with a close frame, after the answer that is being waited for, if any; drops the connection where the client
   * does not answer the frame in time.
   */
  close(code: number, timeout: number): void {
    if (this.#phase === 'answering') {
      this.#closeAfterAnswer = () => this.close(code, timeout);
      return;
    }
    this.#line = [];
    this.#write();
    this.#socket.close(code);
    // Reads on, for the client's own close frame.
    this.#socket.resume();
    const cancel = this.#options.clock.schedule(() => this.#socket.terminate(), timeout);
    this.#socket.once('close', cancel);
  }

  #receive(frame: Frame): void {
    this.#heard = true;
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#phase === 'ready') this.#process(frame);
    else this.#line.push(frame);
  }

  #process({ data, isBinary }: Frame): void {
    const { dispatcher } = this.#options;
    const reply: Later<string> = isBinary ? dispatcher.answerBinary() : dispatcher.answer(data.toString());
    if (typeof reply === 'string') {
      this.#send(reply);
      return;
    }
    this.#phase = 'answering';
    // Reading on would only fill the line.
    this.#socket.pause();
    void reply.then((text) => {
      if (this.#phase !== 'answering') return;
      this.#phase = 'ready';
      this.#send(text);
      if (this.#closeAfterAnswer) this.#closeAfterAnswer();
      else this.#goOn();
    });
  }

  #send(reply: string): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#replies.length === 0) process.nextTick(this.#write);
    this.#replies.push(reply);
    this.#unwritten += reply.length;
    const { highWaterMark } = this.#options;
    // Written before it is judged: only what the client does not take is held against it.
    if (this.#unwritten > highWaterMark) this.#write();
    if (this.#phase === 'ready' && this.#stream.writableLength > highWaterMark) this.#stall();
  }

  /** Writes past ws, which holds nothing back that this could overtake: it has no compression here. */
  readonly #write = (): void => {
    if (this.#replies.length === 0) return;
    const replies = this.#replies;
    this.#replies = [];
    this.#unwritten = 0;
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#stream.write(encodeTextFrames(replies));
    this.#options.lastReply.writtenAt = this.#options.clock.now();
  };

  #stall(): void {
    this.#phase = 'stalled';
    this.#socket.pause();
    // Begins anew whenever the client takes some of a long reply: `writableLength` falls only when it has all of it.
    this.#stream.setTimeout(this.#options.stallTimeout);
    // Written once all before it is, however little that was: a stream tells of its 'drain' only where it was over its own mark.
    this.#stream.write(nothing, (failed) => {
      if (!failed) this.#drained();
    });
  }

  #drained(): void {
    if (this.#phase !== 'stalled') return;
    this.#stream.setTimeout(0);
    this.#phase = 'ready';
    this.#goOn();
  }

  /** Answers what waits in line, as far as that goes, and then reads on. */
  #goOn(): void {
    let answered = 0;
    for (const frame of this.#line) {
      if (this.#phase !== 'ready') break;
      this.#process(frame);
      answered++;
    }
    this.#line = this.#line.slice(answered);
    if (this.#phase === 'ready' && this.#socket.isPaused) this.#socket.resume();
  }

  #tellDropped(why: string): void {
    if (this.#isDropped) return;
    this.#isDropped = true;
    this.#options.log.warn(`A client was dropped: ${why}.`);
  }

  #forget(): void {
    this.#phase = 'ready';
    this.#line = [];
  }
}
