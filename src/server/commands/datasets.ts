import { Status } from '../../protocol/status.js';
import type { Loaded, Saved } from '../datasets/datasets.js';
import type { DatasetKind } from '../datasets/folders.js';
import { refusal, reply } from '../json/replies.js';
import { member, type WireObject, type WireValue } from '../json/wire.js';
import { andThen } from '../store/later.js';
import { tokenOf } from '../store/tokens.js';
import type { Command } from './context.js';
import { faultIn, optional, required } from './parameters.js';

const nameParameter = [required('name', 'string')];
const saveSessionsParameters = [required('name', 'string'), optional('tkns', 'array')];

function tokensFault(body: WireObject) {
  const items = member(body, 'tkns') as WireValue[] | undefined; // checked to be an array
  if (items?.length === 0) return { status: Status.ValueSize, message: "'tkns' empty" };
  return items?.some((item) => tokenOf(item) === undefined)
    ? { status: Status.ValueTypeInvalid, message: "'tkns' contains invalid token" }
    : undefined;
}

function disabled(command: string): string {
  return reply(command, `"m":"","st":${Status.CommandDisabled}`);
}

function saveReply(command: string, name: string, saved: Saved): string {
  const named = `"name":${JSON.stringify(name)}`;
  if (saved.outcome === 'refused') return reply(command, `${named},"st":${Status.SaveDirWriteFail}`);
  const status = saved.outcome === 'saved' ? Status.SaveComplete : Status.SaveError;
  return reply(command, `"duration":${saved.duration},${named},"st":${status}`);
}

const saveKeys: Command = ({ body }, { datasets }) => {
  if (datasets === undefined) return disabled('KV_SAVE');
  const fault = faultIn(body, nameParameter);
  if (fault) return refusal('KV_SAVE', fault.status, fault.message);
  const name = String(body.name);
  return andThen(datasets.saveKeys(name), (saved) => saveReply('KV_SAVE', name, saved));
};

const saveSessions: Command = ({ body }, { datasets }) => {
  if (datasets === undefined) return disabled('SH_SAVE');
  const fault = faultIn(body, saveSessionsParameters) ?? tokensFault(body);
  if (fault) return refusal('SH_SAVE', fault.status, fault.message);
  const name = String(body.name);
  const items = member(body, 'tkns') as WireValue[] | undefined; // checked above
  const tokens = items?.flatMap((item) => tokenOf(item) ?? []);
  return andThen(datasets.saveSessions(name, tokens), (saved) => saveReply('SH_SAVE', name, saved));
};

/** The members of a load's reply, sorted by name. */
type LoadMembers = (
  name: string,
  counts: { keys: number; sessions: number; duration: number },
  status: number,
) => string;

/** NemesisDB's statuses: 140 for `KV_LOAD` of what was saved empty, 142 for `SH_LOAD` of it or of keys. */
function loadStatus(command: 'KV_LOAD' | 'SH_LOAD', loaded: Loaded): number {
  if (loaded.outcome !== 'loaded') return Status.LoadError;
  if (command === 'KV_LOAD') return loaded.isEmpty ? Status.Loading : Status.LoadComplete;
  return loaded.isEmpty || loaded.kind === 'keys' ? Status.LoadError : Status.LoadComplete;
}

function load(command: 'KV_LOAD' | 'SH_LOAD', wanted: DatasetKind, members: LoadMembers): Command {
  return async ({ body }, { datasets }) => {
    const fault = faultIn(body, nameParameter);
    if (fault) return refusal(command, fault.status, fault.message);
    const name = JSON.stringify(body.name);
    const loaded: Loaded = (await datasets?.load(String(body.name), wanted)) ?? { outcome: 'absent' };
    const status = loadStatus(command, loaded);
    if (loaded.outcome === 'absent') return reply(command, `"name":${name},"st":${status}`);
    return reply(command, members(name, loaded.outcome === 'full' ? nothing : loaded, status));
  };
}

const nothing = { keys: 0, sessions: 0, duration: 0 };

const loadKeys = load(
  'KV_LOAD',
  'keys',
  (name, { duration, keys, sessions }, status) =>
    `"duration":${duration},"keys":${keys},"name":${name},"sessions":${sessions},"st":${status}`,
);

const loadSessions = load(
  'SH_LOAD',
  'sessions',
  (name, { keys, sessions }, status) => `"keys":${keys},"name":${name},"sessions":${sessions},"st":${status}`,
);

/** The commands that save and load. */
export const datasetCommands: ReadonlyMap<string, Command> = new Map([
  ['KV_SAVE', saveKeys],
  ['KV_LOAD', loadKeys],
  ['SH_SAVE', saveSessions],
  ['SH_LOAD', loadSessions],
]);
