/** A span of the client's monotonic milliseconds, ends included. */
export interface Interval {
  readonly lo: number;
  readonly hi: number;
}

/** The deadline of a session that never expires. */
export const never: Interval = { lo: Number.POSITIVE_INFINITY, hi: Number.POSITIVE_INFINITY };

/**
 * How far the rates of the client's and the server's clock may differ: quartz is off by less than 100 millionths, on
 * either side. Over a minute that makes 12 ms.
 */
export const rateBound = 200e-6;

/**
 * How far the local clocks may move apart without notice, in ms, besides `rateBound`. Local deadlines may be wrong by
 * as much, so a proof keeps this distance from a deadline.
 */
export const clockTolerance = 250;

/** The span from `duration` ms, by the server's clock, after a moment within `span`. */
export function after(span: Interval, duration: number): Interval {
  return { lo: span.lo + duration * (1 - rateBound), hi: span.hi + duration * (1 + rateBound) };
}

/** How many ms are left if the server says that `remaining` whole seconds are: it cuts toward zero. */
export function timeLeft(remaining: number): Interval {
  if (remaining >= 1) return { lo: remaining * 1000, hi: (remaining + 1) * 1000 };
  if (remaining <= -1) return { lo: (remaining - 1) * 1000, hi: remaining * 1000 };
  return { lo: -1000, hi: 1000 };
}

/** The earliest moment that is `time` ms of the server's clock, positive or negative, after `at`. */
const earliest = (at: number, time: number) => at + time - Math.abs(time) * rateBound;

/** The latest such moment. */
const latest = (at: number, time: number) => at + time + Math.abs(time) * rateBound;

/** The deadline by a reply that says how many whole seconds remain. `span`: from writing the request to its reply. */
export function deadlineFrom(span: Interval, remaining: number): Interval {
  const left = timeLeft(remaining);
  return { lo: earliest(span.lo, left.lo), hi: latest(span.hi, left.hi) };
}

/**
 * When that deadline was set. Not the deadline less the duration: what counts is the time gone by since, in which the
 * clocks had less time to drift apart. It can't have been set after the reply.
 */
export function setFrom(span: Interval, remaining: number, duration: number): Interval {
  const left = timeLeft(remaining);
  return {
    lo: earliest(span.lo, left.lo - duration),
    hi: Math.min(span.hi, latest(span.hi, left.hi - duration)),
  };
}

/** What two intervals have in common; undefined if they are apart. */
export function intersect(one: Interval, other: Interval): Interval | undefined {
  const lo = Math.max(one.lo, other.lo);
  const hi = Math.min(one.hi, other.hi);
  return lo <= hi ? { lo, hi } : undefined;
}
