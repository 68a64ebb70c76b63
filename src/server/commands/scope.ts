import type { Request } from './request.js';

/** Commands that concern the whole store, or all of the top level. */
const wholeStore: ReadonlySet<string> = new Set([
  'SH_END_ALL',
  'SH_INFO_ALL',
  'SH_SAVE',
  'SH_LOAD',
  'KV_COUNT',
  'KV_KEYS',
  'KV_CLEAR',
  'KV_CLEAR_SET',
  'KV_FIND',
  'KV_SAVE',
  'KV_LOAD',
]);

/** Those of them that may take long. With an id they run beside everything else. */
const long: ReadonlySet<string> = new Set(['KV_FIND', 'KV_SAVE', 'KV_LOAD', 'SH_SAVE', 'SH_LOAD']);

/**
 * What a command concerns. Commands on one place, that is a session or single keys, may be under way together: the store
 * keeps the order of those on the same place. A command on the whole store runs alone on its connection, and one that
 * stands apart runs beside all others.
 */
export type Scope = 'place' | 'store' | 'apart';

export function scopeOf({ command, id }: Request): Scope {
  if (!wholeStore.has(command)) return 'place';
  return id !== undefined && long.has(command) ? 'apart' : 'store';
}

/**
 * Which replies keep the order of their requests: those that name the same line. `undefined`: it may overtake all others.
 * Without ids a client tells replies apart by their order alone.
 */
export function lineOf(request: Request): string | undefined {
  const { command, token, id } = request;
  if (id === undefined) return 'without id';
  if (!command.startsWith('KV_')) return token;
  return scopeOf(request) === 'apart' ? undefined : 'top level';
}
