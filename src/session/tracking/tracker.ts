import { defer, finalize, type Observable, Subscription } from 'rxjs';
import { Status } from '../../protocol/status.js';
import type { Reply } from '../../transport/transport.js';
import type { SessionEvent } from '../events.js';
import { type Evidence, evidenceOf, evidenceOfLoss, spanOf, tokensIn } from '../lease/evidence.js';
import { clockTolerance, type Interval } from '../lease/interval.js';
import type { Known } from '../lease/lease-state.js';
import { next, opened, withoutBeginning } from '../lease/transition.js';
import type { CommandObserver, SessionPort, SettledCommand } from '../port.js';
import { ClockJumps } from './clock-jumps.js';
import { type Lease, TrackedLease, type Watcher } from './lease.js';
import { Notifier } from './notifier.js';
import { Prober } from './prober.js';
import { Recovery } from './recovery.js';
import { nextStep } from './schedule.js';
import { TimerQueue } from './timer-queue.js';

/** How sessions are watched: see the client's options. */
export interface TrackerOptions {
  readonly expiringBefore?: number | undefined;
  readonly sweepInterval?: number | undefined;
  readonly probeEvery?: number | undefined;
}

/**
 * Owns all leases: nobody else changes one. Whatever is learned is evidence, and takes the one path through `#apply`:
 * the transition says what it means, the notifier delivers the events, and the schedule says what to do next. Nothing
 * runs while nobody watches.
 */
export class Tracker implements CommandObserver {
  /** Leases that somebody watches. */
  readonly #leases = new Map<bigint, TrackedLease>();
  readonly #recovery = new Recovery();
  readonly #clockJumps: ClockJumps;
  readonly #notifier: Notifier;
  readonly #timers: TimerQueue<TrackedLease>;
  readonly #prober: Prober;
  /** While somebody watches: timers of a hidden page fire late, so that what is due is done when it is shown. */
  #visibility = Subscription.EMPTY;
  /** Counts commands that were settled. */
  #settled = 0;

  constructor(
    readonly port: SessionPort,
    private readonly options: TrackerOptions = {},
    everyone: (event: SessionEvent) => void = () => {},
  ) {
    this.#clockJumps = new ClockJumps(port.clock);
    this.#notifier = new Notifier(everyone);
    this.#timers = new TimerQueue<TrackedLease>(
      port.clock,
      (lease) => this.#step(lease),
      () => this.compareClocks(),
    );
    this.#prober = new Prober(port, (lease, evidence) => this.#answered(lease, evidence));
    // For as long as the client lives: it completes with it.
    port.connection$.subscribe((status) => this.#connectionIs(status));
  }

  /**
   * The lease of a session by the reply that was settled last: the one that is watched, or else one that nobody watches
   * yet.
   */
  lease(tkn: bigint, reply: Reply, what: (span: Interval) => Pick<Known, 'settings' | 'deadline' | 'hasKeys'>): Lease {
    const watched = this.#leases.get(tkn);
    if (watched !== undefined) return watched;
    this.compareClocks();
    const span = this.#trusted(spanOf(reply));
    const connection = this.#recovery.connection;
    const known = { ...what(span), cycle: 0, seenOn: connection, seenAt: span.lo, deadlineSeenAt: span.lo };
    const state = { is: 'unwatched' as const, known };
    return new TrackedLease(tkn, state, this.#settled, this.#recovery.epoch, this.port.clock);
  }

  /**
   * Watches a session until `unwatch`. `last`: what its handle knows of it. Returns the lease that is watched, which
   * may be that of another handle; or one that is over, which nobody needs to leave.
   */
  watch(last: Lease, watcher: Watcher, expiringBefore: number | undefined): Lease {
    this.compareClocks();
    if (last.state.is === 'over') return last;
    const watched = this.#leases.get(last.tkn);
    const lease = watched ?? (last as TrackedLease); // all leases are made here
    const { duration } = lease.state.known.settings;
    const lead = expiringBefore ?? this.options.expiringBefore ?? duration / 10;
    if (watched === undefined) {
      this.#open(lease, watcher, lead);
      return lease;
    }
    this.#takeInDoubt(lease);
    lease.watchers.add(watcher);
    if (lead > lease.lead) {
      lease.lead = lead;
      this.#step(lease);
    }
    return lease;
  }

  unwatch(lease: Lease, watcher: Watcher): void {
    const tracked = lease as TrackedLease; // all leases are made here
    if (!tracked.watchers.delete(watcher) || tracked.watchers.size > 0 || tracked.state.is === 'over') return;
    this.#release(tracked);
    const { settings, deadline, cycle } = tracked.state.known;
    const never = Number.NEGATIVE_INFINITY;
    tracked.state = { is: 'unwatched', known: { settings, deadline, cycle, seenAt: never, deadlineSeenAt: never } };
  }

  replied(command: SettledCommand, reply: Reply): void {
    this.#settled += 1;
    if (this.#leases.size === 0) return;
    if (command.tkn !== undefined) {
      const lease = this.#leases.get(command.tkn);
      if (lease === undefined) return;
      this.compareClocks();
      const evidence = evidenceOf(command, reply, this.#trusted(spanOf(reply)));
      if (evidence !== undefined) this.#apply(lease, evidence);
      return;
    }
    const { command: name } = command.row;
    if (reply.body.st !== Status.Ok || (name !== 'SH_END_ALL' && name !== 'SH_EXISTS')) return;
    this.compareClocks();
    if (name === 'SH_END_ALL') {
      for (const lease of [...this.#leases.values()]) this.#apply(lease, { type: 'ended', command: name });
      return;
    }
    const existing = new Set(tokensIn(reply.body.exist));
    const span = this.#trusted(spanOf(reply));
    for (const tkn of tokensIn(command.argument)) {
      const lease = this.#leases.get(tkn);
      if (lease !== undefined) this.#apply(lease, { type: existing.has(tkn) ? 'exists' : 'gone', span });
    }
  }

  lost(command: SettledCommand): void {
    this.#settled += 1;
    const at = this.port.clock.now();
    if (command.tkn !== undefined) {
      const lease = this.#leases.get(command.tkn);
      const evidence = evidenceOfLoss(command, at);
      if (lease !== undefined && evidence !== undefined) this.#apply(lease, evidence);
    } else if (command.row.command === 'SH_END_ALL') {
      for (const lease of [...this.#leases.values()]) this.#apply(lease, { type: 'end-lost', at });
    }
  }

  /**
   * Whether a touch of `keepAlive` may be sent. Not before what happened to the session is known; and one whose keys
   * alone expire is probed first if they may have, or the touch would silently revive a cycle that was cleared.
   */
  mayTouch(lease: Lease): 'now' | 'after-probe' | 'later' {
    this.compareClocks();
    const { state } = lease;
    if (state.is !== 'alive' && state.is !== 'expiring' && state.is !== 'overdue') return 'later';
    const { settings, deadline } = state.known;
    const isSafe = settings.deleteSession || this.port.clock.now() < deadline.lo - clockTolerance;
    return isSafe ? 'now' : 'after-probe';
  }

  /** While `probe$` is subscribed to, what `SH_INFO` shows of a lease is decided at once, for a touch waits for it. */
  beforeTouch<Value>(lease: Lease, probe$: Observable<Value>): Observable<Value> {
    const tracked = lease as TrackedLease; // all leases are made here
    return defer(() => {
      tracked.touchesWaiting += 1;
      return probe$.pipe(
        finalize(() => {
          tracked.touchesWaiting -= 1;
        }),
      );
    });
  }

  /** Begins to watch a session. It is probed first, unless its handle was made by the latest reply. */
  #open(lease: TrackedLease, watcher: Watcher, lead: number): void {
    const { known } = lease.state;
    const isFresh = this.#isFresh(lease);
    const clockDoubt = this.#recovery.doubtSince(lease.epoch)?.clock === true;
    lease.lead = lead;
    lease.epoch = this.#recovery.epoch;
    lease.unansweredAt = Number.NEGATIVE_INFINITY;
    lease.watchers.add(watcher);
    this.#leases.set(lease.tkn, lease);
    if (this.#visibility.closed) this.#visibility = this.port.visibility$.subscribe(() => this.#pageChanged());
    if (isFresh) {
      lease.begin({ is: 'alive', known });
      this.#notifier.post(lease, [lease.eventOf(opened)]);
    } else {
      const unseen = { ...(clockDoubt ? withoutBeginning(known) : known), seenOn: undefined };
      lease.begin({ is: 'opening', known: unseen, since: this.port.clock.now() });
    }
    if (this.#recovery.status === 'closed') this.#apply(lease, { type: 'closed' });
    else this.#step(lease);
  }

  /** Whether what a handle knows was shown by the latest reply on this connection, and holds. */
  #isFresh({ state: { known }, madeBy, epoch }: TrackedLease): boolean {
    const { lo } = known.deadline;
    if (this.#recovery.status !== 'open' || epoch !== this.#recovery.epoch) return false;
    if (known.seenOn === undefined || madeBy !== this.#settled) return false;
    return lo > Number.NEGATIVE_INFINITY && this.port.clock.now() < lo;
  }

  /** The one path of evidence. */
  #apply(lease: TrackedLease, evidence: Evidence): void {
    if (this.#leases.get(lease.tkn) !== lease) return;
    this.#takeInDoubt(lease);
    const decides = evidence.type === 'info' && lease.touchesWaiting > 0;
    this.#transition(lease, decides ? { ...evidence, decides } : evidence);
    this.#step(lease);
  }

  /** What came into doubt is taken in before anything else. */
  #takeInDoubt(lease: TrackedLease): void {
    const doubt = this.#recovery.doubtSince(lease.epoch);
    if (doubt === undefined) return;
    lease.epoch = this.#recovery.epoch;
    this.#transition(lease, { type: 'doubt', ...doubt });
  }

  #transition(lease: TrackedLease, evidence: Evidence): void {
    const before = lease.state;
    const { state, events } = next(before, evidence, {
      now: this.port.clock.now(),
      connection: this.#recovery.connection,
      persistEnabled: this.port.persistEnabled,
    });
    if (state === before) return;
    lease.state = state;
    if (state.is === 'over') this.#release(lease);
    this.#notifier.post(
      lease,
      events.map((body) => lease.eventOf(body)),
    );
  }

  /** Does what the schedule says. While a probe is under way nothing is announced: its answer comes first. */
  #step(lease: TrackedLease): void {
    if (this.#leases.get(lease.tkn) !== lease) return;
    this.#takeInDoubt(lease);
    if (this.#prober.isProbing(lease)) return;
    const { status, openedAt } = this.#recovery;
    const step = nextStep(lease, {
      now: this.port.clock.now(),
      openedAt: status === 'open' ? openedAt : undefined,
      persistEnabled: this.port.persistEnabled,
      sweepInterval: this.options.sweepInterval ?? 5000,
      probeEvery: this.options.probeEvery ?? Number.POSITIVE_INFINITY,
    });
    if ('probe' in step) {
      this.#timers.set(lease, Number.POSITIVE_INFINITY);
      this.#prober.probe(lease, step.probe);
    } else if ('announce' in step) this.#apply(lease, { type: 'announce', event: step.announce });
    else this.#timers.set(lease, step.wakeAt);
  }

  #answered(probed: Lease, evidence: Evidence | undefined): void {
    this.compareClocks();
    const lease = this.#leases.get(probed.tkn);
    if (lease !== probed) return;
    if (evidence === undefined) {
      lease.unansweredAt = this.port.clock.now();
      this.#step(lease);
    } else this.#apply(lease, 'span' in evidence ? { ...evidence, span: this.#trusted(evidence.span) } : evidence);
  }

  #connectionIs(status: 'open' | 'lost' | 'closed'): void {
    const recovery = this.#recovery;
    if (recovery.status === 'closed' || recovery.status === status) return;
    this.compareClocks();
    const now = this.port.clock.now();
    switch (status) {
      case 'open':
        recovery.opened(now);
        break;
      case 'lost':
        this.#prober.stop();
        recovery.lost(now);
        break;
      case 'closed':
        this.#prober.stop();
        recovery.status = status;
        for (const lease of [...this.#leases.values()]) this.#apply(lease, { type: 'closed' });
        return;
    }
    this.#wakeAll();
  }

  /** Suspends all sessions if the clocks moved apart. To be called before anything that rests on them. */
  compareClocks(): void {
    if (!this.#clockJumps.jumped()) return;
    this.#recovery.clocksJumped(this.port.clock.now());
    this.#wakeAll();
  }

  #pageChanged(): void {
    this.compareClocks();
    this.#timers.run();
  }

  /** Suspends or probes all leases, as what came into doubt requires: at once, or in turns if they are many. */
  #wakeAll(): void {
    const now = this.port.clock.now();
    for (const lease of this.#leases.values()) this.#timers.set(lease, now);
    this.#timers.run();
  }

  /** The span of a request: nobody knows when it was written if the machine may have slept since. */
  #trusted(span: Interval): Interval {
    return span.lo >= this.#recovery.clocksTrustedSince ? span : { lo: Number.NEGATIVE_INFINITY, hi: span.hi };
  }

  #release(lease: TrackedLease): void {
    this.#leases.delete(lease.tkn);
    this.#timers.set(lease, Number.POSITIVE_INFINITY);
    this.#prober.forget(lease);
    if (this.#leases.size > 0) return;
    this.#prober.stop();
    this.#visibility.unsubscribe();
  }
}
