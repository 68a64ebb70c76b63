import type { RedisCommand } from '../scripts/script.js';

/** A command on its way to the engine, and what waits for its reply. */
export interface Call {
  readonly command: RedisCommand;
  readonly shard: number;
  /** Calls of a shard take effect in the order of their numbers. */
  readonly number: number;
  /** When it is given up, in milliseconds of `performance.now()`. */
  readonly giveUpAt: number;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
  /** Whether it is with a node, and so may have been executed. */
  isSent: boolean;
  /** The node to try once instead of the shard's own: it is taking the shard over. */
  askAt: string | undefined;
}
