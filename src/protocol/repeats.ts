import type { JsonValue } from './json.js';
import { isWhole } from './replies.js';

/*
 * What replies repeat of their requests: keys, tokens, names. The wire has no ids, so a peer that sends a reply which nobody
 * asked for shifts all that follow it; these tell that a reply belongs to another request of the same command.
 */

/** In longer lists names are looked up instead of searched for. */
const shortList = 8;

/** Whether the keys found, an object's or those of a list, are all among those asked for. */
export function repeatsKeys(found: JsonValue | undefined, asked: readonly string[]): boolean {
  // Refused, or of another shape: that is for the reply's schema to tell.
  if (typeof found !== 'object' || found === null) return true;
  const names: readonly JsonValue[] = Array.isArray(found) ? found : Object.keys(found);
  const among = asked.length > shortList ? new Set(asked) : { has: (name: string) => asked.includes(name) };
  return names.every((name) => typeof name !== 'string' || among.has(name));
}

/** Whether the tokens found are all among those asked for. */
export function repeatsTokens(found: JsonValue | undefined, asked: readonly (bigint | string)[]): boolean {
  if (!Array.isArray(found) || found.length === 0) return true;
  const among = new Set(asked.map(BigInt));
  return found.every((tkn) => !isWhole(tkn) || among.has(BigInt(tkn)));
}

/** Whether this is the token asked about; a refusal may have `null` in its place. */
export function repeatsToken(found: JsonValue | undefined, asked: bigint | undefined): boolean {
  return asked === undefined || !isWhole(found) || BigInt(found) === asked;
}

/** Whether this is the dataset's name asked for. */
export function repeatsName(found: JsonValue | undefined, asked: string | { readonly name: string }): boolean {
  return typeof found !== 'string' || found === (typeof asked === 'string' ? asked : asked.name);
}
