import type { Expired, Extended, Gap, LoggedEvent } from '../../events.js';
import { pairs } from '../top-level.js';

/** An entry of a stream, as XRANGE gives it: its id, then names and values one after the other. */
export type StreamEntry = readonly [id: string, fields: readonly string[]];

/** An id that comes before all others. */
export const beginning = '0-0';

/** When an entry was added, in milliseconds since 1970. */
export const timeOf = (id: string) => Number(id.slice(0, id.indexOf('-')));

/** The id of an event: that of its entry, unique in its shard, and the shard. */
export const eventId = (shard: number, entryId: string) => `${entryId}-${shard}`;

/** The shard and the entry that an event's id names; `undefined` if it names none. */
export function readEventId(id: string): { shard: number; entryId: string } | undefined {
  const [, entryId, shard] = /^(\d+-\d+)-(\d+)$/.exec(id) ?? [];
  return entryId === undefined ? undefined : { shard: Number(shard), entryId };
}

/** When an entry was made, in microseconds by the clock of its node. */
export const microsOf = ([, fields]: StreamEntry): number => Number(fieldsOf(fields).micros);

/** Reads what `scripts/expiry-scripts.ts` logs. */
export function readEntry(shard: number, [id, fields]: StreamEntry): LoggedEvent {
  const {
    type,
    token = '',
    by,
    remaining,
    values,
  } = Object.fromEntries(pairs(fields)) as Partial<Record<string, string>>;
  const event = { id: eventId(shard, id), at: timeOf(id), token };
  if (type === 'ended') return { ...event, type: 'ended', ...(by && { by }) };
  const expired: Expired = {
    ...event,
    type: 'expired',
    outcome: remaining === undefined ? 'sessionDeleted' : 'keysCleared',
    ...(remaining !== undefined && { remaining: Number(remaining) }),
    // Keys and values, one after the other, as strings.
    ...(values !== undefined && { values: pairs(JSON.parse(values)) }),
  };
  return expired;
}

/** Reads what `extend` in `scripts/parts.ts` publishes. */
export function readExtended(message: string): Extended {
  const [, id = '', at, remaining, token = '', by] = message.split(' ');
  return { type: 'extended', id, at: Number(at), remaining: Number(remaining), token, ...(by && { by }) };
}

/** Entries up to this time are missing. */
export const gapUntil = (until: number): Gap => ({ type: 'gap', until });

/** What XINFO says, by name: names and values one after the other. */
export const fieldsOf = (info: unknown): Partial<Record<string, unknown>> =>
  // Values may be numbers or lists as well: pairs only puts them together.
  Object.fromEntries(pairs(info as string[]));
