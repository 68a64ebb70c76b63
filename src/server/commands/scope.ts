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

/**
 * What a command concerns. Commands on one place, that is a session or single keys, may be under way together: the store
 * keeps the order of those on the same place. A command on the whole store runs alone on its connection.
 */
export type Scope = 'place' | 'store';

export function scopeOf(command: string): Scope {
  return wholeStore.has(command) ? 'store' : 'place';
}
