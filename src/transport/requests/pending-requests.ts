import type { Clock } from '../../clock.js';
import type { NdbError, Outcome } from '../../errors.js';
import type { Frame } from '../../protocol/frame.js';
import { statusName } from '../../protocol/status.js';
import { utf8Length } from '../../protocol/utf8.js';
import type { ActivityLog } from '../activity.js';
import { type OutgoingRequest, outcomeOf, type PendingRequest, type Receiver } from './request.js';
import { Timeouts } from './timeouts.js';

/**
 * The requests that somebody waits for, by id. Each leaves exactly once: with its reply, with an error, or because nobody
 * waits any more. Its receiver is called last, when everything else is in order, and if its code throws, no other request is
 * harmed.
 */
export class PendingRequests {
  readonly #pending = new Map<number, PendingRequest>();
  readonly #timeouts: Timeouts<PendingRequest>;
  #lastId = 0;

  constructor(
    private readonly clock: Clock,
    private readonly log: ActivityLog,
    framesRead: () => number,
    timedOut: (request: PendingRequest) => void,
  ) {
    this.#timeouts = new Timeouts(clock, framesRead, timedOut);
  }

  /** How many they are. */
  get size(): number {
    return this.#pending.size;
  }

  get(id: number): PendingRequest | undefined {
    return this.#pending.get(id);
  }

  /** Those of these ids that somebody still waits for. */
  of(ids: readonly number[]): PendingRequest[] {
    return ids.flatMap((id) => this.#pending.get(id) ?? []);
  }

  /** Takes a request in. Its time begins. */
  add({ command, text, timeout, repeatable }: OutgoingRequest, receiver: Receiver): PendingRequest {
    const sentAt = this.clock.now();
    // Whole milliseconds, so that requests of about the same timeout share a list of `Timeouts`.
    const whole = Math.ceil(timeout);
    const request: PendingRequest = {
      id: ++this.#lastId,
      command,
      text,
      timeout: whole,
      repeatable,
      receiver,
      sentAt,
      dueAt: sentAt + whole,
      writtenAt: undefined,
      writings: 0,
      queued: undefined,
      awaited: undefined,
    };
    this.#pending.set(request.id, request);
    this.#timeouts.add(request);
    return request;
  }

  /** Their replies came, one for each. */
  reply(ids: readonly number[], frames: readonly Frame[]): void {
    const answeredAt = this.clock.now();
    for (const [place, id] of ids.entries()) {
      const request = this.#pending.get(id);
      const frame = frames[place];
      if (request !== undefined && frame !== undefined) this.#reply(request, frame, answeredAt);
    }
  }

  #reply(request: PendingRequest, { body }: Frame, answeredAt: number): void {
    const { id, command, sentAt, receiver } = request;
    const { writtenAt = sentAt } = request; // it has one, as it was written
    this.#release(request);
    if (this.log.listening) {
      const status = statusName(typeof body.st === 'number' ? body.st : Number.NaN);
      this.log.note({ type: 'answered', at: answeredAt, id, command, latency: answeredAt - sentAt, status });
    }
    try {
      receiver.replied({ body, writtenAt, answeredAt });
    } catch (error) {
      report(error);
    }
  }

  /** It ends in an error. */
  fail(request: PendingRequest, error: NdbError): void {
    if (!this.#pending.has(request.id)) return;
    this.#release(request);
    const { id, command } = request;
    if (this.log.listening) {
      this.log.note({ type: 'failed', at: this.clock.now(), id, command, code: error.code, outcome: error.outcome });
    }
    try {
      request.receiver.failed(error);
    } catch (thrown) {
      report(thrown);
    }
  }

  /** Nobody waits for it any more. Returns what became of it. */
  cancel(request: PendingRequest): Outcome {
    if (!this.#pending.has(request.id)) return 'executed';
    const outcome = outcomeOf(request);
    this.#release(request);
    // An idle client keeps no timer.
    if (this.size === 0) this.stopTime();
    const { id, command } = request;
    if (this.log.listening) this.log.note({ type: 'cancelled', at: this.clock.now(), id, command, outcome });
    return outcome;
  }

  /** Nothing times out any more. */
  stopTime(): void {
    this.#timeouts.clear();
  }

  #release(request: PendingRequest): void {
    this.#pending.delete(request.id);
    this.#timeouts.delete(request);
  }
}

/** The bytes of a request, for the log. */
export const bytesOf = ({ text }: PendingRequest): number => utf8Length(text);

/** An error that a receiver's own code throws is uncaught, as it is in RxJS: it is reported on a stack of its own. */
function report(error: unknown): void {
  setTimeout(() => {
    throw error;
  });
}
