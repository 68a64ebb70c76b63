import type { Clock } from '../../clock.js';
import type { NdbError, Outcome } from '../../errors.js';
import type { OutgoingRequest, Receiver } from '../transport.js';
import type { Frame } from './correlator.js';
import { outcomeOf, type Phase, type Request } from './request.js';
import type { RequestLog } from './request-log.js';
import { Deadlines } from './timeouts.js';

const queued: Phase = { at: 'queued' };
const settled: Phase = { at: 'settled' };

/**
 * The requests that somebody waits for. Each leaves exactly once: with its reply, an error, or because nobody waits any
 * more. A receiver is told last, when the books are right, and if its code throws, no other request is harmed.
 */
export class AwaitedRequests {
  readonly #deadlines: Deadlines<Request>;
  #nextId = 1;
  #count = 0;
  #blamed = 0;

  constructor(
    private readonly clock: Clock,
    private readonly log: RequestLog,
    expired: (request: Request) => void,
  ) {
    this.#deadlines = new Deadlines(clock, expired);
  }

  /** How many they are. */
  get size(): number {
    return this.#count;
  }

  /** Whether nobody waits for anything. */
  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Whether any of them may be what a connection was given up for. */
  get hasBlamed(): boolean {
    return this.#blamed > 0;
  }

  /**
   * One of these got the reply for which the connection was given up, and nobody knows which. Those that were blamed before went
   * apart since: it was another's, and the writing does not count against them.
   */
  blame(requests: readonly Request[]): void {
    for (const request of requests) {
      if (request.phase.at === 'settled') continue;
      if (request.blamed) request.writings -= 1;
      else this.#blamed += 1;
      request.blamed = true;
    }
  }

  /** Takes a request in; its time begins. */
  add({ command, text, timeout, repeatable }: OutgoingRequest, receiver: Receiver): Request {
    const sentAt = this.clock.now();
    // Whole ms, so that requests of about one timeout share a line among the deadlines.
    const whole = Math.ceil(timeout);
    const request: Request = {
      command,
      text,
      timeout: whole,
      repeatable,
      replyName: `${command}_RSP`,
      id: this.#nextId++,
      receiver,
      sentAt,
      dueAt: sentAt + whole,
      writings: 0,
      blamed: false,
      phase: queued,
      queued: undefined,
      awaited: undefined,
    };
    this.#count += 1;
    this.#deadlines.add(request);
    return request;
  }

  /** They go back to the queue. */
  waitAgain(requests: readonly Request[]): void {
    for (const request of requests) {
      if (request.phase.at === 'written')
        request.phase = { at: 'queued', firstWrittenAt: request.phase.firstWrittenAt };
    }
  }

  /** Their replies came, one for each. */
  reply(requests: readonly Request[], frames: readonly Frame[]): void {
    const answeredAt = this.clock.now();
    for (let place = 0; place < requests.length; place++) {
      const request = requests[place];
      const frame = frames[place];
      if (request !== undefined && frame !== undefined) this.#reply(request, frame, answeredAt);
    }
  }

  #reply(request: Request, frame: Frame, answeredAt: number): void {
    if (request.phase.at !== 'written') return;
    const { firstWrittenAt } = request.phase;
    this.#release(request);
    this.log.answered(request, frame, answeredAt);
    try {
      request.receiver.replied({ body: frame.body, writtenAt: firstWrittenAt, answeredAt });
    } catch (error) {
      report(error);
    }
  }

  /** It ends in an error. */
  fail(request: Request, error: NdbError & { readonly outcome?: Outcome }): void {
    if (request.phase.at === 'settled') return;
    this.#release(request);
    this.log.failed(request, error);
    try {
      request.receiver.failed(error);
    } catch (thrown) {
      report(thrown);
    }
  }

  /** Nobody waits for it any more. */
  cancel(request: Request): Outcome {
    const outcome = outcomeOf(request.phase);
    this.#release(request);
    // An idle client keeps no timer, closed or not.
    if (this.isEmpty) this.#deadlines.clear();
    this.log.cancelled(request, outcome);
    return outcome;
  }

  /** Stops the time of all of them. */
  stop(): void {
    this.#deadlines.clear();
  }

  #release(request: Request): void {
    request.phase = settled;
    this.#count -= 1;
    if (request.blamed) this.#blamed -= 1;
    this.#deadlines.delete(request);
  }
}

/** An error of a receiver's own code is uncaught, as it is in rxjs: told to whoever listens for such, on a stack of its own. */
function report(error: unknown): void {
  setTimeout(() => {
    throw error;
  });
}
