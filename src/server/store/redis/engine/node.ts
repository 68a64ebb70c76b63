import { Redis, type RedisOptions } from 'ioredis';
import { scripts } from '../scripts/index.js';
import type { RedisCommand } from '../scripts/script.js';
import type { Call } from './call.js';

/** Where a node listens, as clusters write it: `127.0.0.1:6379`. */
export type Address = string;

/** What a connection needs besides the address. */
export type Access = Pick<RedisOptions, 'username' | 'password' | 'db' | 'tls'>;

/** What a node reports to the one that owns it. */
export interface NodeListener {
  /** A call was answered. With an error: by the node (its code comes first), or because the connection was lost. */
  onReply(call: Call, error: Error | null, reply: unknown): void;
  /** The node can be used now, or can't any more. */
  onChange(): void;
}

/** The error of calls that were written to a connection that is lost. */
export const isConnectionLoss = (error: Error) => error.message === 'Connection is closed.';

/** Milliseconds without any answer, while some is due, after which a connection is made anew. */
const silenceLimit = 5000;

/** A connection to one node. Calls made in the same turn of the event loop leave in one write. */
export class RedisNode {
  readonly address: Address;
  readonly #client: Redis;
  readonly #listener: NodeListener;
  #batch: Call[] = [];
  #isReady = false;
  #unanswered = 0;
  #lastAnswer = 0;
  /** Why it can't be used, if that is known. */
  lastError: unknown;

  constructor(address: Address, access: Access, listener: NodeListener) {
    this.address = address;
    this.#listener = listener;
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
    if (this.#unanswered > 0 && now - this.#lastAnswer > silenceLimit) this.#client.disconnect(true);
  }

  close(): void {
    this.#client.disconnect();
  }

  async #prepare(): Promise<void> {
    try {
      await Promise.all(scripts.map(({ source }) => this.#client.script('LOAD', source)));
      this.lastError = undefined;
      this.#setReady(this.#client.status === 'ready');
    } catch (cause) {
      this.lastError = cause;
      this.#client.disconnect(true);
    }
  }

  /** Loads the scripts again, after somebody has emptied the cache. */
  async reload(): Promise<void> {
    await Promise.all(scripts.map(({ source }) => this.#client.script('LOAD', source))).catch(() => {});
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
      call.isWritten = true;
    }
    if (this.#unanswered === 0) this.#lastAnswer = performance.now();
    this.#unanswered += calls.length;
    // ioredis takes commands as arrays of their parts, and never rejects: each has its own error.
    void this.#client.pipeline(commands).exec((_, replies) => {
      this.#unanswered -= calls.length;
      this.#lastAnswer = performance.now();
      for (const [index, call] of calls.entries()) {
        const [error, reply] = replies?.[places[index] ?? -1] ?? [new Error('Connection is closed.'), undefined];
        this.#listener.onReply(call, error, reply);
      }
    });
  };
}

/** An address as the options of ioredis name it. */
export function hostAndPort(address: Address): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) };
}
