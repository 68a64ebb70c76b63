import { randomBytes } from 'node:crypto';
import type { WireValue } from '../json/wire.js';

/** The token of a session: an unsigned 64-bit integer in decimal, without leading zeros. A string, as no double holds it. */
export type SessionToken = string;

const highest = '18446744073709551615';

/** Whether decimal digits without leading zeros fit 64 bits. */
export function fitsToken(digits: string): boolean {
  return digits.length < highest.length || (digits.length === highest.length && digits <= highest);
}

/** The token that a value stands for; `undefined` if it can't be one. */
export function tokenOf(value: WireValue | undefined): SessionToken | undefined {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? String(value) : undefined;
  return typeof value === 'bigint' && value >= 0n ? String(value) : undefined;
}

/** A new token: random, hard to guess, never 0. */
export function randomToken(): SessionToken {
  for (;;) {
    const token = randomBytes(8).readBigUInt64LE();
    if (token !== 0n) return String(token);
  }
}
