import type { Clock } from '../clock.js';
import {
  ClosedError,
  ConnectionError,
  type NdbError,
  type Outcome,
  PayloadTooLargeError,
  ProtocolError,
  QueueFullError,
  ReplyLostError,
  TimeoutError,
} from '../errors.js';
import { statusName } from '../protocol/status.js';
import { exceeds, utf8Length } from '../protocol/utf8.js';
import type { ActivityLog } from './activity.js';
import type { ConnectionFailure } from './connection-state.js';
import { Correlator, type Frame, type Pipelining, type Settlement, type Waiter } from './correlator.js';
import { Deadlines, type Due } from './deadlines.js';
import { parseFrame } from './frames.js';
import { RequestQueue } from './request-queue.js';
import type { OutgoingRequest, Receiver, TransportOptions } from './transport.js';

/** Where a request is. */
type Phase =
  | { readonly at: 'queued'; readonly firstWrittenAt?: number }
  | { readonly at: 'written'; readonly firstWrittenAt: number; readonly writtenAt: number }
  | { readonly at: 'settled' };

const queued: Phase = { at: 'queued' };
const settled: Phase = { at: 'settled' };

interface Request extends OutgoingRequest, Waiter, Due {
  readonly id: number;
  readonly receiver: Receiver;
  readonly subscribedAt: number;
  writings: number;
  phase: Phase;
}

/** What requests need of the connection they are written to. */
export interface Link {
  readonly pipelining: Pipelining;
  /** Names of replies that answer no request. */
  readonly strays: ReadonlySet<string>;
  nextFence(): string;
  write(frames: readonly string[]): void;
  /** Gives the connection up: what comes over it can't be trusted, or nothing comes any more. */
  fail(error: ConnectionFailure): void;
}

/** Whether requests can flow. */
type Flow =
  | { readonly type: 'none' }
  | {
      readonly type: 'linked';
      readonly link: Link;
      readonly correlator: Correlator<Request>;
      /** Shut while the client drains: what was accepted still flows. */
      readonly intake: 'open' | 'shut';
    }
  | { readonly type: 'over'; readonly error: () => NdbError };

/**
 * Most requests that share one fence. Small enough that two batches of the default `maxInFlight` are under way at once, so
 * that neither side waits for the other; large enough that fences cost little (one in 32 was measured at 7 %).
 */
const maxBatch = 32;

/** Most batches under way: more requests wait for a fence to return and then share one, instead of one fence each. */
const maxBatches = 4;

/** A read that was lost this often is not lost by chance. */
const maxWritings = 3;

/** After this much silence (ms) with requests in flight, a fence asks whether replies were dropped. */
const silence = 1000;

/**
 * Requests on their way: a bounded queue, batches in flight, a timeout for each. Every request settles exactly once: with
 * its own reply, or an error that says what became of it.
 */
export class Requests {
  readonly #queue = new RequestQueue<Request>();
  readonly #deadlines: Deadlines<Request>;
  readonly #clock: Clock;
  #flow: Flow = { type: 'none' };
  #flushing = false;
  #nextId = 1;
  #heard = 0;
  #watch: { readonly cancel: () => void } | undefined;

  constructor(
    private readonly options: TransportOptions,
    private readonly log: ActivityLog,
    /** How many bytes a request may have now. */
    private readonly maxPayload: () => number,
    /** Called whenever nothing is queued or in flight any more. */
    private readonly drained: () => void,
  ) {
    this.#clock = options.clock;
    this.#deadlines = new Deadlines(options.clock, (request) => this.#timedOut(request));
  }

  /** Counts the signs of life of the peer. */
  get heard(): number {
    return this.#heard;
  }

  /** Whether any request is queued or in flight. */
  get busy(): boolean {
    return this.#queue.size > 0 || (this.#flow.type === 'linked' && this.#flow.correlator.inFlight > 0);
  }

  /** The longest time in ms that a request in flight still waits for its reply: a peer that works on it is not dead. */
  get patience(): number {
    if (this.#flow.type !== 'linked') return 0;
    const now = this.#clock.now();
    let longest = 0;
    for (const request of this.#flow.correlator.waiting()) {
      if (request.phase.at === 'written') longest = Math.max(longest, request.dueAt - now);
    }
    return longest;
  }

  /** See `Transport.send`. */
  send(outgoing: OutgoingRequest, receiver: Receiver): () => Outcome {
    const refusal = this.#refusal(outgoing);
    if (refusal !== undefined) {
      receiver.failed(refusal);
      return () => 'not-sent';
    }
    const { command, text, timeout, repeatable } = outgoing;
    const subscribedAt = this.#clock.now();
    const request: Request = {
      command,
      text,
      timeout,
      repeatable,
      replyName: `${command}_RSP`,
      id: this.#nextId++,
      receiver,
      subscribedAt,
      dueAt: subscribedAt + timeout,
      writings: 0,
      phase: queued,
    };
    this.#queue.add(request);
    this.#deadlines.add(request);
    if (this.log.listening) {
      this.log.note({ type: 'queued', at: subscribedAt, id: request.id, command, bytes: utf8Length(text) });
    }
    // A full batch leaves at once: replies come many to a chunk, and the server can work on it while we read the rest. Left
    // to the microtask after the chunk, both sides would take turns: measured at two thirds of the throughput.
    if (this.#queue.size >= maxBatch) this.#flush();
    else this.#flushSoon();
    return () => this.#cancel(request);
  }

  /** Requests flow over this connection from now on. */
  attach(link: Link): void {
    const correlator = new Correlator<Request>(link.pipelining, () => link.nextFence());
    this.#flow = { type: 'linked', link, correlator, intake: 'open' };
    this.#flushSoon();
  }

  /** Nothing new is accepted; what was still flows, and `drained` is called when it is done. */
  drain(): void {
    if (this.#flow.type === 'linked') this.#flow = { ...this.#flow, intake: 'shut' };
    if (!this.busy) this.drained();
  }

  /** The connection is lost: what is in flight and may be repeated waits for the next one, the rest fails. */
  detach(error: ConnectionFailure): void {
    if (this.#flow.type !== 'linked') return;
    const lost = this.#flow.correlator.waiting();
    this.#flow = { type: 'none' };
    this.#lose(lost, 'unknown', this.#reasonOf(error, lost), error);
  }

  /** Nothing flows any more: whatever waits fails, and so does whatever comes. */
  end(error: () => NdbError): void {
    const inFlight = this.#flow.type === 'linked' ? this.#flow.correlator.waiting() : [];
    this.#flow = { type: 'over', error };
    this.#watch?.cancel();
    this.#watch = undefined;
    const cause = error();
    for (const request of inFlight) {
      this.#fail(request, new ReplyLostError(request.command, 'unknown', 'the client was closed', { cause }));
    }
    for (const request of this.#queue.take(Number.POSITIVE_INFINITY)) this.#fail(request, error());
    this.#deadlines.clear();
  }

  /** A sign of life other than a frame. */
  alive(): void {
    this.#heard += 1;
  }

  /** A frame came over the connection. */
  received(text: string): void {
    if (this.#flow.type !== 'linked') return;
    this.#heard += 1;
    const { link, correlator } = this.#flow;
    let frame: Frame;
    try {
      frame = parseFrame(text);
    } catch (error) {
      this.#distrust(link, correlator, error instanceof ProtocolError ? error.message : 'A reply can not be read.');
      return;
    }
    if (link.strays.has(frame.name)) return;
    this.#settle(link, correlator.received(frame));
  }

  /** A binary frame came: NemesisDB sends none. */
  receivedBinary(): void {
    if (this.#flow.type !== 'linked') return;
    this.#distrust(this.#flow.link, this.#flow.correlator, 'A binary frame came; NemesisDB sends text.');
  }

  #refusal({ command, text }: OutgoingRequest): NdbError | undefined {
    if (this.#flow.type === 'over') return this.#flow.error();
    if (this.#flow.type === 'linked' && this.#flow.intake === 'shut') return new ClosedError();
    const { maxQueued, maxQueuedBytes } = this.options;
    if (this.#queue.size >= maxQueued || this.#queue.characters + text.length > maxQueuedBytes) {
      return new QueueFullError(command, this.#queue.size);
    }
    return this.#tooLarge(command, text);
  }

  #tooLarge(command: string, text: string): PayloadTooLargeError | undefined {
    const limit = this.maxPayload();
    return exceeds(text, limit) ? new PayloadTooLargeError(command, utf8Length(text), limit) : undefined;
  }

  #cancel(request: Request): Outcome {
    const { phase } = request;
    if (phase.at === 'settled') return 'executed';
    request.phase = settled;
    this.#deadlines.delete(request);
    this.#deadlines.rest();
    if (phase.at === 'queued') this.#queue.delete(request);
    if (!this.busy) this.drained();
    return phase.at === 'queued' && phase.firstWrittenAt === undefined ? 'not-sent' : 'unknown';
  }

  /** In a microtask, so that everything subscribed to in one turn shares a batch. */
  #flushSoon(): void {
    if (this.#flushing || this.#flow.type !== 'linked' || this.#queue.size === 0) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#flow.type !== 'linked') return;
    const { link, correlator } = this.#flow;
    const frames: string[] = [];
    const writtenAt = this.#clock.now();
    for (;;) {
      const room =
        link.pipelining === 'serial' ? 1 - correlator.inFlight : this.options.maxInFlight - correlator.inFlight;
      if (room <= 0 || correlator.batches >= maxBatches) break;
      const taken = this.#queue.take(Math.min(room, maxBatch));
      if (taken.length === 0) break;
      const batch = taken.filter((request) => this.#fits(request));
      if (batch.length === 0) continue;
      const fence = correlator.written(batch);
      const first: Phase = { at: 'written', firstWrittenAt: writtenAt, writtenAt };
      for (const request of batch) {
        const firstWrittenAt = request.phase.at === 'queued' ? request.phase.firstWrittenAt : undefined;
        request.phase = firstWrittenAt === undefined ? first : { at: 'written', firstWrittenAt, writtenAt };
        request.writings += 1;
        frames.push(request.text);
      }
      if (fence !== undefined) frames.push(fenceFrame(fence));
      if (this.log.listening) {
        this.log.note({ type: 'written', at: writtenAt, ids: batch.map(({ id }) => id), fenced: fence !== undefined });
      }
    }
    if (frames.length === 0) return;
    this.#watchSilence();
    link.write(frames);
  }

  /** The server may have announced a smaller limit since the request was queued. */
  #fits(request: Request): boolean {
    const error = this.#tooLarge(request.command, request.text);
    if (error === undefined) return true;
    this.#fail(request, error);
    return false;
  }

  #settle(link: Link, settlement: Settlement<Request>): void {
    switch (settlement.type) {
      case 'pending':
        return;
      case 'confused':
        link.fail(new ProtocolError(`The connection was given up: ${settlement.reason}.`));
        return;
      case 'delivered':
        this.#noteFence(settlement.fenced, settlement.waiters.length, true);
        this.#deliver(settlement.waiters, settlement.frames);
        break;
      case 'lost':
        this.#noteFence(true, settlement.waiters.length, false);
        this.#lose(settlement.waiters, 'executed', 'the server dropped a reply, as it does when it is read too slowly');
        break;
    }
    if (this.busy) this.#flushSoon();
    else this.drained();
  }

  #deliver(requests: readonly Request[], frames: readonly Frame[]): void {
    const answeredAt = this.#clock.now();
    for (let place = 0; place < requests.length; place++) {
      const request = requests[place];
      const frame = frames[place];
      if (request === undefined || frame === undefined || request.phase.at !== 'written') continue;
      const { firstWrittenAt, writtenAt } = request.phase;
      request.phase = settled;
      this.#deadlines.delete(request);
      if (this.log.listening) this.#noteAnswer(request, frame, answeredAt);
      request.receiver.replied({ body: frame.body, writtenAt, firstWrittenAt, answeredAt });
    }
  }

  /** These replies will never come: what may be repeated is, the rest fails. */
  #lose(requests: readonly Request[], outcome: 'unknown' | 'executed', reason: string, cause?: unknown): void {
    const again: Request[] = [];
    const failed: Request[] = [];
    for (const request of requests) {
      if (request.phase.at !== 'written') continue;
      if (!request.repeatable || request.writings >= maxWritings) failed.push(request);
      else {
        request.phase = { at: 'queued', firstWrittenAt: request.phase.firstWrittenAt };
        again.push(request);
        if (this.log.listening) {
          this.log.note({ type: 'again', at: this.#clock.now(), id: request.id, command: request.command });
        }
      }
    }
    this.#queue.addAgain(again);
    for (const request of failed) {
      this.#fail(request, new ReplyLostError(request.command, outcome, reason, { cause }));
    }
  }

  #fail(request: Request, error: NdbError & { readonly outcome?: Outcome }): void {
    if (request.phase.at === 'settled') return;
    request.phase = settled;
    this.#deadlines.delete(request);
    if (this.log.listening) {
      const { id, command } = request;
      const outcome = error.outcome ?? 'unknown';
      this.log.note({ type: 'failed', at: this.#clock.now(), id, command, code: error.code, outcome });
    }
    request.receiver.failed(error);
  }

  /** A request in flight keeps its place in the reply stream: its late reply must not reach anybody else. */
  #timedOut(request: Request): void {
    const { phase } = request;
    if (phase.at === 'settled') return;
    if (phase.at === 'queued') this.#queue.delete(request);
    const left = phase.at === 'written' || phase.firstWrittenAt !== undefined;
    this.#fail(request, new TimeoutError(request.command, request.timeout, left ? 'unknown' : 'not-sent'));
    if (!this.busy) this.drained();
  }

  /** A reply that can't be read. Alone in flight, it is the answer to one request, which must not ask for it again. */
  #distrust(link: Link, correlator: Correlator<Request>, what: string): void {
    const waiting = correlator.waiting();
    const [alone] = waiting;
    if (waiting.length === 1 && alone !== undefined) {
      this.#fail(alone, new ProtocolError(`${alone.command}: ${what}`, alone.command));
    }
    link.fail(new ProtocolError(what));
  }

  /**
   * While requests are in flight and nothing comes: a fence asks whether replies were dropped. Where all that is in flight
   * has timed out and even that gives no sign, there is nothing left to lose: the connection is given up for a new one.
   */
  #watchSilence(): void {
    if (this.#watch !== undefined) return;
    const heard = this.#heard;
    const check = () => {
      this.#watch = undefined;
      if (this.#flow.type !== 'linked' || this.#flow.correlator.inFlight === 0) return;
      const { link, correlator } = this.#flow;
      this.#watchSilence();
      if (this.#heard !== heard) return;
      if (correlator.waiting().every(({ phase }) => phase.at === 'settled')) {
        link.fail(new ConnectionError('The server answers nothing any more, not even a request that it has to echo.'));
        return;
      }
      const fence = correlator.probe();
      if (fence !== undefined) link.write([fenceFrame(fence)]);
    };
    this.#watch = { cancel: this.#clock.schedule(check, silence) };
  }

  /** Measured: a server drops the connection, without a close code, at a request over its own limit. */
  #reasonOf(error: ConnectionFailure, lost: readonly Request[]): string {
    const longest = lost.reduce((bytes, { text }) => Math.max(bytes, text.length), 0);
    const abrupt = error instanceof ConnectionError && error.closeCode === 1006;
    return abrupt && longest > suspiciousLength
      ? `the server cut the connection after a request of ${longest} characters, so its maxPayload is likely smaller (1024 as shipped)`
      : 'the connection broke';
  }

  #noteFence(fenced: boolean, requests: number, complete: boolean): void {
    if (fenced && this.log.listening) this.log.note({ type: 'fence', at: this.#clock.now(), requests, complete });
  }

  #noteAnswer({ id, command, subscribedAt }: Request, { body }: Frame, at: number): void {
    const status = statusName(typeof body.st === 'number' ? body.st : Number.NaN);
    this.log.note({ type: 'answered', at, id, command, latency: at - subscribedAt, status });
  }
}

/** NemesisDB 0.7 is shipped with a `maxPayload` of 1024: a longer request may be what a server cut the connection for. */
const suspiciousLength = 1024;

const fenceFrame = (name: string): string => `{"${name}":{}}`;
