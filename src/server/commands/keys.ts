import { Status } from '../../protocol/status.js';
import { ok, refusal, reply } from '../json/replies.js';
import { type JsonText, valueText } from '../json/value-text.js';
import type { WireObject, WireValue } from '../json/wire.js';
import { andThen, type Entry, type Later, type Place, type Store } from '../store/store.js';
import type { Command } from './context.js';
import { type Fault, faultIn, type Parameter, required } from './parameters.js';

/** The members of a reply; `undefined`: there is no such session. */
type Members = string | undefined | Fault;

/** A command on keys, which both families have: `SH_` for a session's, `KV_` for those at the top level. */
interface KeyCommand {
  readonly parameters: readonly Parameter[];
  readonly check?: (body: WireObject) => Fault | undefined;
  execute(store: Store, place: Place, body: WireObject): Later<Members>;
}

export const full: Fault = { status: Status.Unknown, message: 'Memory limit reached' };

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

/** The strings of `keys`, which was checked to be an array. NemesisDB passes over what is no string. */
function namesOf(body: WireObject): string[] {
  return (body.keys as WireValue[]).filter((key) => typeof key === 'string');
}

/** Writes the `keys` member of a reply: sorted, each once. */
export function keysMember(found: readonly Entry[]): string {
  if (found.length === 1 && found[0]) return `"keys":{${JSON.stringify(found[0][0])}:${found[0][1]}}`;
  const sorted = [...new Map(found)].sort(([a], [b]) => (a < b ? -1 : 1));
  return `"keys":{${sorted.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
}

function found(keys: readonly string[], values: readonly (JsonText | undefined)[]): Entry[] {
  const entries: Entry[] = [];
  for (let index = 0; index < keys.length; index++) {
    const value = values[index];
    const key = keys[index];
    if (key !== undefined && value !== undefined) entries.push([key, value]);
  }
  return entries;
}

function write(keepExisting: boolean): KeyCommand {
  return {
    parameters: keysObject,
    execute: (store, place, body) =>
      andThen(store.set(place, entriesOf(body), keepExisting), (written) => {
        if (written === 'written') return ok;
        return written === 'full' ? full : undefined;
      }),
  };
}

function clear(parameters: readonly Parameter[], entries: (body: WireObject) => Entry[]): KeyCommand {
  return {
    parameters,
    execute: (store, place, body) =>
      andThen(store.clear(place, entries(body)), (count) => {
        if (count === 'full') return full;
        return count === undefined ? undefined : `"cnt":${count},${ok}`;
      }),
  };
}

const keyCommands: Readonly<Record<string, KeyCommand>> = {
  SET: write(false),
  ADD: write(true),
  GET: {
    parameters: keysArray,
    execute(store, place, body) {
      const keys = namesOf(body);
      return andThen(store.get(place, keys), (values) => values && `${keysMember(found(keys, values))},${ok}`);
    },
  },
  RMV: {
    parameters: keysArray,
    check: (body) =>
      (body.keys as WireValue[]).length === 0 ? { status: Status.ValueSize, message: 'keys' } : undefined,
    execute: (store, place, body) => andThen(store.remove(place, namesOf(body)), (done) => done && ok),
  },
  COUNT: {
    parameters: [],
    execute: (store, place) =>
      andThen(store.count(place), (count) => (count === undefined ? count : `"cnt":${count},${ok}`)),
  },
  CONTAINS: {
    parameters: keysArray,
    execute: (store, place, body) =>
      andThen(store.contains(place, namesOf(body)), (keys) => keys && `"contains":[${keyTexts(keys)}],${ok}`),
  },
  KEYS: {
    parameters: [],
    execute: (store, place) => andThen(store.keys(place), (keys) => keys && `"keys":[${keyTexts(keys)}],${ok}`),
  },
  CLEAR: clear([], () => []),
  CLEAR_SET: clear(keysObject, entriesOf),
};

function replyTo(command: string, members: Members): string {
  if (typeof members === 'string') return reply(command, members);
  return members ? refusal(command, members.status, members.message) : refusal(command, Status.SessionNotExist);
}

function* bothFamilies(): Iterable<[string, Command]> {
  for (const [suffix, { parameters, check, execute }] of Object.entries(keyCommands)) {
    for (const ofSession of [true, false]) {
      const name = `${ofSession ? 'SH' : 'KV'}_${suffix}`;
      yield [
        name,
        ({ body, token }, { store }) => {
          const fault = faultIn(body, parameters) ?? check?.(body);
          if (fault) return refusal(name, fault.status, fault.message);
          if (ofSession && token === undefined) return refusal(name, Status.SessionNotExist);
          return andThen(execute(store, ofSession ? token : undefined, body), (members) => replyTo(name, members));
        },
      ];
    }
  }
}

/** The commands on keys, of both families. */
export const keyCommandsByName: ReadonlyMap<string, Command> = new Map(bothFamilies());
