import { ResponseError } from '../errors.js';
import type { JsonObject } from '../protocol/json.js';
import { Status, statusName } from '../protocol/status.js';

/** What a caller can do about a status, by its number. */
const adviceByStatus: Readonly<Record<number, string>> = {
  [Status.JsonInvalid]: 'The server could not read the request. A value may be nested too deeply.',
  [Status.PathInvalid]: 'The server could not read the path. NemesisDB takes the JSONPath of jsoncons, not RFC 9535.',
  [Status.CommandNotExist]:
    'This server does not have the command. It may be older or newer than NemesisDB 0.7 and 0.8.',
  [Status.CommandDisabled]: 'The server is configured without it. Saving and loading need persistence switched on.',
  [Status.KeyNotExist]: 'There is no such key. Set it first.',
  [Status.ValueTypeInvalid]: 'The stored value is of another type than the command needs, such as an array.',
  [Status.SessionNotExist]: 'The session expired or was ended, or the server restarted. Create a new one.',
  [Status.SessionTokenInvalid]: 'The token does not belong to this server. Create a new session.',
  [Status.SessionNewFail]: 'The server could not create the session. Try again.',
  [Status.SaveDirWriteFail]: "The server can't write to its data folder. Check its configuration.",
  [Status.SaveError]: 'The server could not save. Check its log and the space on its disk.',
  [Status.Loading]: 'The dataset holds no keys, or is still loading.',
  [Status.LoadError]: 'There is no complete dataset of that name and kind.',
};

const noSessions =
  'This server has no sessions, as NemesisDB 0.9 and later. Use the kv_ commands, or a server of 0.7 or 0.8.';

/** The error for a reply of a status other than success. */
export function refusal(command: string, status: number, body: JsonObject): ResponseError {
  const withoutSessions = status === Status.CommandNotExist && command.startsWith('SH_');
  const advice = withoutSessions ? noSessions : (adviceByStatus[status] ?? '');
  const serverMessage = typeof body.m === 'string' ? body.m : '';
  return new ResponseError(command, status, statusName(status), serverMessage, advice);
}
