import { ValueError } from '../errors.js';

const units = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 } as const;

/** Milliseconds of a duration such as `'61 s'`. Throws a `ValueError` for what is none. */
export function millisecondsOf(duration: number | string): number {
  const [, amount, unit] = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h)\s*$/.exec(String(duration)) ?? [];
  const milliseconds =
    typeof duration === 'number' ? duration : Number(amount) * (units[unit as keyof typeof units] ?? 1); // the pattern allows no other unit
  if (milliseconds >= 0 && Number.isFinite(milliseconds)) return milliseconds;
  throw new ValueError("advance: duration must be milliseconds, or a string such as '61 s' or '500 ms'.", 'duration');
}
