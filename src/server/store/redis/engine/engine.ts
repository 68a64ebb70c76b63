import type { RedisCommand } from '../scripts/script.js';
import type { Call } from './call.js';
import { connectionLost, errorOf, notAnswered, notSent, type Refusal, refusalOf } from './errors.js';
import { type Address, isConnectionLoss, type NodeListener } from './node.js';
import type { Topology } from './topology.js';

/** Milliseconds between two attempts while a shard has no node that takes its calls. */
const retryDelay = 20;

/** Milliseconds between two looks for calls that have waited too long. */
const deadlineCheck = 50;

/** The calls of one shard. */
interface Lane {
  /** How many are with a node. */
  underWay: number;
  /** Calls that wait until a node takes them, in order; `undefined` while calls go straight through. */
  held: Call[] | undefined;
  /** Whether a call was given up since the last reply. */
  isSilent: boolean;
}

/**
 * Sends commands to the nodes of the shards.
 *
 * A command is sent again only if a node has said that it did not execute it (it has moved, it is loading, …). While one
 * command of a shard waits for that, later ones of the shard wait behind it. So commands of a shard take effect once, and in
 * the order in which they were made. A command whose connection is lost fails: nobody knows whether it was executed.
 */
export class Engine implements NodeListener {
  readonly #topology: Topology;
  readonly #timeout: number;
  readonly #lanes: readonly Lane[];
  /** All calls without an answer, the oldest first. */
  readonly #pending = new Set<Call>();
  readonly #deadlines: NodeJS.Timeout;
  #nextNumber = 0;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #whenReady: (() => void)[] = [];

  /** `timeout`: milliseconds after which a call without an answer fails. */
  constructor(makeTopology: (listener: NodeListener) => Topology, shards: number, timeout: number) {
    this.#lanes = Array.from({ length: shards }, () => ({ underWay: 0, held: undefined, isSilent: false }));
    this.#timeout = timeout;
    this.#topology = makeTopology(this);
    this.#deadlines = setInterval(() => this.#giveUpLate(), deadlineCheck);
  }

  /** Whether each shard has a node that answers. */
  get isReady(): boolean {
    if (this.#isClosed) return false;
    return this.#lanes.every(({ isSilent }, shard) => !isSilent && this.#topology.nodeOf(shard)?.isReady === true);
  }

  /** Resolves when each shard has a node that can be used; rejects if that takes longer than the timeout. */
  open(): Promise<void> {
    const timeout = this.#timeout;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(notSent(timeout, this.#lastError())), timeout);
      this.#whenReady.push(() => {
        clearTimeout(timer);
        resolve();
      });
      this.onChange();
    });
  }

  /** Where the node is that has a shard; `undefined` if nobody knows one. */
  addressOf(shard: number): Address | undefined {
    return this.#topology.nodeOf(shard)?.address;
  }

  /** Sends a command to a shard. Rejects with `StoreUnavailable`, or with `OutOfMemory` if the engine is full. */
  call(shard: number, command: RedisCommand): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call: Call = {
        command,
        shard,
        number: this.#nextNumber++,
        giveUpAt: performance.now() + this.#timeout,
        resolve,
        reject,
        isSent: false,
        askAt: undefined,
      };
      if (this.#isClosed) return reject(connectionLost());
      this.#pending.add(call);
      const lane = this.#laneOf(shard);
      if (lane.held === undefined) this.#send(lane, call);
      else lane.held.push(call);
    });
  }

  /** Ends all connections. Calls without an answer fail. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#deadlines);
    clearTimeout(this.#retry);
    for (const node of this.#topology.nodes) node.close();
    for (const call of this.#pending) call.reject(connectionLost());
    this.#pending.clear();
  }

  onReply(call: Call, error: Error | null, reply: unknown): void {
    // It was given up.
    if (!this.#pending.has(call)) return;
    const lane = this.#laneOf(call.shard);
    lane.underWay--;
    if (error === null) lane.isSilent = false;
    if (error === null) this.#settle(call, () => call.resolve(reply));
    else this.#onError(lane, call, error);
    if (lane.held !== undefined && lane.underWay === 0) this.#retryIn(0);
  }

  onChange(): void {
    void this.#topology.refresh().then(() => {
      if (this.isReady) for (const notify of this.#whenReady.splice(0)) notify();
      this.#retryHeld();
    });
  }

  #laneOf(shard: number): Lane {
    const lane = this.#lanes[shard];
    if (lane === undefined) throw new RangeError(`There is no shard ${shard}.`);
    return lane;
  }

  #send(lane: Lane, call: Call): void {
    const node = call.askAt === undefined ? this.#topology.nodeOf(call.shard) : this.#topology.nodeAt(call.askAt);
    if (node?.isReady !== true) {
      call.askAt = undefined;
      this.#hold(lane, call);
      void this.#topology.refresh();
      this.#retryIn(retryDelay);
      return;
    }
    lane.underWay++;
    call.isSent = true;
    node.send(call);
  }

  #onError(lane: Lane, call: Call, error: Error): void {
    if (isConnectionLoss(error)) {
      this.#settle(call, () => call.reject(connectionLost(error)));
      return;
    }
    const refusal = refusalOf(error);
    if (refusal === undefined) {
      this.#settle(call, () => call.reject(errorOf(error)));
      return;
    }
    this.#learn(call, refusal);
    this.#hold(lane, call);
  }

  /** What a refusal says about the way to the shard. */
  #learn(call: Call, refusal: Refusal): void {
    const askedAt = call.askAt;
    call.askAt = undefined;
    switch (refusal.reason) {
      case 'moved':
        this.#topology.moved(call.shard, refusal.to);
        break;
      case 'ask':
        call.askAt = refusal.at;
        break;
      case 'unknown script':
        void this.#topology.nodeOf(call.shard)?.reload();
        break;
      case 'later':
        // Half of what it needs has been moved: the node that takes over is asked again when the first one says so.
        if (askedAt === undefined) void this.#topology.refresh();
    }
  }

  #hold(lane: Lane, call: Call): void {
    call.isSent = false;
    lane.held ??= [];
    // Refusals come in the order of the calls, and before calls made later.
    let at = lane.held.length;
    while (at > 0 && (lane.held[at - 1]?.number ?? 0) > call.number) at--;
    lane.held.splice(at, 0, call);
  }

  #retryIn(delay: number): void {
    if (this.#isClosed) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#retryHeld();
    }, delay);
  }

  #retryHeld(): void {
    let isHeld = false;
    for (const lane of this.#lanes) {
      if (lane.held === undefined) continue;
      isHeld = true;
      // What is still with a node may be refused, and would then come after these.
      if (lane.underWay > 0) continue;
      const calls = lane.held;
      lane.held = undefined;
      for (const call of calls) {
        if (!this.#pending.has(call)) continue;
        if (lane.held === undefined) this.#send(lane, call);
        else this.#hold(lane, call);
      }
    }
    if (isHeld) this.#retryIn(retryDelay);
  }

  #settle(call: Call, settle: () => void): void {
    if (this.#pending.delete(call)) settle();
  }

  #giveUpLate(): void {
    const now = performance.now();
    let isLate = false;
    for (const call of this.#pending) {
      if (call.giveUpAt > now) break;
      isLate = true;
      const lane = this.#laneOf(call.shard);
      lane.isSilent = true;
      if (call.isSent) lane.underWay--;
      this.#settle(call, () =>
        call.reject(call.isSent ? notAnswered(this.#timeout) : notSent(this.#timeout, this.#lastError())),
      );
    }
    for (const node of this.#topology.nodes) node.checkSilence(now);
    // A node that does not answer may have been replaced.
    if (isLate) void this.#topology.refresh();
  }

  #lastError(): unknown {
    for (const node of this.#topology.nodes) if (node.lastError !== undefined) return node.lastError;
    return undefined;
  }
}
