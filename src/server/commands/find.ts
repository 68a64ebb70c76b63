import { Status } from '../../protocol/status.js';
import { ok, refusal, reply } from '../json/replies.js';
import { valueText } from '../json/value-text.js';
import { readStored, type WireObject, type WireValue } from '../json/wire.js';
import { JsonPath, PathError, PathRefusedError, pathOf, Work } from '../json-path/json-path.js';
import { andThen, type Entry } from '../store/store.js';
import type { Command } from './context.js';
import { type Fault, faultIn, member, optional, required } from './parameters.js';
import { inSlices } from './slices.js';

const parameters = [optional('keys', 'array'), required('path', 'string'), required('rsp', 'string')];

function faultOf(body: WireObject): Fault | undefined {
  const fault = faultIn(body, parameters);
  if (fault) return fault;
  if (!['paths', 'kv', 'keys'].includes(String(body.rsp))) {
    return { status: Status.CommandSyntax, message: "'rsp' invalid value" };
  }
  return body.path === '' ? { status: Status.ValueSize, message: "'path' is empty" } : undefined;
}

/** The keys to search; `undefined` for all. A key that is not a string is looked up as it is written. */
function keysToSearch(body: WireObject): string[] | undefined {
  const keys = member(body, 'keys') as WireValue[] | undefined; // checked to be an array
  if (keys === undefined || keys.length === 0) return undefined;
  const names = keys.map((key) => (typeof key === 'string' ? key : valueText(key)));
  return body.rsp === 'kv' ? [...new Set(names)] : names;
}

/** The matches of a search, written as the members of the reply while they are found. */
class Matches {
  readonly #kind: WireValue | undefined;
  #text = '';

  constructor(kind: WireValue | undefined) {
    this.#kind = kind;
  }

  /** Adds an entry whose value has the path. */
  addEntry([key, value]: Entry): void {
    if (this.#kind === 'keys') this.#add(JSON.stringify(key));
    if (this.#kind === 'kv') this.#add(`${JSON.stringify(key)}:${value}`);
  }

  /** Adds a place in a value. */
  addPath(path: string): void {
    this.#add(JSON.stringify(path));
  }

  get members(): string {
    if (this.#kind === 'kv') return `"keys":{${this.#text}}`;
    return `"${this.#kind === 'keys' ? 'keys' : 'paths'}":[${this.#text}]`;
  }

  #add(text: string): void {
    this.#text += this.#text === '' ? text : `,${text}`;
  }
}

/** Writing the path of a place takes about as long as this many steps. */
const stepsPerPath = 8;

/** Searches entries. It yields when its slice is over. A wrong path is an error only if there is an entry. */
function* search(entries: Iterable<Entry>, body: WireObject, work: Work): Generator<void, string> {
  const matches = new Matches(body.rsp);
  let path: JsonPath | undefined;
  try {
    for (const entry of entries) {
      path ??= JsonPath.parse(String(body.path));
      work.allowValue(entry[1]);
      const places = yield* path.follow(readStored(entry[1]), work);
      if (places.length > 0) matches.addEntry(entry);
      for (const place of body.rsp === 'paths' ? places : []) {
        const text = pathOf(place);
        work.spend(stepsPerPath);
        work.spendOnText(text);
        matches.addPath(text);
        if (work.isSliceOver) yield;
      }
      if (work.isSliceOver) yield;
    }
  } catch (cause) {
    if (cause instanceof PathRefusedError) return refusal('KV_FIND', Status.PathInvalid, `KV_FIND: ${cause.message}.`);
    if (cause instanceof PathError) return reply('KV_FIND', `"st":${Status.PathInvalid}`);
    throw cause;
  }
  return reply('KV_FIND', `${matches.members},${ok}`);
}

/** `KV_FIND`: the keys, entries or places that a path leads to. */
export const find: Command = ({ body }, { store }) => {
  const fault = faultOf(body);
  if (fault) return refusal('KV_FIND', fault.status, fault.message);
  const work = new Work();
  return andThen(store.entries(keysToSearch(body)), (entries) => inSlices(search(entries, body, work), work));
};
