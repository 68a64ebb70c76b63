import { Status } from '../../protocol/status.js';
import { ListReply, ok, type Reply, refusal, reply } from '../json/replies.js';
import { valueText } from '../json/value-text.js';
import type { JsonText, WireObject, WireValue } from '../json/wire.js';
import { batchesOf } from '../store/batches.js';
import type { Entry, Place } from '../store/entry.js';
import { andThen, type Later } from '../store/later.js';
import type { Batches } from '../store/store.js';
import { inTurns } from '../turns.js';
import type { Caller, Command, Context } from './context.js';
import { type Fault, faultIn, type Parameter, required } from './parameters.js';
import { sortInTurns } from './sort.js';

/** The members of a reply, or all of a long one; `undefined`: there is no such session. */
type Members = string | ListReply | undefined | Fault;

/** A call of a command on keys, with its parameters checked. */
interface Call {
  readonly place: Place;
  readonly body: WireObject;
  readonly context: Context;
  readonly caller: Caller;
}

/** A command on keys. Both families have it: `SH_` for the keys of a session, `KV_` for those at the top level. */
interface KeyCommand {
  readonly parameters: readonly Parameter[];
  readonly check?: (body: WireObject) => Fault | undefined;
  execute(call: Call): Later<Members>;
}

export const full: Fault = { status: Status.Unknown, message: 'Memory limit reached' };
export const tooLong: Fault = { status: Status.ValueSize, message: 'The reply would exceed maxReply' };

export const keyTexts = (keys: readonly string[]) => keys.map((key) => JSON.stringify(key)).join(',');

const keysObject = [required('keys', 'object')];
const keysArray = [required('keys', 'array')];

/** The entries of `keys`, which was checked to be an object. */
function entriesOf(body: WireObject): Entry[] {
  const keys = body.keys as WireObject;
  const entries: Entry[] = [];
  // a member that Object.keys just named
  for (const key of Object.keys(keys)) entries.push([key, valueText(keys[key] as WireValue)]);
  return entries;
}

/** The strings of `keys`, which was checked to be an array. NemesisDB skips what is not a string. */
function namesOf(body: WireObject): string[] {
  return (body.keys as WireValue[]).filter((key) => typeof key === 'string');
}

/** Writes the `keys` member of a reply: sorted, each key once. */
export function keysMember(found: readonly Entry[]): string {
  if (found.length === 1 && found[0]) return `"keys":{${JSON.stringify(found[0][0])}:${found[0][1]}}`;
  const sorted = [...new Map(found)].sort(([a], [b]) => (a < b ? -1 : 1));
  return `"keys":{${sorted.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
}

/** The `keys` member for values in the order of their keys, as long as it fits in a reply. */
function foundMembers(keys: readonly string[], values: readonly (JsonText | undefined)[], maxReply: number): Members {
  const entries: Entry[] = [];
  let length = 0;
  for (let index = 0; index < keys.length; index++) {
    const value = values[index];
    const key = keys[index];
    if (key === undefined || value === undefined) continue;
    entries.push([key, value]);
    length += value.length;
  }
  return length > maxReply ? tooLong : `${keysMember(entries)},${ok}`;
}

/** The `keys` of all batches, which may be millions. */
async function listKeys(command: string, batches: Batches<string>, maxReply: number): Promise<Members> {
  const list = new ListReply(command, 'keys', '[]');
  for await (const keys of inTurns(batches)) {
    list.add(keyTexts(keys));
    if (list.length > maxReply) return tooLong;
  }
  return list;
}

function write(keepExisting: boolean): KeyCommand {
  return {
    parameters: keysObject,
    execute: ({ place, body, context, caller }) => {
      const entries = entriesOf(body);
      if (entries.some(([, value]) => value.length > context.limits.maxValueSize)) return tooLarge;
      return andThen(context.store.set(place, entries, keepExisting, caller.id), (written) => {
        if (written === 'written') return ok;
        return written === 'full' ? full : undefined;
      });
    },
  };
}

export const tooLarge: Fault = { status: Status.ValueSize, message: 'The value would exceed maxValueSize' };

function clear(parameters: readonly Parameter[], entries: (body: WireObject) => Entry[]): KeyCommand {
  return {
    parameters,
    execute: ({ place, body, context: { store } }) => {
      const cleared = place === undefined ? store.clearTopLevel(entries(body)) : store.clear(place, entries(body));
      return andThen<number | 'full' | undefined, Members>(cleared, (count) => {
        if (count === 'full') return full;
        return count === undefined ? undefined : `"cnt":${count},${ok}`;
      });
    },
  };
}

const keyCommands: Readonly<Record<string, KeyCommand>> = {
  SET: write(false),
  ADD: write(true),
  GET: {
    parameters: keysArray,
    execute({ place, body, context: { store, limits }, caller }) {
      const keys = namesOf(body);
      return andThen(
        store.get(place, keys, caller.id),
        (values) => values && foundMembers(keys, values, limits.maxReply),
      );
    },
  },
  RMV: {
    parameters: keysArray,
    check: (body) =>
      (body.keys as WireValue[]).length === 0 ? { status: Status.ValueSize, message: 'keys' } : undefined,
    execute: ({ place, body, context: { store } }) => andThen(store.remove(place, namesOf(body)), (done) => done && ok),
  },
  COUNT: {
    parameters: [],
    execute: ({ place, context: { store } }) =>
      andThen<number | undefined, Members>(place === undefined ? store.countTopLevel() : store.count(place), (count) =>
        count === undefined ? count : `"cnt":${count},${ok}`,
      ),
  },
  CONTAINS: {
    parameters: keysArray,
    execute: ({ place, body, context: { store } }) =>
      andThen(store.contains(place, namesOf(body)), (keys) => keys && `"contains":[${keyTexts(keys)}],${ok}`),
  },
  KEYS: {
    parameters: [],
    execute: ({ place, context }) => {
      const { store, limits } = context;
      if (place === undefined) return listKeys('KV_KEYS', store.topLevelKeys(), limits.maxReply);
      return andThen(store.keys(place), async (keys) => {
        if (keys === undefined) return undefined;
        return listKeys('SH_KEYS', batchesOf(await sortInTurns([...keys])), limits.maxReply);
      });
    },
  },
  CLEAR: clear([], () => []),
  CLEAR_SET: clear(keysObject, entriesOf),
};

function replyTo(command: string, members: Members): Reply {
  if (typeof members === 'string') return reply(command, members);
  if (members instanceof ListReply) return members.finish();
  return members ? refusal(command, members.status, members.message) : refusal(command, Status.SessionNotExist);
}

function* bothFamilies(): Iterable<[string, Command]> {
  for (const [suffix, { parameters, check, execute }] of Object.entries(keyCommands)) {
    for (const ofSession of [true, false]) {
      const name = `${ofSession ? 'SH' : 'KV'}_${suffix}`;
      yield [
        name,
        ({ body, token }, context, caller) => {
          const fault = faultIn(body, parameters) ?? check?.(body);
          if (fault) return refusal(name, fault.status, fault.message);
          if (ofSession && token === undefined) return refusal(name, Status.SessionNotExist);
          const place = ofSession ? token : undefined;
          return andThen(execute({ place, body, context, caller }), (members) => replyTo(name, members));
        },
      ];
    }
  }
}

/** The commands on keys, of both families. */
export const keyCommandsByName: ReadonlyMap<string, Command> = new Map(bothFamilies());
