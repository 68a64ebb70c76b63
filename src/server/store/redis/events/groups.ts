import { Observable, type Subscriber } from 'rxjs';
import type { Gap, LoggedEvent, Membership } from '../../events.js';
import type { Engine } from '../engine/engine.js';
import type { Layout, Shard } from '../layout.js';
import { leaveGroup } from '../scripts/group-scripts.js';
import { type RedisCommand, run } from '../scripts/script.js';
import { eventId, fieldsOf, gapUntil, readEntry, readEventId, type StreamEntry, timeOf } from './log-entries.js';
import type { Publication } from './publications.js';

/**
 * Groups are consumer groups of the streams. Each member reads what is new when something is published, and looks now and
 * then for what other members have not acknowledged in time.
 */
export class Groups {
  readonly #engine: Engine;
  readonly #layout: Layout;
  readonly #publications$: Observable<Publication>;
  readonly #redeliverAfter: number;
  readonly #members = new Set<Member>();
  /** Members that are still giving up their events. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(engine: Engine, layout: Layout, publications$: Observable<Publication>, redeliverAfter: number) {
    this.#engine = engine;
    this.#layout = layout;
    this.#publications$ = publications$;
    this.#redeliverAfter = redeliverAfter;
  }

  join(membership: Membership): Observable<LoggedEvent | Gap> {
    return new Observable<LoggedEvent | Gap>((subscriber) => {
      const member = new Member(this.#engine, this.#layout, membership, this.#redeliverAfter, subscriber);
      this.#members.add(member);
      const publications = this.#publications$.subscribe(({ shard, message }) => {
        if (!message.startsWith('extended ')) member.look(shard);
      });
      const timer = setInterval(() => member.lookForOverdue(), this.#redeliverAfter / 2);
      return () => {
        clearInterval(timer);
        publications.unsubscribe();
        this.#members.delete(member);
        const leaving = member.leave().finally(() => this.#leaving.delete(leaving));
        this.#leaving.add(leaving);
      };
    });
  }

  /** Resolves when the members that have left have given up their events. */
  async idle(): Promise<void> {
    await Promise.all(this.#leaving);
  }

  async acknowledge(group: string, ids: readonly string[]): Promise<number> {
    const byShard = new Map<Shard, string[]>();
    for (const id of ids) {
      const { shard = -1, entryId = '' } = readEventId(id) ?? {};
      const found = this.#layout.shards[shard];
      if (found === undefined) continue;
      byShard.set(found, [...(byShard.get(found) ?? []), entryId]);
    }
    const counts = await Promise.all(
      [...byShard].map(([{ log, index }, entries]) => this.#engine.call(index, ['xack', log, group, ...entries])),
    );
    for (const member of this.#members) if (member.group === group) member.acknowledged(ids);
    return counts.reduce((sum: number, count) => sum + Number(count), 0);
  }
}

/** One member's view of a group. */
class Member {
  readonly #engine: Engine;
  readonly #layout: Layout;
  readonly #membership: Membership;
  readonly #redeliverAfter: number;
  readonly #subscriber: Subscriber<LoggedEvent | Gap>;
  /** Events that were emitted and not acknowledged, and when that was. */
  readonly #unacknowledged = new Map<string, number>();
  /** Shards that may have something for this member. */
  readonly #toRead = new Set<Shard>();
  /** Shards whose group this member has made sure of. */
  readonly #joined = new Set<Shard>();
  /** The group exists from the moment of joining on, even if the member leaves at once. */
  readonly #joining: Promise<unknown>;
  #isReading = false;
  #hasLeft = false;

  constructor(
    engine: Engine,
    layout: Layout,
    membership: Membership,
    redeliverAfter: number,
    subscriber: Subscriber<LoggedEvent | Gap>,
  ) {
    this.#engine = engine;
    this.#layout = layout;
    this.#membership = membership;
    this.#redeliverAfter = redeliverAfter;
    this.#subscriber = subscriber;
    this.#joining = Promise.allSettled(layout.shards.map((shard) => this.#join(shard)));
    void this.#joining.then(() => this.lookForOverdue());
  }

  get group(): string {
    return this.#membership.group;
  }

  /** Reads a shard as soon as the window has room. */
  look(shard: Shard): void {
    this.#toRead.add(shard);
    void this.#readAll();
  }

  /** Looks at all shards: for what others have not acknowledged, and for what was published while nobody listened. */
  lookForOverdue(): void {
    // What was not acknowledged in time is no longer this member's: it no longer fills the window.
    const before = performance.now() - this.#redeliverAfter;
    for (const [id, emittedAt] of this.#unacknowledged) if (emittedAt < before) this.#unacknowledged.delete(id);
    for (const shard of this.#layout.shards) this.#toRead.add(shard);
    void this.#readAll();
  }

  acknowledged(ids: readonly string[]): void {
    for (const id of ids) this.#unacknowledged.delete(id);
    void this.#readAll();
  }

  async leave(): Promise<void> {
    this.#hasLeft = true;
    await this.#joining;
    const { group, member } = this.#membership;
    await Promise.allSettled(
      [...this.#joined].map(({ log, index }) =>
        this.#engine.call(index, run(leaveGroup, [log], [group, member, this.#redeliverAfter])),
      ),
    );
  }

  /** One reader at a time, so that the window is kept. */
  async #readAll(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      for (const shard of this.#toRead) {
        const room = this.#membership.window - this.#unacknowledged.size;
        if (this.#hasLeft || room <= 0) return;
        // Before it is read: what is published meanwhile adds it again.
        this.#toRead.delete(shard);
        if (await this.#read(shard, room)) this.#toRead.add(shard);
      }
    } catch {
      // The engine can't be reached. The next look tries all shards again.
    } finally {
      this.#isReading = false;
    }
  }

  /** Whether the shard may have more. */
  async #read(shard: Shard, room: number): Promise<boolean> {
    const { group, member } = this.#membership;
    const { log, index } = shard;
    if (!this.#joined.has(shard)) await this.#join(shard);
    const call = (command: RedisCommand) => this.#engine.call(index, command);
    // the shapes that the documentation of XAUTOCLAIM and XREADGROUP gives
    const [, claimed, lost = []] = (await call([
      'xautoclaim',
      log,
      group,
      member,
      this.#redeliverAfter,
      '0-0',
      'COUNT',
      room,
    ])) as [string, StreamEntry[], string[]?];
    const last = lost.at(-1);
    if (last !== undefined) this.#subscriber.next(gapUntil(timeOf(last)));
    this.#emit(shard, claimed);
    const left = room - claimed.length;
    if (left <= 0) return true;
    const streams = (await call(['xreadgroup', 'GROUP', group, member, 'COUNT', left, 'STREAMS', log, '>'])) as
      | [string, StreamEntry[]][]
      | null;
    const fresh = streams?.[0]?.[1] ?? [];
    this.#emit(shard, fresh);
    return fresh.length === left;
  }

  #emit(shard: Shard, entries: readonly StreamEntry[]): void {
    for (const entry of entries) {
      this.#unacknowledged.set(eventId(shard.index, entry[0]), performance.now());
      this.#subscriber.next(readEntry(shard.index, entry));
    }
  }

  async #join(shard: Shard): Promise<void> {
    const { group, since } = this.#membership;
    const { log, index } = shard;
    await this.#engine
      .call(index, ['xgroup', 'CREATE', log, group, since === undefined ? '$' : String(since), 'MKSTREAM'])
      .catch((cause) => {
        if (!String(cause?.cause).includes('BUSYGROUP')) throw cause;
      });
    this.#joined.add(shard);
    await this.#reportLoss(shard);
  }

  /** Emits a gap if the stream has dropped entries that no member was given. */
  async #reportLoss({ log, index }: Shard): Promise<void> {
    const groups = (await this.#engine.call(index, ['xinfo', 'GROUPS', log])) as unknown[];
    const group = groups.map(fieldsOf).find(({ name }) => name === this.group);
    const length = Number(await this.#engine.call(index, ['xlen', log]));
    if (Number(group?.lag ?? 0) <= length) return;
    const entries = (await this.#engine.call(index, ['xrange', log, '-', '+', 'COUNT', 1])) as StreamEntry[];
    const first = entries[0]?.[0];
    if (first !== undefined) this.#subscriber.next(gapUntil(timeOf(first)));
  }
}
