import type { Clock } from '../clock.js';
import { Heap } from './heap.js';

/** Something that has an appointment. Both numbers belong to the agenda; infinite: none. */
export interface Planned {
  /** When it is due. */
  dueAt: number;
  /** For when it stands in the heap: then, or earlier. */
  queuedAt: number;
  /** Called when it is due; it may plan itself again. */
  due(now: number): void;
}

/** A piece of work in steps; false: there are no more. */
export type Job = () => boolean;

/**
 * How long one slice of work may take before others have their turn, in ms. Measured: of requests that are called for while
 * 100,000 sessions expire, one in twenty meets a slice, and waits for it and for the questions it sent. Of the deadlines
 * themselves, three quarters are told of within a second or so; those about which the server has to be asked first follow
 * at the rate of its answers.
 */
const slice = 0.15;

/** How long jobs may take at most because a callback did, in ms: the event loop is not to be held up for long. */
const longestTurn = 5;

/**
 * How long the next slice waits at most while somebody waits for a reply, in ms. A reply takes a tenth of that, so most come between two
 * slices. Most pauses of the garbage collector follow slices, so replies meet fewer of these as well.
 */
const patience = 2;

/** The longest nap, in ms: so late at most a jump of the clocks is noticed. */
const longestNap = 5000;

/** All appointments of a client's sessions, on one timer. Moving one to a later time rewrites a number, no more. */
export class Agenda {
  readonly #heap = new Heap<Planned>();
  readonly #jobs: Job[] = [];
  #planned = 0;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;
  #awake = false;
  /** When the last slice was over. */
  #slicedAt = Number.NEGATIVE_INFINITY;
  /** Whether it left anything: what was due, or a job. */
  #isBehind = false;

  constructor(
    private readonly clock: Clock,
    /** Called each time that the timer rings, before anything else. */
    private readonly rang: (now: number) => void,
    /** Whether somebody waits for what would have to wait for a slice. */
    private readonly isBusy: () => boolean = () => false,
  ) {}

  /** How many entries it holds, outdated ones included. */
  get size(): number {
    return this.#heap.size;
  }

  /** Makes an appointment, instead of any other of the item. */
  plan(item: Planned, at: number): void {
    if (item.dueAt === at) return;
    const had = item.dueAt !== Number.POSITIVE_INFINITY;
    const has = at !== Number.POSITIVE_INFINITY;
    if (had !== has) this.#planned += has ? 1 : -1;
    item.dueAt = at;
    if (has && at < item.queuedAt) this.#push(item);
    this.#tidy();
    this.#arm();
  }

  /** Does a job after those that wait: as much as fits now, the rest in slices. */
  work(job: Job): void {
    this.#jobs.push(job);
    if (this.#awake) return;
    if (this.#jobs.length > 1) this.#arm();
    else this.#wake(() => this.#slice());
  }

  /** Does a job as soon as all that is due by now is done, and together with it. */
  workSoon(job: Job): void {
    this.#jobs.push(job);
    this.#arm();
  }

  #push(item: Planned): void {
    item.queuedAt = item.dueAt;
    this.#heap.push(item, item.dueAt);
  }

  /** Where most of the heap is out of date, it goes: followed and unfollowed a million times, it must not grow. */
  #tidy(): void {
    if (this.#planned === 0) this.#empty();
    if (this.#heap.size < 1000 || this.#heap.size < 4 * this.#planned) return;
    this.#heap.keepOnly((item, key) => {
      if (item.queuedAt !== key) return false;
      if (item.dueAt !== Number.POSITIVE_INFINITY) return true;
      item.queuedAt = Number.POSITIVE_INFINITY;
      return false;
    });
  }

  #empty(): void {
    if (this.#heap.size === 0) return;
    this.#heap.keepOnly((item, key) => {
      if (item.queuedAt === key) item.queuedAt = Number.POSITIVE_INFINITY;
      return false;
    });
  }

  #arm(): void {
    if (this.#awake) return;
    const now = this.clock.now();
    const wanted = this.#jobs.length > 0 ? now : this.#heap.smallest;
    if (wanted === Number.POSITIVE_INFINITY) {
      this.#timer?.cancel();
      this.#timer = undefined;
      return;
    }
    const at = Math.min(Math.max(wanted, now), now + longestNap);
    if (this.#timer !== undefined) {
      if (this.#timer.at <= at) return;
      this.#timer.cancel();
    }
    // Timers count whole ms, and ring early otherwise.
    this.#ringIn(Math.ceil(at - now), at);
  }

  #ringIn(ms: number, at = this.clock.now() + ms): void {
    this.#timer = { at, cancel: this.clock.schedule(() => this.#ring(), ms) };
  }

  #ring(): void {
    this.#timer = undefined;
    if (this.#hasTime() && this.isBusy()) {
      this.#ringIn(1);
      return;
    }
    this.#wake(() => {
      const now = this.clock.now();
      this.rang(now);
      this.#slice();
    });
  }

  #hasTime(): boolean {
    return (this.#isBehind || this.#jobs.length > 0) && this.clock.now() - this.#slicedAt < patience;
  }

  #wake(work: () => void): void {
    this.#awake = true;
    try {
      work();
    } finally {
      this.#awake = false;
      this.#arm();
    }
  }

  /**
   * What is due and what waits, turn by turn, until time is up. The callback of what is due may take all of that time: jobs have
   * their turn nevertheless, and for as long, or one slow countdown would keep all sessions from being asked about.
   */
  #slice(): void {
    const started = this.clock.now();
    let now = started;
    do {
      const afterDue = this.#spend(slice / 2, this.#nextDue);
      const fair = Math.min(Math.max(afterDue - now, slice / 2), longestTurn);
      now = this.#spend(fair, this.#nextStep);
      this.#isBehind = this.#heap.smallest <= now || this.#jobs.length > 0;
    } while (this.#isBehind && now - started < slice);
    this.#slicedAt = now;
  }

  /** Goes on for `ms`, one step at least, or until there are no more. Tells the time then. */
  #spend(ms: number, step: (now: number) => boolean): number {
    const started = this.clock.now();
    let now = started;
    while (step(now)) {
      now = this.clock.now();
      if (now - started >= ms) break;
    }
    return now;
  }

  readonly #nextStep = (): boolean => {
    const job = this.#jobs[0];
    if (job === undefined) return false;
    if (!job()) this.#jobs.shift();
    return true;
  };

  readonly #nextDue = (now: number): boolean => {
    const key = this.#heap.smallest;
    if (key > now) return false;
    const item = this.#heap.pop();
    if (item === undefined || item.queuedAt !== key) return true;
    item.queuedAt = Number.POSITIVE_INFINITY;
    if (item.dueAt > now) {
      if (item.dueAt !== Number.POSITIVE_INFINITY) this.#push(item);
      return true;
    }
    item.dueAt = Number.POSITIVE_INFINITY;
    this.#planned -= 1;
    item.due(now);
    return true;
  };
}
