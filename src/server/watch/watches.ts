import { type EventSink, Watch, type WatchOptions } from './watch.js';

/** How many sessions one connection may watch. */
const maxTokens = 1_000_000;

/** A watch and its number on the connection. */
export interface NumberedWatch {
  readonly number: number;
  readonly watch: Watch;
}

/** The watches of one connection. */
export class Watches {
  readonly #sink: EventSink;
  readonly #watches = new Map<number, { readonly watch: Watch; readonly tokens: number }>();
  #count = 0;
  #tokens = 0;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  /** Makes a watch of so many sessions; `undefined` if these are too many for the connection. */
  add(tokens: number, options: Omit<WatchOptions, 'number'>): NumberedWatch | undefined {
    if (this.#tokens + tokens > maxTokens) return undefined;
    const number = ++this.#count;
    const watch = new Watch({ ...options, number }, this.#sink);
    this.#watches.set(number, { watch, tokens });
    this.#tokens += tokens;
    return { number, watch };
  }

  /** Ends a watch. `false`: there is none of this number. */
  remove(number: number): boolean {
    const found = this.#watches.get(number);
    if (found === undefined) return false;
    found.watch.end();
    this.#watches.delete(number);
    this.#tokens -= found.tokens;
    return true;
  }

  /** Ends all: the connection is closed. */
  end(): void {
    for (const number of [...this.#watches.keys()]) this.remove(number);
  }
}
