import { StoreUnavailable } from '../../store.js';

/** The engine is out of memory and has refused a write. Nothing was changed. */
export class OutOfMemory extends Error {
  override readonly name = 'OutOfMemory';
}

/** Why the engine has not executed a command, so that it may be sent again, perhaps to another node. */
export type Refusal =
  | { readonly reason: 'moved'; readonly to: string }
  | { readonly reason: 'ask'; readonly at: string }
  /** A node that is not ready: keys of the shard are being moved, it is loading, a master is being elected, and such. */
  | { readonly reason: 'later' }
  /** Somebody has emptied the engine's cache of scripts. */
  | { readonly reason: 'unknown script' };

const passing = new Set([
  'TRYAGAIN',
  'CLUSTERDOWN',
  'LOADING',
  'MASTERDOWN',
  'READONLY',
  'NOREPLICAS',
  'BUSY',
  'MISCONF',
]);

/** Reads a reply that is an error. `undefined`: the command was executed, or never can be. */
export function refusalOf({ message }: Error): Refusal | undefined {
  // What ioredis says if the connection went away before the command was written.
  if (message.startsWith("Stream isn't writeable")) return { reason: 'later' };
  const [code = '', , address = ''] = message.split(' ', 3);
  if (code === 'MOVED') return { reason: 'moved', to: address };
  if (code === 'ASK') return { reason: 'ask', at: address };
  if (code === 'NOSCRIPT') return { reason: 'unknown script' };
  return passing.has(code) ? { reason: 'later' } : undefined;
}

/** The error of a command that has failed for good. */
export function errorOf(cause: Error): Error {
  if (cause instanceof StoreUnavailable) return cause;
  if (cause.message.startsWith('OOM')) return new OutOfMemory('The store is out of memory.', { cause });
  return new StoreUnavailable('The store could not execute the command.', { cause });
}

export const connectionLost = (cause?: unknown) =>
  new StoreUnavailable('The connection to the store was lost before it answered. The command may have taken effect.', {
    cause,
  });

export const notAnswered = (timeout: number) =>
  new StoreUnavailable(`The store did not answer within ${timeout} ms. The command may still take effect.`);

export const notReplicated = (wanted: number, found: number) =>
  new StoreUnavailable(
    `Only ${found} of ${wanted} replicas have confirmed the command. It has taken effect, but may be lost.`,
  );

export const notSent = (timeout: number, cause: unknown) =>
  new StoreUnavailable(`The store could not be reached for ${timeout} ms. The command was not executed.`, { cause });
