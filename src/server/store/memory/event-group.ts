import type { Subscriber } from 'rxjs';
import type { Clock } from '../../../clock.js';
import type { Gap, LoggedEvent, Membership } from '../events.js';

/** An event of the log and its position. */
export interface Positioned {
  readonly position: number;
  readonly event: LoggedEvent;
}

/** What a group needs of the log. */
export interface PositionedLog {
  /** The position of the oldest event in the log. */
  readonly oldest: number;
  /** The event at a position, or a gap if it is no longer in the log; `undefined` if there is none yet. */
  read(position: number): Positioned | Gap | undefined;
}

/** How long a member may take to acknowledge an event before another gets it, in milliseconds. */
const acknowledgeTimeout = 60_000;

interface Member {
  readonly window: number;
  readonly subscriber: Subscriber<LoggedEvent | Gap>;
  /** How many events it has not acknowledged. */
  pending: number;
}

interface Pending {
  readonly entry: Positioned;
  readonly member: Member;
  readonly cancel: () => void;
}

/** Members that share the events of the log: each event goes to one of them until it is acknowledged. */
export class EventGroup {
  readonly #log: PositionedLog;
  readonly #clock: Clock;
  readonly #members = new Set<Member>();
  /** Delivered and not acknowledged, by the id of the event. */
  readonly #pending = new Map<string, Pending>();
  /** Given back, to be delivered before what is new. */
  #returned: Positioned[] = [];
  #position: number;
  #isDelivering = false;

  constructor(log: PositionedLog, clock: Clock, position: number) {
    this.#log = log;
    this.#clock = clock;
    this.#position = position;
  }

  /** Adds a member. Returns its undo. */
  join({ window }: Membership, subscriber: Subscriber<LoggedEvent | Gap>): () => void {
    const member: Member = { window, subscriber, pending: 0 };
    this.#members.add(member);
    this.deliver();
    return () => {
      this.#members.delete(member);
      for (const [id, pending] of this.#pending) if (pending.member === member) this.#giveBack(id, pending);
      this.deliver();
    };
  }

  acknowledge(ids: readonly string[]): number {
    let count = 0;
    for (const id of ids) {
      const pending = this.#pending.get(id);
      if (pending === undefined) continue;
      this.#settle(id, pending);
      count++;
    }
    this.deliver();
    return count;
  }

  /** Delivers what there is to members that take more. A member may acknowledge or leave meanwhile. */
  deliver(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      for (let member = this.#freest(); member; member = this.#freest()) {
        const entry = this.#returned.shift() ?? this.#log.read(this.#position);
        if (entry === undefined) break;
        if ('type' in entry) {
          this.#position = this.#log.oldest;
          member.subscriber.next(entry);
        } else {
          if (entry.position >= this.#position) this.#position = entry.position + 1;
          this.#give(entry, member);
        }
      }
    } finally {
      this.#isDelivering = false;
    }
  }

  #give(entry: Positioned, member: Member): void {
    const { id } = entry.event;
    member.pending++;
    const late = () => {
      const pending = this.#pending.get(id);
      if (pending === undefined) return;
      this.#giveBack(id, pending);
      // Others come first, and this one again if there are no others.
      this.#members.delete(member);
      this.#members.add(member);
      this.deliver();
    };
    this.#pending.set(id, { entry, member, cancel: this.#clock.schedule(late, acknowledgeTimeout) });
    member.subscriber.next(entry.event);
  }

  #giveBack(id: string, pending: Pending): void {
    this.#settle(id, pending);
    this.#returned.push(pending.entry);
    this.#returned.sort((a, b) => a.position - b.position);
  }

  #settle(id: string, pending: Pending): void {
    pending.cancel();
    pending.member.pending--;
    this.#pending.delete(id);
  }

  /** The member with the fewest pending events that takes more; of equals the one that joined first. */
  #freest(): Member | undefined {
    let freest: Member | undefined;
    for (const member of this.#members) {
      if (member.pending < member.window && (freest === undefined || member.pending < freest.pending)) freest = member;
    }
    return freest;
  }
}
