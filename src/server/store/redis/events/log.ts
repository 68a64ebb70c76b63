import { EMPTY, from, mergeMap, Observable, of, share } from 'rxjs';
import type { Gap, LoggedEvent, SessionEvent } from '../../events.js';
import type { Engine } from '../engine/engine.js';
import type { Layout, Shard } from '../layout.js';
import { inTimeOrder, type Timed } from './in-time-order.js';
import {
  beginning,
  fieldsOf,
  gapUntil,
  microsOf,
  readEntry,
  readExtended,
  type StreamEntry,
  timeOf,
} from './log-entries.js';
import type { Publication } from './publications.js';

/** How many entries are read at a time. */
const pageLength = 100;

/** Reads the log: a stream a shard. */
export class Log {
  readonly #engine: Engine;
  readonly #layout: Layout;
  /** Each event as it happens. The stream is the truth; a publication says only that it has grown. */
  readonly live$: Observable<SessionEvent>;
  /** Resolves when `live$` misses nothing any more; at once while nobody subscribes to it. */
  #isLive: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine, layout: Layout, publications$: Observable<Publication>) {
    this.#engine = engine;
    this.#layout = layout;
    this.live$ = new Observable<SessionEvent>((subscriber) => {
      const tails = layout.shards.map((shard) => new Tail(engine, shard));
      this.#isLive = Promise.all(tails.map(({ isReady }) => isReady));
      const events$ = publications$.pipe(
        mergeMap(({ shard, message }) => {
          if (message.startsWith('extended ')) return of(readExtended(message));
          return message === 'logged' || message === 'subscribed' ? from(tails[shard.index]?.grown() ?? []) : EMPTY;
        }),
      );
      const subscription = events$.subscribe(subscriber);
      return () => {
        subscription.unsubscribe();
        for (const tail of tails) tail.stop();
      };
    }).pipe(share());
  }

  /** The time of the engine, in milliseconds since 1970. */
  async now(): Promise<number> {
    await this.#isLive;
    // whole seconds, and microseconds of the next one
    const [seconds, microseconds] = (await this.#engine.call(0, ['time'])) as [string, string];
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
  }

  /** What was logged from a time on, oldest first. */
  since(at: number): Observable<LoggedEvent | Gap> {
    return from(this.#since(at));
  }

  async *#since(at: number): AsyncGenerator<LoggedEvent | Gap> {
    // What is logged from now on is either read here, or emitted by `live$`.
    await this.#isLive;
    const { shards } = this.#layout;
    const missing = await Promise.all(shards.map((shard) => this.#missingUntil(shard, at)));
    const until = Math.max(...missing);
    if (until > 0) yield gapUntil(until);
    yield* inTimeOrder(shards.map((shard) => this.#entries(shard, String(at))));
  }

  /** Until when entries from a time on may be missing as the stream is bounded; 0 if none are. */
  async #missingUntil({ log, index }: Shard, at: number): Promise<number> {
    const [first] = await readRange(this.#engine, { log, index }, '-', 1);
    if (first === undefined || timeOf(first[0]) < at) return 0;
    const info = await this.#engine.call(index, ['xinfo', 'STREAM', log]);
    const { length = 0, 'entries-added': added = 0 } = fieldsOf(info);
    return Number(added) > Number(length) ? timeOf(first[0]) : 0;
  }

  async *#entries(shard: Shard, from: string): AsyncGenerator<Timed<LoggedEvent>> {
    let start = from;
    for (;;) {
      const page = await readRange(this.#engine, shard, start, pageLength);
      for (const entry of page) yield { item: readEntry(shard.index, entry), micros: microsOf(entry) };
      const last = page.at(-1);
      if (last === undefined || page.length < pageLength) return;
      start = `(${last[0]}`;
    }
  }
}

/** Follows the log of one shard from its end at the time of the first look. */
class Tail {
  readonly #engine: Engine;
  readonly #shard: Shard;
  #position: string | undefined;
  #reading = Promise.resolve();
  #isWaiting = false;
  /** Whether the first look was made. Resolves as well if that will never be. */
  readonly isReady: Promise<void>;
  #setReady = () => {};

  constructor(engine: Engine, shard: Shard) {
    this.#engine = engine;
    this.#shard = shard;
    this.isReady = new Promise((resolve) => {
      this.#setReady = resolve;
    });
  }

  stop(): void {
    this.#setReady();
  }

  /** What was added since the last look. Looks asked for while one waits are one. */
  async *grown(): AsyncGenerator<LoggedEvent> {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    const before = this.#reading;
    let finish = () => {};
    this.#reading = new Promise((resolve) => {
      finish = resolve;
    });
    try {
      await before;
      this.#isWaiting = false;
      yield* this.#read();
    } finally {
      this.#isWaiting = false;
      finish();
    }
  }

  async *#read(): AsyncGenerator<LoggedEvent> {
    try {
      this.#position ??= await this.#end();
      this.#setReady();
      for (;;) {
        const page = await readRange(this.#engine, this.#shard, `(${this.#position}`, pageLength);
        for (const entry of page) {
          this.#position = entry[0];
          yield readEntry(this.#shard.index, entry);
        }
        if (page.length < pageLength) return;
      }
    } catch {
      // The engine can't be reached. When it is back, the subscription is renewed, and this reads on from its position.
    }
  }

  async #end(): Promise<string> {
    const last = (await this.#engine.call(this.#shard.index, [
      'xrevrange',
      this.#shard.log,
      '+',
      '-',
      'COUNT',
      1,
    ])) as StreamEntry[];
    return last[0]?.[0] ?? beginning;
  }
}

async function readRange(
  engine: Engine,
  { log, index }: Pick<Shard, 'log' | 'index'>,
  from: string,
  count: number,
): Promise<readonly StreamEntry[]> {
  // the shape that the documentation of XRANGE gives
  return (await engine.call(index, ['xrange', log, from, '+', 'COUNT', count])) as StreamEntry[];
}
