import { Status } from '../../protocol/status.js';
import type { Loaded } from '../datasets/datasets.js';
import { refusal, reply } from '../json/replies.js';
import type { WireObject, WireValue } from '../json/wire.js';
import { andThen } from '../store/store.js';
import { tokenOf } from '../store/tokens.js';
import type { Command, Context } from './context.js';
import { faultIn, member, optional, required } from './parameters.js';

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

function saved(command: string, name: string, { status, duration }: { status: number; duration: number }): string {
  const took = status === Status.SaveDirWriteFail ? '' : `"duration":${duration},`;
  return reply(command, `${took}"name":${JSON.stringify(name)},"st":${status}`);
}

const saveKeys: Command = ({ body }, { datasets }) => {
  if (datasets === undefined) return disabled('KV_SAVE');
  const fault = faultIn(body, nameParameter);
  if (fault) return refusal('KV_SAVE', fault.status, fault.message);
  const name = String(body.name);
  return andThen(datasets.saveKeys(name), (result) => saved('KV_SAVE', name, result));
};

const saveSessions: Command = ({ body }, { datasets }) => {
  if (datasets === undefined) return disabled('SH_SAVE');
  const fault = faultIn(body, saveSessionsParameters) ?? tokensFault(body);
  if (fault) return refusal('SH_SAVE', fault.status, fault.message);
  const name = String(body.name);
  const items = member(body, 'tkns') as WireValue[] | undefined; // checked above
  const tokens = items?.flatMap((item) => tokenOf(item) ?? []);
  return andThen(datasets.saveSessions(name, tokens), (result) => saved('SH_SAVE', name, result));
};

function load(
  command: string,
  execute: (context: Context, name: string) => Promise<Loaded | undefined> | undefined,
  members: (loaded: Loaded, name: string) => string,
): Command {
  return ({ body }, context) => {
    const fault = faultIn(body, nameParameter);
    if (fault) return refusal(command, fault.status, fault.message);
    const name = JSON.stringify(body.name);
    const absent = reply(command, `"name":${name},"st":${Status.LoadError}`);
    const loading = execute(context, String(body.name));
    return loading ? loading.then((loaded) => (loaded ? reply(command, members(loaded, name)) : absent)) : absent;
  };
}

const loadKeys = load(
  'KV_LOAD',
  ({ datasets }, name) => datasets?.loadKeys(name),
  ({ duration, keys, sessions, status }, name) =>
    `"duration":${duration},"keys":${keys},"name":${name},"sessions":${sessions},"st":${status}`,
);

const loadSessions = load(
  'SH_LOAD',
  ({ datasets }, name) => datasets?.loadSessions(name),
  ({ keys, sessions, status }, name) => `"keys":${keys},"name":${name},"sessions":${sessions},"st":${status}`,
);

/** The commands that save and load. */
export const datasetCommands: ReadonlyMap<string, Command> = new Map([
  ['KV_SAVE', saveKeys],
  ['KV_LOAD', loadKeys],
  ['SH_SAVE', saveSessions],
  ['SH_LOAD', loadSessions],
]);
