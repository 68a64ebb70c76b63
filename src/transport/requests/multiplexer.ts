import { filter, map, Observable, Subject, Subscription, startWith, take } from 'rxjs';
import type { Clock } from '../../clock.js';
import {
  ClosedError,
  ConnectionError,
  type NdbError,
  type Outcome,
  QueueFullError,
  TimeoutError,
} from '../../errors.js';
import type { JsonObject } from '../../protocol/json.js';
import { exceeds } from '../../protocol/utf8.js';
import type { ActivityLog } from '../activity.js';
import type { ConnectionFailure } from '../connection/connection-state.js';
import type { Link } from '../connection/handshake.js';
import type { TransportOptions } from '../options.js';
import { idBytes } from './ids.js';
import { type PayloadLimit, payloadLimit, tooLarge } from './payload-limit.js';
import { bytesOf, PendingRequests } from './pending-requests.js';
import { Pipeline, type Received } from './pipeline.js';
import {
  brokenConnection,
  closedMeanwhile,
  droppedReply,
  errorOf,
  isWorthRepeating,
  type ReplyLoss,
  replyLost,
  smallerLimit,
} from './reply-loss.js';
import { type OutgoingRequest, outcomeOf, type PendingRequest, type Receiver, type Reply } from './request.js';
import { RequestQueue } from './request-queue.js';

/** Whether requests can flow. */
type Flow =
  /** There is no connection. `reason` says why, as one clause; `failure` is the last one, if there was any. */
  | { readonly type: 'offline'; readonly reason: string; readonly failure: ConnectionFailure | undefined }
  | {
      readonly type: 'online';
      readonly pipeline: Pipeline;
      readonly frames: Subscription;
      /** Shut while the client drains: what was accepted still flows. */
      readonly intake: 'open' | 'shut';
    }
  | { readonly type: 'closed' };

const endOfTurn = Promise.resolve();

/**
 * Many requests over one WebSocket. Each gets an id, waits in a bounded queue, is written in a batch, and ends once: with
 * its own reply, or with an error that says what became of it. A `Correlator` decides whose reply it is.
 *
 * A receiver may do anything when it is called, from `send` to closing the client, so it is called only when everything else
 * is in order.
 */
export class Multiplexer {
  readonly #queue = new RequestQueue<PendingRequest>();
  readonly #pending: PendingRequests;
  readonly #clock: Clock;
  readonly #events$ = new Subject<JsonObject>();
  readonly #settled$ = new Subject<void>();
  #flow: Flow = { type: 'offline', reason: 'open() was not subscribed to', failure: undefined };
  #limit: PayloadLimit;
  #willFlush = false;

  /** What the server pushes: the body of each `SH_EVENT`. Completes when the client is closed. */
  readonly events$: Observable<JsonObject> = this.#events$.asObservable();

  constructor(
    private readonly options: TransportOptions,
    private readonly log: ActivityLog,
  ) {
    this.#clock = options.clock;
    this.#limit = payloadLimit(options.maxPayload, undefined);
    this.#pending = new PendingRequests(
      options.clock,
      log,
      () => (this.#flow.type === 'online' ? this.#flow.pipeline.framesRead : 0),
      (request) => this.#timedOut(request),
    );
  }

  /** How many bytes a request may have: on this connection, or on the last one. */
  get maxPayload(): number {
    return this.#limit.bytes;
  }

  /** The longest time in ms that somebody still waits for a request in flight: a server that works on it is not dead. */
  get longestWait(): number {
    if (this.#flow.type !== 'online') return 0;
    const now = this.#clock.now();
    return this.#pending.of(this.#flow.pipeline.inFlight).reduce((wait, { dueAt }) => Math.max(wait, dueAt - now), 0);
  }

  /** Sends a request when subscribed to, and emits its one reply. Unsubscribing cancels it. */
  multiplex(request: OutgoingRequest): Observable<Reply> {
    return new Observable((subscriber) => {
      const cancel = this.send(request, {
        replied(reply) {
          subscriber.next(reply);
          subscriber.complete();
        },
        failed: (error) => subscriber.error(error),
      });
      return () => void cancel();
    });
  }

  /**
   * The same without an Observable of its own. A command is an Observable already, and a second one costs a tenth of its
   * processor time. Returns its undo, which says what became of the request.
   */
  send(outgoing: OutgoingRequest, receiver: Receiver): () => Outcome {
    const refusal = this.#refusal(outgoing);
    if (refusal !== undefined) {
      receiver.failed(refusal);
      return () => 'not-sent';
    }
    const request = this.#pending.add(outgoing, receiver);
    this.#queue.add(request, outgoing.vital);
    const { id, command, sentAt } = request;
    if (this.log.listening) this.log.note({ type: 'queued', at: sentAt, id, command, bytes: bytesOf(request) });
    this.#flushFullOrSoon();
    return () => this.#cancel(request);
  }

  /** Requests flow over this connection from now on. */
  attach(link: Link): void {
    const { bytes, announced } = payloadLimit(this.options.maxPayload, link.server.maxPayload);
    this.#limit = { bytes: link.peer.pipelining === 'ids' ? bytes - idBytes : bytes, announced };
    const pipeline = new Pipeline(link, this.#clock, this.options.maxInFlight);
    const frames = new Subscription();
    this.#flow = { type: 'online', pipeline, frames, intake: 'open' };
    // Whoever owns the connection deals with its end.
    frames.add(link.socket.subscribe({ next: (text) => this.#received(pipeline.receive(text)), error: () => {} }));
    this.#flushSoon();
  }

  /**
   * There is no connection. What is in flight and may be repeated waits for the next one; the rest fails. `reason` says why
   * there is none, as one clause.
   */
  detach(reason: string, failure?: ConnectionFailure): void {
    if (this.#flow.type === 'closed') return;
    const before = this.#flow;
    const inFlight = this.#endFlow();
    const last = before.type === 'offline' ? before.failure : undefined;
    this.#flow = { type: 'offline', reason, failure: failure ?? last };
    if (failure !== undefined) this.#lose(inFlight, brokenConnection(failure, inFlight, this.#limit));
  }

  /** No connection is sought any more: what waits fails. */
  refuse(failure: ConnectionFailure): void {
    for (const request of this.#takeAll()) {
      const loss = brokenConnection(failure, [], this.#limit);
      this.#pending.fail(
        request,
        errorOf(request, loss, () => new ConnectionError(failure.message, { permanent: true, cause: failure })),
      );
    }
  }

  /** Accepts nothing new. What was accepted still flows; emits and completes when nobody waits for anything any more. */
  drain(): Observable<void> {
    if (this.#flow.type === 'online') this.#flow = { ...this.#flow, intake: 'shut' };
    return this.#settled$.pipe(
      startWith(undefined),
      filter(() => this.#pending.size === 0),
      take(1),
      map(() => undefined),
    );
  }

  /** Nothing flows any more: whatever waits fails, and so does whatever comes. */
  close(): void {
    const requests = [...this.#endFlow(), ...this.#takeAll()];
    this.#flow = { type: 'closed' };
    this.#pending.stopTime();
    for (const request of requests) {
      this.#pending.fail(
        request,
        errorOf(request, closedMeanwhile(), () => new ClosedError()),
      );
    }
    this.#events$.complete();
  }

  /** Ends the flow over a connection, if there is one. Returns what was in flight and is still waited for. */
  #endFlow(): PendingRequest[] {
    if (this.#flow.type !== 'online') return [];
    const { pipeline, frames } = this.#flow;
    frames.unsubscribe();
    pipeline.end();
    return this.#pending.of(pipeline.inFlight);
  }

  #takeAll(): PendingRequest[] {
    const taken: PendingRequest[] = [];
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) taken.push(next);
    return taken;
  }

  #refusal({ command, text, continues = false, vital = false }: OutgoingRequest): NdbError | undefined {
    if (this.#flow.type === 'closed') return new ClosedError();
    if (!continues) {
      if (this.#flow.type === 'online' && this.#flow.intake === 'shut') return new ClosedError();
      const bound = vital ? undefined : this.#queue.boundReachedBy(text, this.options);
      if (bound !== undefined) return new QueueFullError(command, this.#queue.size, bound);
    }
    return exceeds(text, this.maxPayload) ? tooLarge(command, text, this.maxPayload) : undefined;
  }

  #cancel(request: PendingRequest): Outcome {
    this.#queue.delete(request);
    const outcome = this.#pending.cancel(request);
    this.#noteSettled();
    return outcome;
  }

  /**
   * A full batch is written at once: replies come many to a chunk, and the server can work on it while we read the rest. Left
   * to the end of the turn, both sides would take turns (measured at two thirds of the throughput).
   */
  #flushFullOrSoon(): void {
    if (this.#flow.type === 'online' && this.#flow.pipeline.isWorthWriting(this.#queue.size)) this.#flush();
    else this.#flushSoon();
  }

  /** In a microtask, so that everything subscribed to in one turn shares a batch. */
  #flushSoon(): void {
    if (this.#willFlush || this.#flow.type !== 'online' || this.#queue.size === 0) return;
    this.#willFlush = true;
    // Not queueMicrotask: in Node that makes an asynchronous resource each time, measured at 4 % of a lone command's latency.
    void endOfTurn.then(this.#flushNow);
  }

  readonly #flushNow = (): void => {
    this.#willFlush = false;
    this.#flush();
  };

  #flush(): void {
    if (this.#flow.type !== 'online') return;
    const { maxPayload } = this;
    const now = this.#clock.now();
    const { batches, tooLong, overdue } = this.#flow.pipeline.write(this.#queue, maxPayload, now);
    if (this.log.listening) {
      for (const { ids, fenced } of batches) this.log.note({ type: 'written', at: now, ids, fenced });
    }
    for (const request of overdue) this.#timedOut(request);
    for (const request of tooLong) {
      const { command, text } = request;
      const error = errorOf(request, smallerLimit(maxPayload), () => tooLarge(command, text, maxPayload));
      this.#pending.fail(request, error);
    }
    if (tooLong.length > 0) this.#noteSettled();
  }

  #received(received: Received): void {
    switch (received?.type) {
      case 'pushed':
        this.#events$.next(received.body);
        return;
      case 'delivered':
        if (received.fenced) this.#noteFence(received.ids.length, true);
        // As in `send`: if a full batch waits already, it is written before any receiver is called.
        this.#flushFullOrSoon();
        this.#pending.reply(received.ids, received.frames);
        break;
      case 'lost':
        this.#noteFence(received.ids.length, false);
        this.#lose(this.#pending.of(received.ids), droppedReply);
        break;
      default:
        return;
    }
    this.#flushSoon();
    this.#noteSettled();
  }

  /** The replies to these will never come: what may be repeated waits again, the rest fails. */
  #lose(requests: readonly PendingRequest[], loss: ReplyLoss): void {
    const again = requests.filter((request) => isWorthRepeating(request, loss));
    const failed = requests.filter((request) => !isWorthRepeating(request, loss));
    this.#queue.addAgain(again);
    if (this.log.listening) {
      for (const { id, command } of again) this.log.note({ type: 'again', at: this.#clock.now(), id, command });
    }
    for (const request of failed) this.#pending.fail(request, replyLost(request, loss));
  }

  #timedOut(request: PendingRequest): void {
    const { command, timeout } = request;
    const outcome = outcomeOf(request);
    this.#queue.delete(request);
    const { reason, failure } = this.#flow.type === 'offline' ? this.#flow : {};
    const cause = failure === undefined ? {} : { cause: failure };
    const error = new TimeoutError(command, timeout, outcome, reason, cause);
    this.#pending.fail(request, error);
    this.#noteSettled();
  }

  #noteFence(requests: number, complete: boolean): void {
    if (this.log.listening) this.log.note({ type: 'fence', at: this.#clock.now(), requests, complete });
  }

  #noteSettled(): void {
    if (this.#pending.size === 0 && this.#settled$.observed) this.#settled$.next();
  }
}
