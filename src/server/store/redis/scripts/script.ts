import { createHash } from 'node:crypto';

/** A command as it is sent: its name in lower case, and its arguments. */
export type RedisCommand = [name: string, ...args: (string | number | Buffer)[]];

/** A Lua script that runs inside the engine, atomically. */
export interface Script {
  readonly source: string;
  /** How the engine calls it once it is loaded. */
  readonly sha: string;
}

/**
 * - `reads` writes nothing.
 * - `grows` is refused if the engine is out of memory, before it changes anything.
 * - `shrinks` runs even then.
 */
type Effect = 'reads' | 'grows' | 'shrinks';

const flags: Readonly<Record<Effect, string>> = {
  reads: '#!lua flags=no-writes',
  grows: '#!lua',
  shrinks: '#!lua flags=allow-oom',
};

/** Makes a script of parts of Lua. */
export function script(effect: Effect, ...parts: readonly string[]): Script {
  const source = [flags[effect], ...parts].join('\n');
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

/** The command that runs a script. All keys that it touches are declared, and are in one slot. */
export function run({ sha }: Script, keys: readonly string[], args: readonly (string | number)[]): RedisCommand {
  return ['evalsha', sha, keys.length, ...keys, ...args];
}
