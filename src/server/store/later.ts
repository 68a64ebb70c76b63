/** A value, or a promise of it. A store in memory answers at once, which costs no promise per command. */
export type Later<T> = T | Promise<T>;

/** Maps a value, at once if it is there. */
export function andThen<T, R>(value: Later<T>, next: (value: T) => Later<R>): Later<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
