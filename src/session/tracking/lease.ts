import type { Clock } from '../../clock.js';
import type { EventBase, OverEvent, SessionEvent, SessionState } from '../events.js';
import { type EventBody, isFinal, type LeaseState, shownDeadline } from '../lease/lease-state.js';

/** Somebody who is subscribed to a stream of a session. */
export interface Watcher {
  event(event: SessionEvent): void;
  /** The state has changed, with or without an event. */
  changed(): unknown;
  /** Nothing will follow: the session is gone, or the client closed. */
  over(): void;
}

/** A lease, as all but the tracker see it. */
export type Lease = Readonly<Pick<TrackedLease, 'tkn' | 'state' | 'lead' | 'unansweredAt' | 'snapshot' | 'final'>> & {
  readonly watchers: ReadonlySet<Watcher>;
};

/** What the client keeps of a session. Only the tracker has this side of it. */
export class TrackedLease {
  readonly watchers = new Set<Watcher>();
  /** How many ms before the deadline `expiring` comes: the most that any of the session's handles asks for. */
  lead = 0;
  /** When a probe was given up last that nobody answered. */
  unansweredAt = Number.NEGATIVE_INFINITY;
  /** The event with which it ended, for those who subscribe later. */
  final: OverEvent | undefined;
  /** How many touches of `keepAlive` wait for a probe. */
  touchesWaiting = 0;
  #seq = 0;
  #snapshot: SessionState | undefined;
  #shown: LeaseState | undefined;

  constructor(
    readonly tkn: bigint,
    public state: LeaseState,
    /** How many commands had been settled when a reply showed what is known. */
    readonly madeBy: number,
    /** How many doubts it has taken in. */
    public epoch: number,
    private readonly clocks: Pick<Clock, 'now' | 'wall'>,
  ) {}

  /** What `state$` emits. The same object until something changes. */
  get snapshot(): SessionState {
    if (this.#snapshot === undefined || this.#shown !== this.state) {
      const fresh = snapshotOf(this.state);
      if (this.#snapshot === undefined || !looksLike(this.#snapshot, fresh)) {
        this.#snapshot = Object.freeze(
          'deadline' in fresh ? { ...fresh, expiresAt: wallTime(fresh.deadline.lo, this.clocks) } : fresh,
        );
      }
      this.#shown = this.state;
    }
    return this.#snapshot;
  }

  /** Watching begins: events are numbered anew. */
  begin(state: LeaseState): void {
    this.state = state;
    this.#seq = 0;
  }

  /** Makes an event of the present state. */
  eventOf(body: EventBody): SessionEvent {
    this.#seq += 1;
    const { known } = this.state;
    const event = Object.assign(
      new StampedEvent(this.tkn, this.#seq, known.cycle, shownDeadline(known), this.clocks),
      body,
    );
    if (isFinal(event)) this.final = event;
    return event;
  }
}

/**
 * What all events have. `Object.assign` adds the rest: to spread one was measured to give each event a hidden class of
 * its own, a KiB.
 */
class StampedEvent {
  readonly at: number;
  readonly expiresAt: Date | undefined;

  constructor(
    readonly tkn: bigint,
    readonly seq: number,
    readonly cycle: number,
    readonly deadline: EventBase['deadline'],
    clocks: Pick<Clock, 'now' | 'wall'>,
  ) {
    this.at = clocks.now();
    this.expiresAt = wallTime(deadline.lo, clocks);
  }

  toJSON(): object {
    return { ...this, tkn: String(this.tkn) };
  }
}

/** A monotonic time by the wall clock, if a calendar has it. */
function wallTime(at: number, clocks: Pick<Clock, 'now' | 'wall'>): Date | undefined {
  const date = new Date(clocks.wall() + at - clocks.now());
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function snapshotOf(state: LeaseState): SessionState {
  const { known } = state;
  const { cycle } = known;
  const ongoing = { deadline: shownDeadline(known), expiresAt: undefined, cycle };
  switch (state.is) {
    case 'over': {
      const { end } = state;
      if (end.type === 'closed') return { state: 'closed', cycle };
      if (end.type === 'expired') return { state: 'expired', certainty: end.certainty, cycle };
      return { state: 'ended', by: end.by, certainty: end.certainty, cycle };
    }
    case 'suspended':
      return { state: 'suspended', reason: state.reason, ...ongoing };
    case 'unwatched':
    case 'opening':
      return { state: 'opening', ...ongoing };
    default:
      return { state: state.is, ...ongoing };
  }
}

/** Whether two snapshots show the same. */
function looksLike(one: SessionState, other: SessionState): boolean {
  if (one.state !== other.state || one.cycle !== other.cycle) return false;
  if ('reason' in one && 'reason' in other && one.reason !== other.reason) return false;
  if (!('deadline' in one && 'deadline' in other)) return !('deadline' in one || 'deadline' in other);
  return one.deadline.lo === other.deadline.lo && one.deadline.hi === other.deadline.hi;
}
