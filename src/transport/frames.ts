import { ProtocolError } from '../errors.js';
import { type JsonObject, type JsonValue, parseJson } from '../protocol/json.js';
import type { Frame } from './correlator.js';

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a reply: an object of exactly one member, `{"SH_GET_RSP":{…}}`. Throws a `ProtocolError` for anything else. */
export function parseFrame(text: string): Frame {
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch (cause) {
    // The cause's own message may quote the text, and so values: it stays out.
    const what = cause instanceof RangeError ? 'is nested too deeply' : 'is not JSON';
    throw new ProtocolError(`A reply ${what}. Is this a NemesisDB?`);
  }
  const frame = isObject(value) ? onlyMember(value) : undefined;
  if (frame !== undefined) return frame;
  throw new ProtocolError('A reply has a shape that no NemesisDB sends. Is this a NemesisDB?');
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
