import { constants } from 'node:buffer';
import { Status } from '../../protocol/status.js';
import { error, refusal, reply } from '../json/replies.js';
import { isObject } from '../json/request.js';
import { type JsonText, valueText } from '../json/value-text.js';
import { readExactly, readStored, StoredText, type WireValue } from '../json/wire.js';
import { depthOf, JsonPath, PathError, PathRefusedError, type Place, Work } from '../json-path/json-path.js';
import { andThen } from '../store/store.js';
import type { Command } from './context.js';
import { find } from './find.js';
import { full } from './keys.js';
import { faultIn, member, optional, required } from './parameters.js';

/** Deepest nesting of a value: what no request could bring, no request and no saved dataset may hold either. */
const maxValueDepth = 1021;

/** How many arrays and objects are nested in a value, at most. */
function depthIn(value: WireValue): number {
  if (!Array.isArray(value) && !isObject(value)) return 0;
  let depth = 0;
  for (const item of Object.values(value)) depth = Math.max(depth, depthIn(item));
  return depth + 1;
}

/** Puts a value in a place. Nothing happens if the place was computed, such as a length. */
function write({ holder, key, isComputed }: Place, value: WireValue): void {
  const target = holder?.value;
  if (isComputed || target === undefined) return;
  if (Array.isArray(target)) target[Number(key)] = value;
  // Plain assignment to `__proto__` would change what the object inherits from.
  else if (isObject(target))
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function isInside({ holder }: Place, replaced: ReadonlySet<WireValue>): boolean {
  for (let at = holder; at; at = at.holder) if (replaced.has(at.value)) return true;
  return false;
}

/** Leaves out the places inside of others: what is there goes with them. */
function outermost(places: readonly Place[], work: Work): Place[] {
  const byDepth = places.map((place) => ({ place, depth: depthOf(place) })).sort((a, b) => a.depth - b.depth);
  const replaced = new Set<WireValue>();
  const kept: Place[] = [];
  for (const { place, depth } of byDepth) {
    work.spend(1 + (depth >> 2));
    if (isInside(place, replaced)) continue;
    kept.push(place);
    if (typeof place.value === 'object' && place.value !== null && !place.isComputed) replaced.add(place.value);
  }
  return kept;
}

/** The places that a path leads to, found in one go: the value must not change meanwhile. */
function placesIn(value: WireValue, path: JsonPath, work: Work): readonly Place[] {
  const following = path.follow(value, work);
  let slice = following.next();
  while (!slice.done) {
    work.overrun();
    slice = following.next();
  }
  return slice.value;
}

/** The longest string there can be. */
const longestText = constants.MAX_STRING_LENGTH;

const updateParameters = [required('key', 'string'), required('path', 'string'), required('value', 'any')];

/** `KV_UPDATE`: puts a value in all places of one key's value that a path leads to. */
const update: Command = ({ body }, { store }) => {
  const fault = faultIn(body, updateParameters);
  if (fault) return refusal('KV_UPDATE', fault.status, fault.message);
  const value = body.value as WireValue; // checked to be there
  const replacement = new StoredText(valueText(value));
  const depth = depthIn(value);
  let count = 0;
  const change = (text: JsonText, room = longestText) => {
    const work = new Work();
    work.allowValue(text);
    const root = readStored(text);
    const found = placesIn(root, JsonPath.parse(String(body.path)), work);
    count = found.length;
    if (count === 0) return text;
    const places = outermost(found, work);
    if (places.some((place) => depthOf(place) + depth > maxValueDepth)) {
      throw new PathRefusedError('the value would be nested too deep');
    }
    // Compared before it is written, which could take gigabytes.
    const atLeast = places.length * replacement.text.length;
    if (atLeast - text.length > room || atLeast > longestText) return undefined;
    for (const place of places) write(place, replacement);
    return places.some(({ holder, isComputed }) => holder === undefined && !isComputed)
      ? replacement.text
      : valueText(root);
  };
  const failed = (cause: unknown) => {
    if (cause instanceof PathRefusedError) {
      return refusal('KV_UPDATE', Status.PathInvalid, `KV_UPDATE: ${cause.message}.`);
    }
    if (cause instanceof PathError) return error(Status.Unknown);
    throw cause;
  };
  const succeeded = (altered: boolean | 'full') => {
    if (altered === 'full') return refusal('KV_UPDATE', full.status, full.message);
    return reply('KV_UPDATE', `"cnt":${count},"st":${altered ? Status.Ok : Status.KeyNotExist}`);
  };
  try {
    const altered = store.alter(String(body.key), change);
    return altered instanceof Promise ? altered.then(succeeded, failed) : succeeded(altered);
  } catch (cause) {
    return failed(cause);
  }
};

const appendParameters = [required('items', 'array'), required('key', 'string'), optional('name', 'string')];

/** `KV_ARR_APPEND`: adds items to the end of an array. */
const append: Command = ({ body }, { store }) => {
  const fault = faultIn(body, appendParameters);
  if (fault) return refusal('KV_ARR_APPEND', fault.status, fault.message);
  const items = valueText(body.items as WireValue[]); // checked to be an array
  const name = member(body, 'name');
  let status: number = Status.Ok;
  const change = (text: JsonText) => {
    const root = readExactly(text);
    const target = typeof name === 'string' ? (isObject(root) ? member(root, name) : undefined) : root;
    if (Array.isArray(target)) {
      for (const item of readExactly(items) as WireValue[]) target.push(item); // written from an array above
      if (depthIn(root) > maxValueDepth) throw new Error('the value would be nested too deep');
      return valueText(root);
    }
    // NemesisDB leaves a member that is not an array alone, and calls that a success.
    if (typeof name !== 'string' || target === undefined) status = Status.Unknown;
    return text;
  };
  return andThen(store.alter(String(body.key), change), (altered) => {
    if (altered === 'full') return refusal('KV_ARR_APPEND', full.status, full.message);
    return reply('KV_ARR_APPEND', `"st":${altered ? status : Status.KeyNotExist}`);
  });
};

/** The commands that look into values. */
export const pathCommands: ReadonlyMap<string, Command> = new Map([
  ['KV_FIND', find],
  ['KV_UPDATE', update],
  ['KV_ARR_APPEND', append],
]);
