import { member, type WireObject } from '../json/wire.js';

/** How a session expires: the `expiry` of `SH_NEW`. */
export interface Expiry {
  /** Seconds, never 0. A `bigint` if a double can't hold it. */
  readonly duration: number | bigint;
  /** Whether the session ends with its keys. If not, only the keys go and the duration begins anew. */
  readonly deleteSession: boolean;
  /** Whether `SH_SET` and `SH_ADD` move the deadline. */
  readonly extendOnSetAdd: boolean;
  /** Whether `SH_GET` moves the deadline. */
  readonly extendOnGet: boolean;
  /** Whether the event of its expiry carries what the session held. An extension of this server; default `false`. */
  readonly keepValues?: boolean;
}

/** Reads an `expiry` whose members were checked. `undefined`: the session never expires, whatever the flags say. */
export function readExpiry(expiry: WireObject): Expiry | undefined {
  const { duration } = expiry;
  if ((typeof duration !== 'number' && typeof duration !== 'bigint') || duration === 0) return undefined;
  return {
    duration,
    deleteSession: member(expiry, 'deleteSession') === true,
    extendOnGet: member(expiry, 'extendOnGet') === true,
    extendOnSetAdd: member(expiry, 'extendOnSetAdd') === true,
    ...(member(expiry, 'keepValues') === true && { keepValues: true }),
  };
}
