/** What can stand in a line: it holds its own neighbours, which are the line's business. */
export interface Waiting<T> {
  ahead: T | undefined;
  behind: T | undefined;
}

/**
 * A line, first come first, that anybody may leave from any place without a search, and in which nobody takes up memory: where 100,000
 * sessions expire they wait in it for as long as several collections of garbage, and a place for each was copied by two of these. Nobody
 * stands in two such lines.
 */
export class WaitingLine<T extends Waiting<T>> {
  #first: T | undefined;
  #last: T | undefined;

  /** Who is next. */
  get first(): T | undefined {
    return this.#first;
  }

  /** Joins the line at its end. */
  join(item: T): void {
    item.ahead = this.#last;
    if (this.#last === undefined) this.#first = item;
    else this.#last.behind = item;
    this.#last = item;
  }

  /** Goes before everybody. */
  jump(item: T): void {
    item.behind = this.#first;
    if (this.#first === undefined) this.#last = item;
    else this.#first.ahead = item;
    this.#first = item;
  }

  /** Leaves the line, in which it must be. It refers to nobody any more then. */
  leave(item: T): void {
    const { ahead, behind } = item;
    if (ahead === undefined) this.#first = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.#last = ahead;
    else behind.ahead = ahead;
    item.ahead = undefined;
    item.behind = undefined;
  }

  /** Takes out who is next. */
  next(): T | undefined {
    const first = this.#first;
    if (first !== undefined) this.leave(first);
    return first;
  }
}
