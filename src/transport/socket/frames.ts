import { ProtocolError } from '../../errors.js';
import { type JsonObject, type JsonValue, parseJson } from '../../protocol/json.js';
import type { Frame } from '../requests/correlator.js';

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a reply: an object of exactly one member, `{"SH_GET_RSP":{…}}`. Throws a `ProtocolError` for anything else. */
export function parseFrame(text: string): Frame {
  const end = tokenAtEnd(text);
  let value: JsonValue;
  try {
    value = parseJson(end === undefined ? text : end.rest);
  } catch (cause) {
    // The cause's own message may quote the text, and so values: it stays out.
    const what = cause instanceof RangeError ? 'is nested too deeply' : 'is not JSON';
    throw new ProtocolError(`A reply ${what}. Is this a NemesisDB?`);
  }
  const frame = isObject(value) ? onlyMember(value) : undefined;
  if (frame === undefined) throw new ProtocolError('A reply has a shape that no NemesisDB sends. Is this a NemesisDB?');
  if (end !== undefined) frame.body.tkn = end.tkn;
  return frame;
}

const isDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39;

/** JSON's whitespace is the space and some control characters, and between its tokens stand no other control characters. */
const isWhitespace = (unit: number): boolean => unit <= 0x20;

const openBrace = 0x7b;

const beforeToken = ',"tkn":';

/**
 * The token that a reply ends with, if it is one that a double may not hold, and the reply without it. Most often it is the only
 * such integer: with it taken off, the platform's own JSON reads the rest, in a third of the time and a tenth of the garbage.
 *
 * At the end of JSON, `,"tkn":12}}` is a member of the object that the last but one brace closes: were its first quote the end of
 * a text, letters would follow that text. So the reply is JSON where the rest is, and the same but for that member.
 */
function tokenAtEnd(text: string): { readonly tkn: bigint; readonly rest: string } | undefined {
  if (!text.endsWith('}}')) return undefined;
  const end = text.length - 2;
  let first = end;
  while (isDigit(text.charCodeAt(first - 1))) first--;
  const begin = first - beforeToken.length;
  // 16 digits may fit a double; and JSON has no number of several digits that begins with 0.
  if (end - first < 17 || text[first] === '0' || !text.startsWith(beforeToken, begin)) return undefined;
  // The comma is to follow a member: taken off as well, it would be missed by nobody.
  const before = text.charCodeAt(begin - 1);
  if (before === openBrace || isWhitespace(before)) return undefined;
  return { tkn: BigInt(text.slice(first, end)), rest: `${text.slice(0, begin)}}}` };
}

/** Its one member, where that is all there is. A loop, as a list of the members for each reply would cost more. */
function onlyMember(value: JsonObject): Frame | undefined {
  let only: Frame | undefined;
  for (const name in value) {
    const body = value[name];
    // Its own names come before those that somebody put on all objects.
    if (only !== undefined) return Object.hasOwn(value, name) ? undefined : only;
    if (!isObject(body)) return undefined;
    only = { name, body };
  }
  return only;
}
