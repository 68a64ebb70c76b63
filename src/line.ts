/** Somebody's place in a line. */
export interface Place<T> {
  readonly line: Line<T>;
  readonly item: T;
  /** Its neighbours, which are the line's own business. */
  ahead: Place<T> | undefined;
  behind: Place<T> | undefined;
}

/**
 * A line, first come first, that anybody may leave from any place without a search.
 *
 * A `Set` does the same, and was measured to cost a tenth of the client's processor time: whenever it grows or shrinks it
 * leaves a table behind that refers to the new one. Once one of them has aged into the old generation, each holds the
 * next alive with all that passed through it, which is then copied twice before a full collection finds it dead. For
 * the same reason a place that was left refers to nobody any more.
 */
export class Line<T> {
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;
  #size = 0;

  /** How many stand in it. */
  get size(): number {
    return this.#size;
  }

  /** Who is next. */
  get first(): Place<T> | undefined {
    return this.#first;
  }

  /** Joins the line at its end. */
  join(item: T): Place<T> {
    const place: Place<T> = { line: this, item, ahead: this.#last, behind: undefined };
    if (this.#last === undefined) this.#first = place;
    else this.#last.behind = place;
    this.#last = place;
    this.#size += 1;
    return place;
  }

  /** Goes before everybody. */
  jump(item: T): Place<T> {
    const place: Place<T> = { line: this, item, ahead: undefined, behind: this.#first };
    if (this.#first === undefined) this.#last = place;
    else this.#first.ahead = place;
    this.#first = place;
    this.#size += 1;
    return place;
  }

  /** Gives up a place in this line, which must not have been given up before. */
  leave(place: Place<T>): void {
    const { ahead, behind } = place;
    if (ahead === undefined) this.#first = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.#last = ahead;
    else behind.ahead = ahead;
    place.ahead = undefined;
    place.behind = undefined;
    this.#size -= 1;
  }
}
