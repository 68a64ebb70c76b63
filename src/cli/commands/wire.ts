import { filter, map, type Observable, take, timeout } from 'rxjs';
import type { JsonObject, JsonValue } from '../../index.js';
import { parseJson } from '../../protocol/json.js';
import type { ConnectOptions } from '../connect.js';
import { CommandFailure, exitStatus } from '../exit-status.js';
import { type Line, line, type Paint } from '../output.js';
import { exchange } from '../wire.js';

/** Sends a request as it stands and shows the reply as it stands. A status other than success is a failure. */
export function sendRequest({ url, timeout: ms }: ConnectOptions, request: string): Observable<Line> {
  if (objectOf(request) === undefined)
    throw new CommandFailure('The request is not a JSON object.', 'NDB_VALUE', exitStatus.usage);
  return exchange(url, request).pipe(
    timeout({ first: ms, with: () => noReply(ms) }),
    take(1),
    map((reply) => line(objectOf(reply) ?? reply, reply)),
  );
}

/** Shows what happens to all sessions of a server that pushes events. */
export function watchAll({ url, timeout: ms }: ConnectOptions, paint: Paint): Observable<Line> {
  return exchange(url, '{"SH_WATCH":{"all":true},"id":"all"}').pipe(
    timeout({ first: ms, with: () => noReply(ms) }),
    map((frame) => objectOf(frame) ?? {}),
    map((frame) => {
      if (frame.SH_EVENT !== undefined) return eventLine(frame.SH_EVENT, paint);
      const status = statusOf(frame);
      if (status === 1) return undefined;
      throw new CommandFailure(refusal(status), 'NDB_RESPONSE', exitStatus.refused);
    }),
    filter((shown) => shown !== undefined),
  );
}

function noReply(ms: number): never {
  throw new CommandFailure(`The server did not answer within ${ms} ms.`, 'NDB_TIMEOUT', exitStatus.unreachable);
}

function refusal(status: JsonValue | undefined): string {
  if (status === 14) return 'The server does not let clients watch all sessions: start it with --watch-all.';
  return 'The server does not push events; a NemesisDB has none. Watch single sessions by their tokens.';
}

function objectOf(json: string | JsonValue): JsonObject | undefined {
  try {
    const value = typeof json === 'string' ? parseJson(json) : json;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The status of the reply in a frame. */
function statusOf(frame: JsonObject): JsonValue | undefined {
  const [body] = Object.values(frame);
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? body.st : undefined;
}

function eventLine(event: JsonValue, paint: Paint): Line {
  const members: JsonObject = objectOf(event) ?? {};
  const { type, tkn, at, outcome } = members;
  const time = new Date(typeof at === 'number' ? at : Date.now()).toLocaleTimeString('en-GB');
  const words = [type, outcome].filter((word) => word !== undefined).join(': ');
  const json = { ...members, ...(tkn === undefined ? {} : { tkn: String(tkn) }) };
  return line(json, `${paint('dim', time)} ${paint(type === 'extended' ? 'green' : 'red', words)} ${tkn ?? ''}`);
}
