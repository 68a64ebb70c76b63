import type { JsonObject, JsonValue } from '../protocol/json.js';
import type { Reply } from '../transport/transport.js';
import type { Interval } from './deadline.js';
import type { SessionReport } from './state.js';

/** From writing a request for the first time to its answer. */
export const spanOf = (reply: Reply): Interval => ({ lo: reply.writtenAt, hi: reply.answeredAt });

/** The tokens that a reply to `SH_EXISTS` lists; undefined where it is no list of tokens. */
export function tokensIn(value: JsonValue | undefined): Set<bigint> | undefined {
  if (!Array.isArray(value)) return undefined;
  const tokens = new Set<bigint>();
  for (const item of value) {
    if (typeof item === 'bigint') tokens.add(item);
    else if (typeof item === 'number' && Number.isSafeInteger(item)) tokens.add(BigInt(item));
    else return undefined;
  }
  return tokens;
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isNumeric = (value: JsonValue | undefined): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint';

/** What a reply to `SH_INFO` tells; undefined where it is none. */
export function reportOf({ keyCnt, expires, expiry }: JsonObject): SessionReport | undefined {
  if (!isNumeric(keyCnt)) return undefined;
  const keyCount = Number(keyCnt);
  if (expires === false) {
    const settings = { duration: 0, deleteSession: false, extendOnSetAdd: false, extendOnGet: false };
    return { keyCount, remaining: 0, settings };
  }
  if (!isObject(expiry) || !isNumeric(expiry.duration) || !isNumeric(expiry.remaining)) return undefined;
  return {
    keyCount,
    remaining: Number(expiry.remaining),
    settings: {
      duration: Number(expiry.duration) * 1000,
      deleteSession: expiry.deleteSession === true,
      extendOnSetAdd: expiry.extendOnSetAdd === true,
      extendOnGet: expiry.extendOnGet === true,
    },
  };
}
