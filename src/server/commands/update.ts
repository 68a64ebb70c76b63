import { Status } from '../../protocol/status.js';
import { readExactly, readStored } from '../json/read.js';
import { error, ok, refusal, reply } from '../json/replies.js';
import { valueText } from '../json/value-text.js';
import { isObject, type JsonText, member, StoredText, setMember, type WireValue } from '../json/wire.js';
import { depthOf, JsonPath, PathError, PathRefusedError, type Place, Work } from '../json-path/json-path.js';
import { andThen } from '../store/later.js';
import type { Change, Updated } from '../store/store.js';
import type { Command } from './context.js';
import { find } from './find.js';
import { full, tooLarge } from './keys.js';
import { type Fault, faultIn, optional, required } from './parameters.js';

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
  else if (isObject(target)) setMember(target, String(key), value);
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

const updateParameters = [required('key', 'string'), required('path', 'string'), required('value', 'any')];

/** `KV_UPDATE`: puts a value in all places of one key's value that a path leads to. */
const update: Command = ({ body }, { store, limits }) => {
  const fault = faultIn(body, updateParameters);
  if (fault) return refusal('KV_UPDATE', fault.status, fault.message);
  const value = body.value as WireValue; // checked to be there
  const replacement = new StoredText(valueText(value));
  const depth = depthIn(value);
  const change = (text: JsonText): Change<number | Fault> => {
    const work = new Work();
    work.allowValue(text);
    const root = readStored(text);
    const found = placesIn(root, JsonPath.parse(String(body.path)), work);
    if (found.length === 0) return { result: 0 };
    const places = outermost(found, work);
    if (places.some((place) => depthOf(place) + depth > maxValueDepth)) {
      throw new PathRefusedError('the value would be nested too deep');
    }
    // Compared before it is written, which could take gigabytes.
    if (places.length * replacement.text.length > limits.maxValueSize) return { result: tooLarge };
    for (const place of places) write(place, replacement);
    const isReplaced = places.some(({ holder, isComputed }) => holder === undefined && !isComputed);
    const changed = isReplaced ? replacement.text : valueText(root);
    if (changed.length > limits.maxValueSize && changed.length > text.length) return { result: tooLarge };
    return { value: changed, result: found.length };
  };
  const failed = (cause: unknown) => {
    if (cause instanceof PathRefusedError) {
      return refusal('KV_UPDATE', Status.PathInvalid, `KV_UPDATE: ${cause.message}.`);
    }
    if (cause instanceof PathError) return error(Status.Unknown);
    throw cause;
  };
  const succeeded = (updated: Updated<number | Fault>) => {
    if (updated.outcome === 'full') return refusal('KV_UPDATE', full.status, full.message);
    if (updated.outcome === 'no key') return reply('KV_UPDATE', `"cnt":0,"st":${Status.KeyNotExist}`);
    const { result } = updated;
    if (typeof result === 'number') return reply('KV_UPDATE', `"cnt":${result},${ok}`);
    return refusal('KV_UPDATE', result.status, result.message);
  };
  try {
    const updated = store.update(String(body.key), change);
    return updated instanceof Promise ? updated.then(succeeded, failed) : succeeded(updated);
  } catch (cause) {
    return failed(cause);
  }
};

const appendParameters = [required('items', 'array'), required('key', 'string'), optional('name', 'string')];

/** `KV_ARR_APPEND`: adds items to the end of an array. */
const append: Command = ({ body }, { store, limits }) => {
  const fault = faultIn(body, appendParameters);
  if (fault) return refusal('KV_ARR_APPEND', fault.status, fault.message);
  const items = valueText(body.items as WireValue[]); // checked to be an array
  const name = member(body, 'name');
  const change = (text: JsonText): Change<number | Fault> => {
    const root = readExactly(text);
    const target = typeof name === 'string' ? (isObject(root) ? member(root, name) : undefined) : root;
    if (Array.isArray(target)) {
      if (text.length + items.length > limits.maxValueSize) return { result: tooLarge };
      for (const item of readExactly(items) as WireValue[]) target.push(item); // written from an array above
      if (depthIn(root) > maxValueDepth) throw new Error('the value would be nested too deep');
      return { value: valueText(root), result: Status.Ok };
    }
    // NemesisDB leaves a member that is not an array alone, and calls that a success.
    return { result: typeof name !== 'string' || target === undefined ? Status.Unknown : Status.Ok };
  };
  return andThen(store.update(String(body.key), change), (updated) => {
    if (updated.outcome === 'full') return refusal('KV_ARR_APPEND', full.status, full.message);
    const result = updated.outcome === 'done' ? updated.result : Status.KeyNotExist;
    if (typeof result === 'number') return reply('KV_ARR_APPEND', `"st":${result}`);
    return refusal('KV_ARR_APPEND', result.status, result.message);
  });
};

/** The commands that look into values. */
export const pathCommands: ReadonlyMap<string, Command> = new Map([
  ['KV_FIND', find],
  ['KV_UPDATE', update],
  ['KV_ARR_APPEND', append],
]);
