import { notSlept, type Slept } from './clock-watch.js';
import type { SessionEvent } from './events.js';
import type { Life } from './life.js';
import type { Askable, Inquiry } from './prober.js';
import type { Step } from './state.js';

/** Who follows a session. */
export interface Follower {
  event(event: SessionEvent): void;
  /** What is known has changed, with or without an event. */
  changed(life: Life): void;
  /** Nothing will follow: the session is gone, or the client closed. */
  ended(): void;
}

/**
 * Tells one thing after the other: what a follower does while it is told something may have consequences to be told, and those
 * come after, to all.
 */
export class Outbox {
  #telling = false;
  #next: Item[] = [];
  /** How many were posted. */
  #posted = 0;
  /** Sessions that all have left since telling began, and how many were posted by then: whoever came after is not told those. */
  readonly #left = new Map<FollowedSession, number>();

  /** `everybody` hears of all sessions. */
  constructor(private readonly everybody: (event: SessionEvent) => void) {}

  post(session: FollowedSession, life: Life, event: SessionEvent | undefined): void {
    if (this.#telling) {
      this.#next.push({ session, life, event, order: ++this.#posted });
      return;
    }
    this.#telling = true;
    try {
      // The first without a place in line: nearly always it is the only one.
      this.#tell(session, life, event);
      while (this.#next.length > 0) {
        const items = this.#next;
        this.#next = [];
        for (const item of items) if (!this.#isStale(item)) this.#tell(item.session, item.life, item.event);
      }
    } finally {
      this.#telling = false;
      if (this.#left.size > 0) this.#left.clear();
    }
  }

  #tell(session: FollowedSession, life: Life, event: SessionEvent | undefined): void {
    if (!session.followed) return;
    // Numbered now: what nobody was told, for all had left, would leave a gap for those who come later.
    if (event !== undefined) session.number(event);
    session.tell(life, event);
    if (event !== undefined) this.everybody(event);
  }

  /** Nobody follows a session any more. */
  left(session: FollowedSession): void {
    if (this.#telling) this.#left.set(session, this.#posted);
  }

  #isStale({ session, order }: Item): boolean {
    return order <= (this.#left.get(session) ?? 0);
  }
}

/** What is to be told of a session. */
interface Item {
  readonly session: FollowedSession;
  readonly life: Life;
  readonly event: SessionEvent | undefined;
  readonly order: number;
}

/** What becomes of a session's appointments. */
export type Due = (session: FollowedSession, now: number) => void;

/**
 * What is kept about one session, followed or not. There may be 100,000 of them: numbers and short strings, and no object
 * that could be spared.
 */
export class FollowedSession implements Askable<FollowedSession> {
  /** How many events were told. */
  #told = 0;
  /** One is the rule, and a set for it would be one object more. */
  #followers: Follower | Set<Follower> | undefined;

  // Belong to the agenda and the prober.
  dueAt = Number.POSITIVE_INFINITY;
  queuedAt = Number.POSITIVE_INFINITY;
  asked: Inquiry = 'nothing';
  ahead: FollowedSession | undefined;
  behind: FollowedSession | undefined;

  /** When the last `SH_INFO` was written that was answered, or given up. */
  lookedAt = Number.NEGATIVE_INFINITY;
  /** During which connection its deadline was learned, and it was last seen; connections are counted. */
  knownIn: number;
  aliveIn: number;
  /** How long the machine had slept in all when its deadline was last right: sleep makes deadlines come earlier. */
  slept: Slept = notSlept;
  /** What waits to be told of it. */
  fate: 'none' | 'gone' | 'ended-by-self' = 'none';
  /** Whether this client may have ended it: the reply was lost, or came unheard while nobody followed. */
  ownEnd: 'none' | 'lost' | 'unheard' = 'none';
  /** How many ends of this client had gone unheard when it was followed last, or made. */
  unheardEnds = 0;
  /** How many sessions had begun to be followed when this one last did, itself among them. */
  startNumber = 0;
  /** Whether it resumes once an `SH_INFO` is answered. */
  resuming = false;

  constructor(
    readonly tkn: bigint,
    public life: Life,
    /** How many ms before its deadline `expiring` comes: the most that any of its handles asks for. */
    public lead: number,
    connection: number,
    private readonly whenDue: Due,
  ) {
    this.knownIn = connection;
    this.aliveIn = connection;
  }

  get followed(): boolean {
    return this.#followers !== undefined;
  }

  /** Whether it is known to be gone, told or not; or the client is closed. */
  get isGone(): boolean {
    return this.fate !== 'none' || this.life.is === 'over';
  }

  /** Everybody left before they could be told that our `sh_end_all` ended it. */
  leftEnded(): void {
    if (this.life.is === 'over') return;
    const { cycle } = this.life.known;
    this.life = { is: 'over', last: { state: 'ended', by: 'self', certainty: 'presumed', cycle } };
  }

  due(now: number): void {
    this.whenDue(this, now);
  }

  join(follower: Follower): void {
    const followers = this.#followers;
    if (followers === undefined) this.#followers = follower;
    else if (followers instanceof Set) followers.add(follower);
    else this.#followers = new Set([followers, follower]);
  }

  leave(follower: Follower): void {
    const followers = this.#followers;
    if (followers instanceof Set) {
      followers.delete(follower);
      if (followers.size === 1) [this.#followers] = followers;
    } else if (followers === follower) this.#followers = undefined;
  }

  /** Takes a step. What is to be told of it goes to the outbox. */
  take({ life, event }: Step, outbox: Outbox): void {
    const changed = life !== this.life;
    this.life = life;
    if (event !== undefined || changed) outbox.post(this, life, event);
  }

  /** Gives an event its number, before it is told. */
  number(event: SessionEvent): void {
    this.#told += 1;
    (event as { seq: number }).seq = this.#told; // nobody has seen it yet: it may be written
  }

  /** Tells who follows now; for the outbox. Whoever leaves on being told, or because another one was, is told no more. */
  tell(life: Life, event: SessionEvent | undefined): void {
    const followers = this.#followers;
    // Nearly always there is one, which needs no list.
    if (followers instanceof Set)
      for (const follower of [...followers]) FollowedSession.#tellOne(this, follower, life, event);
    else if (followers !== undefined) FollowedSession.#tellOne(this, followers, life, event);
    if (life.is !== 'over') return;
    const remaining = this.#followers;
    this.#followers = undefined;
    if (remaining instanceof Set) for (const follower of remaining) follower.ended();
    else remaining?.ended();
  }

  // Static, as private methods mark every object that has them: 8 bytes of each of 100,000.
  static #tellOne(session: FollowedSession, follower: Follower, life: Life, event: SessionEvent | undefined): void {
    if (FollowedSession.#hasFollower(session, follower)) follower.changed(life);
    if (event !== undefined && FollowedSession.#hasFollower(session, follower)) follower.event(event);
  }

  static #hasFollower(session: FollowedSession, follower: Follower): boolean {
    const followers = session.#followers;
    return followers instanceof Set ? followers.has(follower) : followers === follower;
  }
}
