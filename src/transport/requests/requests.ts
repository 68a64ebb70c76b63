import type { Clock } from '../../clock.js';
import { ClosedError, type NdbError, type Outcome, ProtocolError, QueueFullError, TimeoutError } from '../../errors.js';
import { exceeds } from '../../protocol/utf8.js';
import type { ActivityLog } from '../activity.js';
import type { ConnectionFailure } from '../connection/connection-state.js';
import type { OutgoingRequest, Receiver, TransportOptions } from '../transport.js';
import type { Settlement } from './correlator.js';
import { type PayloadLimit, payloadLimit, tooLarge } from './payload-limit.js';
import { AwaitedRequests } from './pending-requests.js';
import { type Link, Traffic, type Unreadable } from './pipeline.js';
import {
  brokenConnection,
  closedMeanwhile,
  droppedReply,
  errorOf,
  type ReplyLoss,
  replyLost,
  smallerLimit,
} from './reply-loss.js';
import { outcomeOf, type Request } from './request.js';
import { RequestLog } from './request-log.js';
import { RequestQueue } from './request-queue.js';

/** Whether requests can flow. */
type Flow =
  | { readonly type: 'none' }
  | {
      readonly type: 'linked';
      readonly traffic: Traffic;
      /** Shut while the client drains: what was accepted still flows. */
      readonly intake: 'open' | 'shut';
    }
  | { readonly type: 'over'; readonly error: () => NdbError };

const thisTurn = Promise.resolve();

/**
 * Requests on their way: a bounded queue, and batches in flight over a connection. Every request settles exactly once: with
 * its own reply, or an error that says what became of it. Whoever hears of that may call anything in turn, from `send` to
 * closing the client: so nobody is told before the books are right.
 */
export class Requests {
  readonly #queue = new RequestQueue<Request>();
  readonly #awaited: AwaitedRequests;
  readonly #clock: Clock;
  readonly #log: RequestLog;
  #flow: Flow = { type: 'none' };
  #flushing = false;
  #limit: PayloadLimit;
  #heard = 0;

  constructor(
    private readonly options: TransportOptions,
    log: ActivityLog,
    /** Called whenever nobody waits for a request any more. */
    private readonly drained: () => void,
  ) {
    this.#limit = payloadLimit(options.maxPayload, undefined);
    this.#clock = options.clock;
    this.#log = new RequestLog(log, options.clock);
    this.#awaited = new AwaitedRequests(options.clock, this.#log, (request) => this.#timedOut(request));
  }

  /** Counts the signs of life of the peer. */
  get heard(): number {
    return this.#heard;
  }

  /** How many somebody waits for. */
  get awaited(): number {
    return this.#awaited.size;
  }

  /** How many bytes a request may have: as of the connection, or of the last one. */
  get maxPayload(): number {
    return this.#limit.bytes;
  }

  /** The longest time in ms that somebody still waits for a reply. */
  get patience(): number {
    return this.#flow.type === 'linked' ? this.#flow.traffic.patience : 0;
  }

  /** See `Transport.send`. */
  send(outgoing: OutgoingRequest, receiver: Receiver): () => Outcome {
    const refusal = this.#refusal(outgoing);
    if (refusal !== undefined) {
      receiver.failed(refusal);
      return () => 'not-sent';
    }
    const request = this.#awaited.add(outgoing, receiver);
    this.#queue.add(request, outgoing.vital);
    this.#log.queued(request);
    // A full batch leaves at once: replies come many to a chunk, and the server can work on it while we read the rest. Left
    // to the microtask after the chunk, both sides would take turns: measured at two thirds of the throughput.
    if (!this.#flushFull()) this.#flushSoon();
    return () => this.#cancel(request);
  }

  /** Requests flow over this connection from now on. */
  attach(link: Link): void {
    this.#limit = payloadLimit(this.options.maxPayload, link.announcedMaxPayload);
    const traffic = new Traffic(link, this.#clock, this.options.maxInFlight);
    this.#flow = { type: 'linked', traffic, intake: 'open' };
    this.#flushSoon();
  }

  /** Nothing new is accepted; what was still flows, and `drained` is called when it is done. */
  drain(): void {
    if (this.#flow.type === 'linked') this.#flow = { ...this.#flow, intake: 'shut' };
    this.#rest();
  }

  /** The connection is lost: what is in flight and may be repeated waits for the next one, the rest fails. */
  detach(failure: ConnectionFailure): void {
    if (this.#flow.type !== 'linked') return;
    const { culprit } = this.#flow.traffic;
    const inFlight = this.#unlink();
    this.#flow = { type: 'none' };
    const loss = brokenConnection(failure, inFlight, this.#limit, culprit);
    if (loss.blamesReply) {
      this.#awaited.blame(inFlight.filter((request) => request !== culprit && loss.worthRepeating(request)));
    }
    this.#lose(inFlight, loss);
  }

  /** Nothing flows any more: whatever waits fails, and so does whatever comes. The failure is there unless we closed. */
  end(error: () => NdbError, failure: ConnectionFailure | undefined): void {
    const inFlight = this.#unlink();
    const waiting = this.#queue.take(Number.POSITIVE_INFINITY);
    this.#flow = { type: 'over', error };
    this.#awaited.stop();
    const loss =
      failure === undefined ? closedMeanwhile() : brokenConnection(failure, inFlight, this.#limit, undefined);
    for (const request of [...inFlight, ...waiting]) this.#awaited.fail(request, errorOf(request, loss, error));
  }

  /** A sign of life other than a frame. */
  alive(): void {
    this.#heard += 1;
  }

  /** A frame came over the connection. */
  received(text: string): void {
    if (this.#flow.type !== 'linked') return;
    this.#heard += 1;
    this.#settle(this.#flow.traffic, this.#flow.traffic.arrive(text));
  }

  /** A binary frame came: NemesisDB sends none. */
  receivedBinary(): void {
    if (this.#flow.type !== 'linked') return;
    const { traffic } = this.#flow;
    this.#settle(traffic, traffic.unreadable('A binary frame came; NemesisDB sends text.'));
  }

  /** Ends the traffic over the connection, if there is one; what was in flight comes back. */
  #unlink(): Request[] {
    if (this.#flow.type !== 'linked') return [];
    this.#flow.traffic.end();
    return this.#flow.traffic.inFlight;
  }

  #refusal({ command, text, continues = false, vital = false }: OutgoingRequest): NdbError | undefined {
    if (this.#flow.type === 'over') return this.#flow.error();
    if (!continues) {
      if (this.#flow.type === 'linked' && this.#flow.intake === 'shut') return new ClosedError();
      const bound = vital ? undefined : this.#queue.boundReachedBy(text, this.options);
      if (bound !== undefined) return new QueueFullError(command, this.#queue.size, bound);
    }
    return exceeds(text, this.maxPayload) ? tooLarge(command, text, this.maxPayload) : undefined;
  }

  #cancel(request: Request): Outcome {
    if (request.phase.at === 'settled') return 'executed';
    this.#queue.delete(request);
    const outcome = this.#awaited.cancel(request);
    this.#rest();
    return outcome;
  }

  /** In a microtask, so that everything subscribed to in one turn shares a batch. */
  #flushSoon(): void {
    if (this.#flushing || this.#flow.type !== 'linked' || this.#queue.size === 0) return;
    this.#flushing = true;
    // Not queueMicrotask: in Node that makes an asynchronous resource each time, measured at 4 % of a lone command's latency.
    void thisTurn.then(this.#flushNow);
  }

  readonly #flushNow = (): void => {
    this.#flushing = false;
    this.#flush();
  };

  /** Flushes where that is worth it at once; whether it was. */
  #flushFull(): boolean {
    if (this.#flow.type !== 'linked' || !this.#flow.traffic.isWorthwhile(this.#queue.size)) return false;
    this.#flush();
    return true;
  }

  #flush(): void {
    if (this.#flow.type !== 'linked') return;
    const maxPayload = this.maxPayload;
    const now = this.#clock.now();
    const apart = this.#awaited.hasBlamed;
    const { batches, refused } = this.#flow.traffic.depart(this.#queue, { maxPayload, now, apart });
    this.#log.written(batches, now);
    if (refused.length > 0) this.#refuse(refused, maxPayload);
  }

  /** The server announced a smaller limit after these were queued. */
  #refuse(requests: readonly Request[], maxPayload: number): void {
    const loss = smallerLimit(maxPayload);
    for (const request of requests) {
      this.#awaited.fail(
        request,
        errorOf(request, loss, () => tooLarge(request.command, request.text, maxPayload)),
      );
    }
    this.#rest();
  }

  #settle(traffic: Traffic, settlement: Settlement<Request> | Unreadable): void {
    switch (settlement.type) {
      case 'pending':
        return;
      case 'unreadable': {
        const { what, answers } = settlement;
        // It must not ask for the same again. Whether the frame was its reply, or one that nobody asked for, is not known.
        if (answers !== undefined) {
          this.#awaited.fail(
            answers,
            new ProtocolError(`${answers.command}: ${what}`, answers.command, { outcome: 'unknown' }),
          );
        }
        traffic.fail(new ProtocolError(what));
        return;
      }
      case 'confused':
        traffic.fail(new ProtocolError(`The connection was given up: ${settlement.reason}.`));
        return;
      case 'delivered':
        if (settlement.fenced) this.#log.fence(settlement.waiters.length, true);
        // As in `send`: of those that wait already, a full batch leaves before anybody is told.
        this.#flushFull();
        this.#awaited.reply(settlement.waiters, settlement.frames);
        break;
      case 'lost':
        this.#log.fence(settlement.waiters.length, false);
        this.#lose(settlement.waiters, droppedReply);
        break;
    }
    this.#flushSoon();
    this.#rest();
  }

  /** These replies will never come: what may be repeated is, the rest fails. */
  #lose(requests: readonly Request[], loss: ReplyLoss): void {
    const lost = requests.filter(({ phase }) => phase.at === 'written');
    const again = lost.filter((request) => loss.worthRepeating(request));
    const failed = lost.filter((request) => !loss.worthRepeating(request));
    this.#awaited.waitAgain(again);
    this.#queue.addAgain(again);
    this.#log.again(again);
    for (const request of failed) this.#awaited.fail(request, replyLost(request, loss));
  }

  #timedOut(request: Request): void {
    const { command, timeout, phase } = request;
    if (phase.at === 'settled') return;
    const reason = this.#flow.type === 'linked' ? undefined : 'there was no connection, and connection$ tells why';
    const error = new TimeoutError(command, timeout, outcomeOf(phase), reason);
    this.#queue.delete(request);
    this.#awaited.fail(request, error);
    this.#rest();
  }

  #rest(): void {
    if (this.#awaited.isEmpty) this.drained();
  }
}
