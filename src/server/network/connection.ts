import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Clock } from '../../clock.js';
import type { Caller } from '../commands/context.js';
import type { Dispatcher, Execution } from '../commands/dispatcher.js';
import type { Reply } from '../json/replies.js';
import type { Log } from '../log.js';
import type { EventSink } from '../watch/watch.js';
import { Watches } from '../watch/watches.js';
import type { Reader, ReplyMemory } from './reply-memory.js';
import { ReplySlots, type Slot } from './reply-slots.js';
import type { TurnQueue, TurnTaker } from './turn-queue.js';

/**
 * A WebSocket of the server. If the peer breaks the protocol or sends more than `maxPayload`, NemesisDB drops the connection
 * without a close frame (its client sees 1006), and so does this.
 */
export class DroppingWebSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    // 1002, 1003, 1007, 1009: only ws itself closes with these, for what the peer has sent.
    if (code === 1002 || code === 1003 || code === 1007 || code === 1009) this.terminate();
    else super.close(code, reason);
  }
}

export interface ConnectionOptions {
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly log: Log;
  readonly turns: TurnQueue;
  readonly replyMemory: ReplyMemory;
  /** Bytes of replies that may wait for a client before its requests are no longer executed. */
  readonly highWaterMark: number;
  /** Milliseconds in which a client may read nothing of the replies that wait. */
  readonly stallTimeout: number;
}

interface Frame {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/** Requests that have arrived and are not executed yet. Beyond these bounds the socket is not read. */
const maxInbox = { frames: 256, bytes: 64 * 1024 };

/** Bytes that may wait for a client before no more events are pushed to it. */
const maxWaitingEvents = 4 * 2 ** 20;

/**
 * What a connection does: `serving`; `stalled` until the client has read the replies that wait for it; `closing` until the
 * store has answered what is under way; `closed`.
 */
type State = 'serving' | 'stalled' | 'closing' | 'closed';

/** One client. Executes its requests in order of arrival, several at a time if the store takes a while, and drops no reply. */
export class Connection implements TurnTaker, Reader, EventSink, Caller {
  /** Names it in the events that its commands cause. */
  readonly id: string;
  readonly watches = new Watches(this);
  readonly #socket: WebSocket;
  readonly #stream: Socket;
  readonly #options: ConnectionOptions;
  #state: State = 'serving';
  #inbox: Frame[] = [];
  #inboxBytes = 0;
  /** The request that is next, if it was read already. */
  #next: Execution | undefined;
  readonly #slots = new ReplySlots();
  /** Who waits until nothing waits for the client any more. */
  #draining: (() => void)[] = [];
  /** Bytes written in this turn. */
  #written = 0;
  /** Whether events were pushed in this turn. */
  #isPushing = false;
  #isDropped = false;
  /** Whether anything has arrived since the last check for idle connections. */
  #isActive = true;
  #close = () => {};

  constructor(id: string, socket: WebSocket, stream: Socket, options: ConnectionOptions) {
    this.id = id;
    this.#socket = socket;
    this.#stream = stream;
    this.#options = options;
    // ws gives one Buffer a message, as `binaryType` is left alone
    socket.on('message', (data, isBinary) => this.#receive({ data: data as Buffer, isBinary }));
    socket.on('pong', () => {
      this.#isActive = true;
    });
    socket.on('ping', () => {
      // ws destroys the stream of a client that sends pings without reading the answers, and reports it nowhere else.
      if (stream.destroyed) this.#logDropped('it sends pings and does not read the answers');
    });
    socket.on('error', (cause) => this.#logDropped(cause.message));
    socket.on('close', () => this.#forget());
    stream.on('timeout', () => {
      if (this.#state === 'stalled') this.#drop(`it has not read its replies for ${options.stallTimeout} ms`);
    });
  }

  /** Pings the client; drops it if nothing has arrived since the last ping. */
  checkAlive(): void {
    // Nothing is read from it now, not even a pong.
    if (this.#socket.isPaused) return;
    if (!this.#isActive) {
      this.#drop('it answers no pings');
      return;
    }
    this.#isActive = false;
    this.#socket.ping();
  }

  /** Closes with a close frame once what is under way is answered. Drops a client that does not answer the frame in time. */
  close(code: number, timeout: number): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#state = 'closing';
    this.#emptyInbox();
    this.#close = () => {
      this.#socket.close(code);
      // Reads on, for the client's own close frame.
      this.#socket.resume();
      const cancel = this.#options.clock.schedule(() => this.#socket.terminate(), timeout);
      this.#socket.once('close', cancel);
    };
    this.watches.end();
    this.#endDraining();
    if (this.#slots.isEmpty) this.#close();
  }

  /** Executes requests that have arrived, and sends replies that are there. */
  takeTurn(until: number): boolean {
    this.#written = 0;
    this.#stream.cork();
    for (const reply of this.#slots.takeReady()) this.#send(reply);
    for (let count = 1; this.#isReady(); count++) {
      this.#execute();
      if (this.#written > this.#options.highWaterMark) break;
      // Looking at the time costs a hundredth of a request.
      if (count % 8 === 0 && performance.now() >= until) break;
    }
    this.#stream.uncork();
    this.#noteWaiting();
    if (this.#state === 'closing' && this.#slots.isEmpty) this.#close();
    if (this.#state === 'serving' && this.#socket.isPaused && !this.#isInboxFull()) this.#socket.resume();
    return this.#isReady();
  }

  push(frame: string): boolean {
    if (this.#state === 'closed' || this.#socket.readyState !== WebSocket.OPEN) return true;
    if (this.#socket.bufferedAmount > maxWaitingEvents) return false;
    if (!this.#isPushing) {
      this.#isPushing = true;
      // All events of this turn leave in one write.
      this.#stream.cork();
      process.nextTick(() => {
        this.#isPushing = false;
        this.#stream.uncork();
        this.#noteWaiting();
      });
    }
    this.#socket.send(frame, this.#onWritten);
    return true;
  }

  drained(): Promise<void> {
    if (this.#state === 'closed' || this.#socket.bufferedAmount === 0) return Promise.resolve();
    return new Promise((resolve) => this.#draining.push(resolve));
  }

  dropForMemory(): void {
    this.#drop('the replies that wait for it take too much memory');
  }

  #receive(frame: Frame): void {
    this.#isActive = true;
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#inbox.push(frame);
    this.#inboxBytes += frame.data.length;
    if (this.#isInboxFull()) this.#socket.pause();
    if (this.#state === 'serving') this.#options.turns.request(this);
  }

  #isInboxFull(): boolean {
    return this.#inbox.length >= maxInbox.frames || this.#inboxBytes >= maxInbox.bytes;
  }

  /** Whether the next request can be executed now. */
  #isReady(): boolean {
    if (this.#state !== 'serving' || this.#inbox.length === 0) return false;
    if (this.#slots.isEmpty) return true;
    this.#next ??= this.#read();
    return this.#slots.allows(this.#next.scope);
  }

  #read(): Execution {
    const [frame] = this.#inbox;
    const { dispatcher } = this.#options;
    if (frame === undefined || frame.isBinary) return dispatcher.readBinary();
    return dispatcher.read(frame.data.toString());
  }

  #execute(): void {
    const { scope, line, run } = this.#next ?? this.#read();
    this.#next = undefined;
    this.#inboxBytes -= this.#inbox.shift()?.data.length ?? 0;
    const reply = run(this);
    if (!(reply instanceof Promise)) {
      if (this.#slots.delays(line)) this.#slots.add({ scope: 'place', line, reply });
      else this.#send(reply);
      return;
    }
    const slot: Slot = { scope, line, reply: undefined };
    this.#slots.add(slot);
    void reply.then((answer) => {
      slot.reply = answer;
      if (this.#state !== 'closed') this.#options.turns.request(this);
    });
  }

  #send(reply: Reply): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (typeof reply !== 'string' && 'pieces' in reply) {
      this.#sendPieces(reply.pieces);
      return;
    }
    const text = typeof reply === 'string' ? reply : reply.text;
    this.#written += text.length;
    this.#socket.send(text, this.#onWritten);
    if (typeof reply !== 'string') reply.onSent();
  }

  #sendPieces(pieces: readonly Buffer[]): void {
    for (const [index, piece] of pieces.entries()) {
      this.#written += piece.length;
      this.#socket.send(piece, { binary: false, fin: index === pieces.length - 1 }, this.#onWritten);
    }
  }

  readonly #onWritten = (): void => {
    if (this.#draining.length > 0 && this.#socket.bufferedAmount === 0) this.#endDraining();
    if (this.#state === 'stalled') this.#noteWaiting();
  };

  #endDraining(): void {
    const waiting = this.#draining;
    this.#draining = [];
    for (const resolve of waiting) resolve();
  }

  /** Notes how much waits for the client to read, and stalls if it is too much. */
  #noteWaiting(): void {
    const waiting = this.#socket.bufferedAmount;
    if (this.#state !== 'closed') this.#options.replyMemory.set(this, waiting);
    if (this.#state === 'serving' && waiting > this.#options.highWaterMark) this.#stall();
    else if (this.#state === 'stalled' && waiting === 0) this.#goOn();
  }

  #stall(): void {
    this.#state = 'stalled';
    this.#socket.pause();
    // The platform begins it anew each time that the client reads some of a long reply.
    this.#stream.setTimeout(this.#options.stallTimeout);
  }

  #goOn(): void {
    this.#state = 'serving';
    this.#stream.setTimeout(0);
    this.#options.turns.request(this);
  }

  #drop(why: string): void {
    this.#logDropped(why);
    this.#socket.terminate();
  }

  #logDropped(why: string): void {
    if (this.#isDropped) return;
    this.#isDropped = true;
    this.#options.log.warn(`A client was dropped: ${why}.`);
  }

  #emptyInbox(): void {
    this.#inbox = [];
    this.#inboxBytes = 0;
    this.#next = undefined;
  }

  #forget(): void {
    this.#state = 'closed';
    this.#emptyInbox();
    this.watches.end();
    this.#endDraining();
    this.#options.turns.leave(this);
    this.#options.replyMemory.set(this, 0);
  }
}
