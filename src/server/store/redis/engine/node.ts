import { Redis, type RedisOptions } from 'ioredis';
import { scripts } from '../scripts/index.js';
import type { RedisCommand } from '../scripts/script.js';
import type { Call } from './call.js';
import { notReplicated } from './errors.js';

/** Where a node listens, as clusters write it: `127.0.0.1:6379`. */
export type Address = string;

/** What a connection needs besides the address. */
export type Access = Pick<RedisOptions, 'username' | 'password' | 'db' | 'tls'>;

/** How many replicas must confirm what a connection has written, and how many milliseconds they have for it. */
export interface Replication {
  readonly replicas: number;
  readonly timeout: number;
}

/** What a node reports to the one that owns it. */
export interface NodeListener {
  /** A call was answered. With an error: by the node (its code comes first), or because the connection was lost. */
  onReply(call: Call, error: Error | null, reply: unknown): void;
  /** The node can be used now, or can't any more. */
  onChange(): void;
}

/** The error of calls that were written to a connection that is lost. */
export const isConnectionLoss = (error: Error) => error.message === connectionClosed;

/** What ioredis says of a command that was written to a connection that is lost. */
const connectionClosed = 'Connection is closed.';

/** Milliseconds without any answer, while some is due, after which a connection is made anew. */
const silenceLimit = 5000;

/** A connection to one node. Calls made in the same turn of the event loop leave in one write. */
export class RedisNode {
  readonly address: Address;
  readonly #client: Redis;
  readonly #listener: NodeListener;
  readonly #replication: Replication;
  #batch: Call[] = [];
  #isReady = false;
  #unanswered = 0;
  #lastAnswer = 0;
  /** Why it can't be used, if that is known. */
  lastError: unknown;

  constructor(address: Address, access: Access, replication: Replication, listener: NodeListener) {
    this.address = address;
    this.#listener = listener;
    this.#replication = replication;
    this.#client = new Redis({
      ...access,
      ...hostAndPort(address),
      lazyConnect: true,
      // It would send again what may have been executed, so that a write takes effect twice.
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      maxRetriesPerRequest: null,
      retryStrategy: (attempt) => Math.random() * Math.min(1000, 25 * 2 ** attempt),
    });
    this.#client.on('error', (cause) => {
      this.lastError = cause;
    });
    this.#client.on('ready', () => void this.#prepare());
    this.#client.on('close', () => this.#setReady(false));
    // It is tried again, and told by `onChange`.
    this.#client.connect().catch(() => {});
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Sends a call. Only while `isReady`. */
  send(call: Call): void {
    if (this.#batch.length === 0) setImmediate(this.#flush);
    this.#batch.push(call);
  }

  /** Sends a command at once, whoever the shard belongs to. */
  ask(command: RedisCommand): Promise<unknown> {
    const [name, ...args] = command;
    return this.#client.call(name, ...args);
  }

  /** Makes the connection anew if the node has been silent for long though an answer is due. */
  checkSilence(now: number): void {
    if (this.#unanswered === 0 || now - this.#lastAnswer < silenceLimit) return;
    this.#lastAnswer = now;
    this.#client.disconnect(true);
  }

  close(): void {
    this.#client.disconnect();
  }

  async #prepare(): Promise<void> {
    try {
      await this.#load();
      this.lastError = undefined;
      this.#setReady(this.#client.status === 'ready');
    } catch (cause) {
      this.lastError = cause;
      this.#client.disconnect(true);
    }
  }

  /** Loads the scripts again, after somebody has emptied the cache. */
  async reload(): Promise<void> {
    await this.#load().catch(() => {});
  }

  async #load(): Promise<void> {
    const replies = await this.#client.pipeline(scripts.map(({ source }) => ['script', 'LOAD', source])).exec();
    for (const [error] of replies ?? []) if (error !== null) throw error;
  }

  #setReady(isReady: boolean): void {
    if (this.#isReady === isReady) return;
    this.#isReady = isReady;
    this.#listener.onChange();
  }

  readonly #flush = (): void => {
    const calls = this.#batch;
    this.#batch = [];
    const commands: RedisCommand[] = [];
    const places: number[] = [];
    for (const call of calls) {
      // For the next command alone: the node is taking the shard over.
      if (call.askAt !== undefined) commands.push(['asking']);
      places.push(commands.push(call.command) - 1);
    }
    const { replicas, timeout } = this.#replication;
    if (replicas > 0) commands.push(['wait', replicas, timeout]);
    if (this.#unanswered === 0) this.#lastAnswer = performance.now();
    this.#unanswered += calls.length;
    // It never rejects: each command has its own error.
    void this.#client.pipeline(commands).exec((_, replies) => {
      this.#unanswered -= calls.length;
      this.#lastAnswer = performance.now();
      const confirmed = replicas > 0 ? Number(replies?.at(-1)?.[1] ?? 0) : 0;
      const unconfirmed = confirmed < replicas ? notReplicated(replicas, confirmed) : null;
      for (const [index, call] of calls.entries()) {
        const [error, reply] = replies?.[places[index] ?? -1] ?? [new Error(connectionClosed), undefined];
        this.#listener.onReply(call, error ?? unconfirmed, reply);
      }
    });
  };
}

/** An address as the options of ioredis name it. */
export function hostAndPort(address: Address): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) };
}
