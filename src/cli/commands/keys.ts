import { map, type Observable } from 'rxjs';
import type { JsonInput, JsonValue, NdbClient } from '../../index.js';
import { parseJson } from '../../protocol/json.js';
import { CommandFailure, exitStatus } from '../exit-status.js';
import { type Line, line, valueLine } from '../output.js';

/** The session whose keys are meant; absent: the keys at the top level. */
interface Where {
  readonly session?: string | undefined;
}

/** Shows the value of one key, or an object of several. One that is absent is a failure. */
export function getKeys(client: NdbClient, keys: readonly string[], { session }: Where): Observable<Line> {
  const [key, ...others] = keys;
  if (key === undefined || others.length > 0) {
    const values$ = session === undefined ? client.kv_get({ keys }) : client.sh_get(session, { keys });
    return values$.pipe(map(valueLine));
  }
  const value$ = session === undefined ? client.kv_get({ key }) : client.sh_get(session, { key });
  return value$.pipe(
    map((value) => {
      if (value !== undefined) return valueLine(value);
      throw new CommandFailure(`There is no key ${JSON.stringify(key)}.`, 'NO_SUCH_KEY', exitStatus.refused);
    }),
  );
}

/** Sets one key. A value that is not JSON is taken as a string. */
export function setKey(client: NdbClient, key: string, value: string, { session }: Where): Observable<Line> {
  const keys = { [key]: readValue(value) };
  const set$ = session === undefined ? client.kv_set(keys) : client.sh_set(session, keys);
  return set$.pipe(map(() => line({ set: [key] }, `${key} is set`)));
}

/** Shows the names of all keys, one a line. */
export function listKeys(client: NdbClient, { session }: Where): Observable<Line> {
  const keys$ = session === undefined ? client.kv_keys() : client.sh_keys(session);
  return keys$.pipe(map((keys) => line(keys, keys.length === 0 ? '(no keys)' : keys.join('\n'))));
}

function readValue(value: string): JsonInput {
  let parsed: JsonValue;
  try {
    parsed = parseJson(value);
  } catch {
    return value;
  }
  return parsed;
}
