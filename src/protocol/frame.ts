import { ProtocolError } from '../errors.js';
import { type JsonObject, type JsonValue, parseJson } from './json.js';
import { isObject } from './validation.js';

/** A frame from the server. */
export interface Frame {
  /** The name of its one member, such as `SH_GET_RSP`. */
  readonly name: string;
  /** What it holds. */
  readonly body: JsonObject;
  /** The id of the request that it answers, from a server that repeats ids. */
  readonly id?: string | undefined;
  /** Its length in characters. */
  readonly length: number;
}

/**
 * Reads a frame from the server: `{"SH_GET_RSP":{…}}`, with the id of the request beside it if the server repeats ids. Throws
 * a `ProtocolError` for anything else.
 */
export function parseFrame(text: string): Frame {
  const withoutId = cutId(text);
  const withoutToken = cutToken(withoutId.rest);
  let value: JsonValue;
  try {
    value = parseJson(withoutToken.rest);
  } catch (cause) {
    // The cause's own message may quote the frame, and so values: it stays out.
    const what = cause instanceof RangeError ? 'is nested too deeply' : 'is not JSON';
    throw new ProtocolError(`A reply ${what}. Is this a NemesisDB?`);
  }
  const only = isObject(value) ? onlyMember(value) : undefined;
  if (only === undefined) throw new ProtocolError('A reply has a shape that no NemesisDB sends. Is this a NemesisDB?');
  if (withoutToken.tkn !== undefined) only.body.tkn = withoutToken.tkn;
  return { name: only.name, body: only.body, id: withoutId.id, length: text.length };
}

const beforeId = ',"id":"';

const isIdUnit = (unit: number): boolean => isDigit(unit) || (unit >= 0x61 && unit <= 0x7a);

/**
 * Takes off the id that a frame ends with. In JSON the last brace closes the outermost object, so `,"id":"1f"}` at the end is
 * a member of that: its first quote can't end a string, as letters would follow it.
 */
function cutId(text: string): { readonly id?: string; readonly rest: string } {
  if (!text.endsWith('"}')) return { rest: text };
  const end = text.length - 2;
  let first = end;
  while (isIdUnit(text.charCodeAt(first - 1))) first--;
  const begin = first - beforeId.length;
  // The comma follows the object of the reply: nothing else ends with a brace.
  if (first === end || !text.startsWith(beforeId, begin) || text[begin - 1] !== '}') return { rest: text };
  return { id: text.slice(first, end), rest: `${text.slice(0, begin)}}` };
}

const isDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39;

/** JSON's whitespace is the space and some control characters. Between its tokens there are no other control characters. */
const isWhitespace = (unit: number): boolean => unit <= 0x20;

const openBrace = 0x7b;

const beforeToken = ',"tkn":';

/**
 * Takes off the token that a reply ends with, if a double may not hold it. Most often it is the only such integer: without it
 * the platform's own JSON reads the rest, in a third of the time and with a tenth of the garbage.
 *
 * At the end of JSON, `,"tkn":12}}` is a member of the object that the last but one brace closes: if its first quote ended a
 * string, letters would follow that string. So the reply is JSON if the rest is, and the same but for that member.
 */
function cutToken(text: string): { readonly tkn?: bigint; readonly rest: string } {
  if (!text.endsWith('}}')) return { rest: text };
  const end = text.length - 2;
  let first = end;
  while (isDigit(text.charCodeAt(first - 1))) first--;
  const begin = first - beforeToken.length;
  // 16 digits may fit a double; and JSON has no number of several digits that begins with 0.
  if (end - first < 17 || text[first] === '0' || !text.startsWith(beforeToken, begin)) return { rest: text };
  // The comma must follow a member: without both, nobody would notice that it is wrong.
  const before = text.charCodeAt(begin - 1);
  if (before === openBrace || isWhitespace(before)) return { rest: text };
  return { tkn: BigInt(text.slice(first, end)), rest: `${text.slice(0, begin)}}}` };
}

/** The only member of an object, if it has no other. A loop, as a list of the members of each reply would cost more. */
function onlyMember(value: JsonObject): { readonly name: string; readonly body: JsonObject } | undefined {
  let only: { readonly name: string; readonly body: JsonObject } | undefined;
  for (const name in value) {
    const body = value[name];
    // An object's own names come before those that somebody put on all objects.
    if (only !== undefined) return Object.hasOwn(value, name) ? undefined : only;
    if (!isObject(body)) return undefined;
    only = { name, body };
  }
  return only;
}
