import { Status } from '../../protocol/status.js';
import { readStored } from '../json/read.js';
import { ListReply, type Reply, refusal, reply } from '../json/replies.js';
import { valueText } from '../json/value-text.js';
import { member, type WireObject, type WireValue } from '../json/wire.js';
import { JsonPath, PathError, PathRefusedError, pathOf, Work } from '../json-path/json-path.js';
import type { Entry } from '../store/entry.js';
import type { Batches } from '../store/store.js';
import type { Command } from './context.js';
import { tooLong } from './keys.js';
import { type Fault, faultIn, optional, required } from './parameters.js';
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

/** The matches of a search, written into the reply while they are found. */
class Matches {
  readonly #kind: WireValue | undefined;
  readonly #list: ListReply;

  constructor(kind: WireValue | undefined) {
    this.#kind = kind;
    this.#list = new ListReply('KV_FIND', kind === 'paths' ? 'paths' : 'keys', kind === 'kv' ? '{}' : '[]');
  }

  get length(): number {
    return this.#list.length;
  }

  /** Adds an entry whose value has the path. */
  addEntry([key, value]: Entry): void {
    if (this.#kind === 'keys') this.#list.add(JSON.stringify(key));
    if (this.#kind === 'kv') this.#list.add(`${JSON.stringify(key)}:${value}`);
  }

  /** Adds a place in a value. */
  addPath(path: string): void {
    this.#list.add(JSON.stringify(path));
  }

  finish(): Reply {
    return this.#list.finish();
  }
}

/** Writing the path of a place takes about as long as this many steps. */
const stepsPerPath = 8;

/** A search under way. A wrong path is an error only if there is an entry. */
class Search {
  readonly matches: Matches;
  readonly #body: WireObject;
  readonly #work: Work;
  readonly #maxReply: number;
  #path: JsonPath | undefined;

  constructor(body: WireObject, work: Work, maxReply: number) {
    this.matches = new Matches(body.rsp);
    this.#body = body;
    this.#work = work;
    this.#maxReply = maxReply;
  }

  /** Searches entries. Yields when its slice is over; gives `false` if the reply gets too long. */
  *in(entries: Iterable<Entry>): Generator<void, boolean> {
    const work = this.#work;
    for (const entry of entries) {
      this.#path ??= JsonPath.parse(String(this.#body.path));
      work.allowValue(entry[1]);
      const places = yield* this.#path.follow(readStored(entry[1]), work);
      if (places.length > 0) this.matches.addEntry(entry);
      for (const place of this.#body.rsp === 'paths' ? places : []) {
        const text = pathOf(place);
        work.spend(stepsPerPath);
        work.spendOnText(text);
        this.matches.addPath(text);
        if (work.isSliceOver) yield;
      }
      if (this.matches.length > this.#maxReply) return false;
      if (work.isSliceOver) yield;
    }
    return true;
  }
}

async function search(batches: Batches<Entry>, body: WireObject, maxReply: number): Promise<Reply> {
  const work = new Work();
  const search = new Search(body, work, maxReply);
  try {
    for await (const entries of batches) {
      if (!(await inSlices(search.in(entries), work))) return refusal('KV_FIND', tooLong.status, tooLong.message);
    }
  } catch (cause) {
    if (cause instanceof PathRefusedError) return refusal('KV_FIND', Status.PathInvalid, `KV_FIND: ${cause.message}.`);
    if (cause instanceof PathError) return reply('KV_FIND', `"st":${Status.PathInvalid}`);
    throw cause;
  }
  return search.matches.finish();
}

/** `KV_FIND`: the keys, entries or places that a path leads to. */
export const find: Command = ({ body }, { store, limits }) => {
  const fault = faultOf(body);
  if (fault) return refusal('KV_FIND', fault.status, fault.message);
  return search(store.scan(keysToSearch(body)), body, limits.maxReply);
};
