import { ResponseError } from '../errors.js';
import type { JsonObject } from '../protocol/json.js';
import { Status, statusName } from '../protocol/status.js';

/** What a caller can do about a status, by its number. */
const advice: Readonly<Record<number, string>> = {
  [Status.JsonInvalid]: 'The server could not read the request; a value may be nested too deeply.',
  [Status.PathInvalid]: 'The path is no JSONPath that the server can read.',
  [Status.CommandNotExist]:
    'This server does not have the command; its version may be older or newer than 0.7 and 0.8.',
  [Status.CommandDisabled]: 'The server is configured without it; saving and loading need persistence switched on.',
  [Status.KeyNotExist]: 'There is no such key; set it first.',
  [Status.SessionNotExist]: 'The session expired or was ended, or the server restarted; create a new one.',
  [Status.SessionTokenInvalid]: 'The token is none of this server; create a new session.',
  [Status.SessionNewFail]: 'The server could not create the session; try again.',
  [Status.SaveDirWriteFail]: "The server can't write its data folder; look at its configuration.",
  [Status.SaveError]: 'The server could not save; look at its log and the space on its disk.',
  [Status.LoadError]: 'There is no complete dataset of that name and kind.',
};

const noSessions =
  'This server has no sessions (NemesisDB 0.9 and later); use the kv_ commands, or a server of 0.7 or 0.8.';

/** The error for a reply of a status other than success. */
export function refusal(command: string, status: number, body: JsonObject): ResponseError {
  const withoutSessions = status === Status.CommandNotExist && command.startsWith('SH_');
  const message = typeof body.m === 'string' ? body.m : '';
  return new ResponseError(
    command,
    status,
    statusName(status),
    message,
    withoutSessions ? noSessions : (advice[status] ?? ''),
  );
}
