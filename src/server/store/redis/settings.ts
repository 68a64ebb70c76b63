import type { Expiry } from '../expiry.js';

/**
 * NemesisDB keeps durations as signed 64-bit nanoseconds. What does not fit wraps around, and such a session expires at once
 * or at some other time.
 */
function milliseconds(duration: number | bigint): number {
  if (duration < 9_000_000_000) return Number(duration) * 1000;
  return Math.trunc(Number(BigInt.asIntN(64, BigInt(duration) * 1_000_000_000n)) / 1_000_000);
}

/** Writes how a session expires, as `scripts/parts.ts` describes. Durations that a double can't hold are kept as they are. */
export function settingsText(expiry: Expiry | undefined): string {
  if (expiry === undefined) return '-';
  const letters = [
    expiry.deleteSession ? 'd' : '',
    expiry.extendOnSetAdd ? 's' : '',
    expiry.extendOnGet ? 'g' : '',
    expiry.keepValues ? 'v' : '',
    expiry.duration < 9_000_000_000 ? '' : `(${expiry.duration})`,
  ];
  return `${letters.join('')} ${milliseconds(expiry.duration)}`;
}

/** Reads what `settingsText` wrote. */
export function readSettings(text: string): Expiry | undefined {
  if (text === '-') return undefined;
  const [letters = '', duration = ''] = text.split(' ');
  const [, seconds] = /\((\d+)\)/.exec(letters) ?? [];
  return {
    duration: seconds === undefined ? Number(duration) / 1000 : BigInt(seconds),
    deleteSession: letters.includes('d'),
    extendOnSetAdd: letters.includes('s'),
    extendOnGet: letters.includes('g'),
    ...(letters.includes('v') && { keepValues: true }),
  };
}
