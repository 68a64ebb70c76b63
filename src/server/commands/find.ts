import { constants } from 'node:buffer';
import { Status } from '../../protocol/status.js';
import { follow, type Location, PathError, readPath } from '../json/json-paths.js';
import { error, ok, refusal, reply } from '../json/replies.js';
import { isObject } from '../json/request.js';
import { type JsonText, valueText } from '../json/value-text.js';
import { readExactly, type WireObject, type WireValue } from '../json/wire.js';
import { andThen, type Entry } from '../store/store.js';
import type { Command } from './context.js';
import { full, keysMember, keyTexts } from './keys.js';
import { type Fault, faultIn, member, optional, required } from './parameters.js';

const findParameters = [optional('keys', 'array'), required('path', 'string'), required('rsp', 'string')];

function findFault(body: WireObject): Fault | undefined {
  const fault = faultIn(body, findParameters);
  if (fault) return fault;
  if (!['paths', 'kv', 'keys'].includes(String(body.rsp))) {
    return { status: Status.CommandSyntax, message: "'rsp' invalid value" };
  }
  return body.path === '' ? { status: Status.ValueSize, message: "'path' is empty" } : undefined;
}

/** The keys to look at; none named means all. A key that is no text is looked up by how it is written. */
function keysToSearch(body: WireObject): string[] | undefined {
  const keys = member(body, 'keys') as WireValue[] | undefined; // checked to be an array
  if (keys === undefined || keys.length === 0) return undefined;
  return keys.map((key) => (typeof key === 'string' ? key : valueText(key)));
}

const find: Command = ({ body }, { store }) => {
  const fault = findFault(body);
  if (fault) return refusal('KV_FIND', fault.status, fault.message);
  const path = readPath(String(body.path));
  return andThen(store.entries(keysToSearch(body)), (entries) => {
    const matches: Entry[] = [];
    const paths: string[] = [];
    try {
      for (const [key, value] of entries) {
        const found = follow(path, value);
        if (found.size > 0) matches.push([key, value]);
        if (body.rsp === 'paths') paths.push(...found.keys());
      }
    } catch (cause) {
      if (cause instanceof PathError) return reply('KV_FIND', `"st":${Status.PathInvalid}`);
      throw cause;
    }
    if (body.rsp === 'kv') return reply('KV_FIND', `${keysMember(matches)},${ok}`);
    if (body.rsp === 'paths') return reply('KV_FIND', `"paths":[${keyTexts(paths)}],${ok}`);
    return reply('KV_FIND', `"keys":[${keyTexts(matches.map(([key]) => key))}],${ok}`);
  });
};

function child(value: WireValue | undefined, name: string | number): WireValue | undefined {
  if (Array.isArray(value)) return value[Number(name)];
  return isObject(value) ? member(value, String(name)) : undefined;
}

/** Deepest nesting of a value: what no request could bring, no request and no saved dataset may hold either. */
const maxValueDepth = 1021;

function isTooDeep(value: WireValue, left = maxValueDepth): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return left === 0 || Object.values(value).some((item: WireValue) => isTooDeep(item, left - 1));
}

function changedText(root: WireValue): JsonText {
  if (isTooDeep(root)) throw new Error('the value would be nested too deep');
  return valueText(root);
}

/** What holds a place; `undefined` where the place was inside of another, and went with it. */
function holderOf(root: WireValue, location: Location, gone: WireValue): WireValue | undefined {
  let holder: WireValue | undefined = root;
  for (const part of location.slice(0, -1)) {
    if (holder === gone) return undefined;
    holder = child(holder, part);
  }
  return holder === gone ? undefined : holder;
}

/**
 * Puts a value in places that exist: the same in all of them, as what comes of it is only written. Gives in how many it is
 * then, those inside of others aside.
 */
function replaceAll(
  root: WireValue,
  locations: readonly Location[],
  value: WireValue,
): { readonly root: WireValue; readonly count: number } {
  let count = 0;
  for (const location of [...locations].sort((a, b) => a.length - b.length)) {
    const name = location.at(-1);
    if (name === undefined) return { root: value, count: 1 };
    const holder = holderOf(root, location, value);
    if (Array.isArray(holder)) holder[Number(name)] = value;
    // Plain assignment to `__proto__` would change what the object inherits from.
    else if (isObject(holder))
      Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
    else continue;
    count++;
  }
  return { root, count };
}

/** The longest text there can be. */
const longestText = constants.MAX_STRING_LENGTH;

const updateParameters = [required('key', 'string'), required('path', 'string'), required('value', 'any')];

const update: Command = ({ body }, { store }) => {
  const fault = faultIn(body, updateParameters);
  if (fault) return refusal('KV_UPDATE', fault.status, fault.message);
  const path = readPath(String(body.path));
  const replacement = valueText(body.value as WireValue); // checked to be there
  let count = 0;
  const change = (text: JsonText, room = longestText) => {
    const locations = [...follow(path, text).values()];
    count = locations.length;
    if (count === 0) return text;
    const replaced = replaceAll(readExactly(text), locations, readExactly(replacement));
    // Told before it is written, which could take gigabytes.
    const atLeast = replaced.count * replacement.length;
    if (atLeast - text.length > room || atLeast > longestText) return undefined;
    return changedText(replaced.root);
  };
  const failed = (cause: unknown) => {
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
      return changedText(root);
    }
    // A member that is there and no array is left alone, and NemesisDB calls that a success.
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
