/** A span of the client's monotonic ms, ends included. */
export interface Interval {
  /** Its beginning. */
  readonly lo: number;
  /** Its end. */
  readonly hi: number;
}

/** The deadline of a session that never expires. */
export const never: Interval = { lo: Number.POSITIVE_INFINITY, hi: Number.POSITIVE_INFINITY };

/**
 * How far the rates of the local and the server's clock may differ: quartz is off by less than 100 millionths, on either
 * side. Over a minute that makes 12 ms.
 */
export const rateBound = 200e-6;

/** Between which moments it is `duration` ms, by the server's clock, after a moment within `span`. */
export function after(span: Interval, duration: number): Interval {
  return { lo: span.lo + duration * (1 - rateBound), hi: span.hi + duration * (1 + rateBound) };
}

/** Between which moments it was `duration` ms, by the server's clock, before a moment within `span`. */
export function before(span: Interval, duration: number): Interval {
  return { lo: span.lo - duration * (1 + rateBound), hi: span.hi - duration * (1 - rateBound) };
}

/** How many ms are left, where the server says `remaining` whole seconds: it cuts toward zero. */
export function timeLeft(remaining: number): Interval {
  if (remaining >= 1) return { lo: remaining * 1000, hi: (remaining + 1) * 1000 };
  if (remaining <= -1) return { lo: (remaining - 1) * 1000, hi: remaining * 1000 };
  return { lo: -1000, hi: 1000 };
}

/** `at` of one end, moved by a time of the server's clock, positive or negative, as early as that can be. */
const earliest = (at: number, time: number) => at + time - Math.abs(time) * rateBound;

/** As above, as late as that can be. */
const latest = (at: number, time: number) => at + time + Math.abs(time) * rateBound;

/** Where the deadline lies, by a reply that says so many whole seconds remain; asked and answered within `span`. */
export function deadlineFrom(span: Interval, remaining: number): Interval {
  const left = timeLeft(remaining);
  return { lo: earliest(span.lo, left.lo), hi: latest(span.hi, left.hi) };
}

/**
 * When that deadline was set. Not the deadline less the duration: what counts is the time gone by since, over which the
 * clocks had less time to drift apart. It can't have been set after the reply.
 */
export function setFrom(span: Interval, remaining: number, duration: number): Interval {
  const left = timeLeft(remaining);
  return {
    lo: earliest(span.lo, left.lo - duration),
    hi: Math.min(span.hi, latest(span.hi, left.hi - duration)),
  };
}

/** What two intervals have in common; nothing where they are apart. */
export function intersect(one: Interval, other: Interval): Interval | undefined {
  const lo = Math.max(one.lo, other.lo);
  const hi = Math.min(one.hi, other.hi);
  return lo <= hi ? { lo, hi } : undefined;
}
