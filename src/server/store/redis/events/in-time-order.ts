import type { LoggedEvent } from '../../events.js';

/** Merges logs that are in order of time each. Needs memory for one event of each. */
export async function* inTimeOrder(logs: readonly AsyncIterator<LoggedEvent>[]): AsyncGenerator<LoggedEvent> {
  const heads = await Promise.all(
    logs.map(async (log) => {
      const { value } = await log.next();
      return { log, event: value as LoggedEvent | undefined }; // undefined at the end
    }),
  );
  let waiting = heads.filter(({ event }) => event !== undefined);
  while (waiting.length > 0) {
    const earliest = waiting.reduce((a, b) => ((b.event?.at ?? 0) < (a.event?.at ?? 0) ? b : a));
    if (earliest.event !== undefined) yield earliest.event;
    const { value, done } = await earliest.log.next();
    earliest.event = done ? undefined : value;
    if (done) waiting = waiting.filter((head) => head !== earliest);
  }
}
