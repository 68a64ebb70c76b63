import type { JsonObject } from '../../protocol/json.js';

/**
 * Which reply belongs to which request, proven.
 *
 * The wire has no request ids. A server answers a connection in order, one reply a request, but drops replies without a
 * word once 128 KiB of them wait for a slow reader; matching by order alone would then hand one caller's data to another.
 * So requests go out in batches, each closed by a **fence**: a request under a name of our own, which the server answers
 * under that name. When its reply arrives, everything before it has been answered or dropped: the batch is delivered if
 * there is one reply for each request, each under the name its request calls for; otherwise none of it is trusted.
 * A request alone on the wire needs no fence: whatever comes is its reply.
 *
 * That proves what a server leaves out, not what it adds: NemesisDB never does. Should a peer send what nobody asked for, most
 * of it shows by its content or by coming when nothing is asked; and as one lone request after the other could be given its
 * predecessor's reply, a fence now and then counts what came. Nobody waits for that one.
 *
 * Pure: no sockets, no clock, no rxjs.
 */

/** A request as the correlator sees it. */
export interface Waiter {
  /** The name its reply comes under, such as `SH_GET_RSP`. */
  readonly replyName: string;
}

/** A reply as the correlator sees it. */
export interface Frame {
  readonly name: string;
  readonly body: JsonObject;
}

/** What a frame settles. */
export type Settlement<W> =
  /** Each waiter has its own reply: `frames[i]` is that of `waiters[i]`. */
  | {
      readonly type: 'delivered';
      readonly waiters: readonly W[];
      readonly frames: readonly Frame[];
      readonly fenced: boolean;
    }
  /** At least one reply was dropped, so none can be told apart. The server has executed all of these. */
  | { readonly type: 'lost'; readonly waiters: readonly W[] }
  /** Nothing yet: the fence has not come. */
  | { readonly type: 'pending' }
  /** No NemesisDB answers so. The connection is not to be trusted. */
  | { readonly type: 'confused'; readonly reason: string };

/** How the peer can be spoken to: `fenced` if it echoes our fences, `serial` (one request at a time) if not. */
export type Pipelining = 'fenced' | 'serial';

/** How a peer answers, as its greeting has proven. */
export interface Habits {
  readonly pipelining: Pipelining;
  /** The one name under which a serial peer answers whatever it does not know, if it does. */
  readonly unknownName: string | undefined;
}

interface Batch<W> {
  readonly waiters: W[];
  /** The name of the fence's reply; none while the batch is one request alone. */
  fence: string | undefined;
}

const pending = { type: 'pending' } as const;

/** After so many lone requests in a row a fence counts what came. */
const loneInARow = 16;

const misnamed = { type: 'confused', reason: 'a reply came under the name of another command' } as const;

/** The status of an unknown command. */
const commandNotExist = 10;

/** One connection's requests in flight. */
export class Correlator<W extends Waiter> {
  readonly #batches: Batch<W>[] = [];
  #received: Frame[] = [];
  #inFlight = 0;
  /** How many lone requests were answered since the last fence. */
  #lone = 0;
  /** The reply to the last fence that counts. */
  #counting: string | undefined;
  /** Whose reply can't be its own, where that is certain: the connection is given up for it. */
  #misanswered: W | undefined;

  constructor(
    private readonly habits: Habits,
    /** A name that was never used before on this connection, such as `SH_1f`. */
    private readonly nextFence: () => string,
  ) {}

  /** How many requests are written and unanswered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many batches are under way. */
  get batches(): number {
    return this.#batches.length;
  }

  /** Every request in flight, oldest first. */
  waiting(): W[] {
    return this.#batches.flatMap((batch) => batch.waiters);
  }

  /**
   * Notes that these requests are written now, in this order. Returns the name of the fence to be written after them, or
   * nothing where they need none: one request, when none is in flight, unless it is to have one all the same. A serial peer
   * takes no other.
   */
  written(waiters: readonly W[], isFenced = false): string | undefined {
    const isFirst = this.#isClear();
    this.#inFlight += waiters.length;
    const last = this.#batches.at(-1);
    if (isFirst && waiters.length === 1 && !(isFenced && this.habits.pipelining === 'fenced')) {
      this.#batches.push({ waiters: [...waiters], fence: undefined });
      return undefined;
    }
    const fence = this.nextFence();
    // A lone request whose reply has not come: what follows it makes its reply ambiguous, so it shares the fence.
    if (last !== undefined && last.fence === undefined) {
      last.waiters.push(...waiters);
      last.fence = `${fence}_RSP`;
    } else {
      this.#batches.push({ waiters: [...waiters], fence: `${fence}_RSP` });
    }
    return fence;
  }

  /** The one to which whatever comes next is the reply; undefined where it may be another's, or a fence's. */
  get next(): W | undefined {
    if (this.#misanswered !== undefined) return this.#misanswered;
    const [waiter, ...others] = this.#batches[0]?.waiters ?? [];
    return others.length === 0 && this.#received.length === 0 ? waiter : undefined;
  }

  /** A fence that counts what came, where it is time for one: written with nobody waiting, so that it keeps nobody waiting. */
  count(): string | undefined {
    if (this.#lone < loneInARow || this.habits.pipelining === 'serial' || this.#batches.length > 0) return undefined;
    const fence = this.written([]);
    this.#counting = `${fence}_RSP`;
    return fence;
  }

  /**
   * A fence for what is in flight already, to find out whether replies were dropped when none come any more. Nothing where
   * the peer echoes none or nothing is in flight.
   */
  probe(): string | undefined {
    return this.habits.pipelining === 'serial' || this.#inFlight === 0 ? undefined : this.written([]);
  }

  /** Takes a frame in, and says what it settles. */
  received(frame: Frame): Settlement<W> {
    const first = this.#batches[0];
    if (first === undefined) return { type: 'confused', reason: 'a reply came that nothing had asked for' };
    if (first.fence === undefined) return this.#answerAlone(first, frame);
    const fenced = this.#batches.findIndex((batch) => batch.fence === frame.name);
    if (fenced >= 0) return this.#closeUpTo(fenced);
    this.#received.push(frame);
    // Every request gives one reply at most, so more than are in flight prove a peer of another kind.
    if (this.#received.length > this.#inFlight)
      return { type: 'confused', reason: 'more replies came than requests left' };
    return pending;
  }

  /** Whether nothing is under way but a fence that counts, which comes for certain: the server has nothing else to send. */
  #isClear(): boolean {
    const first = this.#batches[0];
    if (first === undefined) return true;
    return this.#batches.length === 1 && first.fence !== undefined && first.fence === this.#counting;
  }

  #answerAlone(batch: Batch<W>, frame: Frame): Settlement<W> {
    const waiter = batch.waiters[0];
    const stray = this.#firstStray(batch.waiters, [frame]);
    if (waiter === undefined || stray !== undefined) return stray ?? misnamed;
    this.#batches.shift();
    this.#inFlight -= 1;
    this.#lone += 1;
    return { type: 'delivered', waiters: [waiter], frames: [frame], fenced: false };
  }

  /** The fence at this place in the line came: what was written up to it is settled, earlier fences were dropped. */
  #closeUpTo(index: number): Settlement<W> {
    const first = this.#batches[0];
    // Nearly always it is one batch, whose list will do.
    const waiters =
      index === 0 && first !== undefined
        ? first.waiters
        : this.#batches.slice(0, index + 1).flatMap((batch) => batch.waiters);
    const frames = this.#received;
    if (frames.length > waiters.length) return { type: 'confused', reason: 'more replies came than requests left' };
    // Whatever was dropped, what came is in order: where none is missing, each stands in its own place.
    const complete = frames.length === waiters.length;
    const stray = complete ? this.#firstStray(waiters, frames) : undefined;
    if (stray !== undefined) {
      if (waiters.length === 1) this.#misanswered = waiters[0];
      return stray;
    }
    this.#batches.splice(0, index + 1);
    this.#received = [];
    this.#inFlight -= waiters.length;
    this.#lone = 0;
    return complete ? { type: 'delivered', waiters, frames, fenced: true } : { type: 'lost', waiters };
  }

  /** What is wrong with the first reply that can't be that of the waiter in its place, where there is one. */
  #firstStray(waiters: readonly W[], frames: readonly Frame[]): typeof misnamed | undefined {
    for (let place = 0; place < waiters.length; place++) {
      const waiter = waiters[place];
      const frame = frames[place];
      if (waiter === undefined || frame === undefined || !this.#answers(frame, waiter)) return misnamed;
    }
    return undefined;
  }

  #answers(frame: Frame, waiter: W): boolean {
    return (
      frame.name === waiter.replyName ||
      // Measured: a server answers some failures as ERR, such as KV_UPDATE with a malformed path.
      frame.name === 'ERR' ||
      // Measured: 0.9 and later answer an unknown command under the name of the first such since it started.
      (frame.name === this.habits.unknownName && frame.body.st === commandNotExist)
    );
  }
}
