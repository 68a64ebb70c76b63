import type { Observable } from 'rxjs';

/** What a stream came to: its values, and its error where it ended in one. */
export interface Settled<Value> {
  readonly values: readonly Value[];
  readonly error?: unknown;
}

/** Waits for the end of a stream. */
export function settled<Value>(stream: Observable<Value>): Promise<Settled<Value>> {
  return new Promise((resolve) => {
    const values: Value[] = [];
    stream.subscribe({
      next: (value) => values.push(value),
      error: (error: unknown) => resolve({ values, error }),
      complete: () => resolve({ values }),
    });
  });
}
