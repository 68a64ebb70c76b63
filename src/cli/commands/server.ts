import { catchError, forkJoin, map, type Observable, of } from 'rxjs';
import { type JsonInput, type NdbClient, ResponseError, type SessionInfo, Status } from '../../index.js';
import { type Line, line } from '../output.js';

/** Shows what a server is and how much it holds. */
export function showServer(client: NdbClient, url: string): Observable<Line> {
  // Servers of 0.9 and later have no sessions.
  const sessions$ = client.sh_info_all().pipe(
    catchError((error) => {
      if (error instanceof ResponseError && error.status === Status.CommandNotExist) return of(undefined);
      throw error;
    }),
  );
  return forkJoin({ server: client.sv_info(), sessions: sessions$, keys: client.kv_count() }).pipe(
    map(({ server, sessions, keys }) => {
      const { serverVersion, persistEnabled, maxPayload } = server;
      const rows = [
        ['version', serverVersion],
        ['keys', String(keys)],
        ['sessions', sessions === undefined ? 'none: this server has no sessions' : String(sessions.totalSessions)],
        ...(sessions === undefined ? [] : [['keys in sessions', String(sessions.totalKeys)]]),
        ['saving', persistEnabled ? 'on' : 'off'],
        ...(maxPayload === undefined ? [] : [['longest request', `${maxPayload} bytes`]]),
      ];
      return line({ url, ...server, keys, ...sessions }, table(rows));
    }),
  );
}

/** Shows how many keys a session has, and how it expires. */
export function showSession(client: NdbClient, tkn: string): Observable<Line> {
  return client.sh_info(tkn).pipe(map((info) => line(sessionJson(info), table(sessionRows(info)))));
}

function sessionJson(info: SessionInfo): JsonInput {
  const { tkn, keyCnt, shared, expires } = info;
  return { tkn: String(tkn), keyCnt, shared, expires, ...(info.expires ? { expiry: { ...info.expiry } } : {}) };
}

function sessionRows(info: SessionInfo): readonly (readonly string[])[] {
  const rows = [
    ['session', String(info.tkn)],
    ['keys', String(info.keyCnt)],
  ];
  if (!info.expires) return [...rows, ['expires', 'never']];
  const { duration, remaining, deleteSession, extendOnSetAdd, extendOnGet } = info.expiry;
  const extendedBy = [...(extendOnSetAdd ? ['set', 'add'] : []), ...(extendOnGet ? ['get'] : [])];
  return [
    ...rows,
    ['expires', remaining < 0 ? 'now: the server has not looked yet' : `in ${remaining} s of ${duration} s`],
    ['then', deleteSession ? 'the session is deleted' : 'its keys are cleared, and it begins anew'],
    ['extended by', extendedBy.length === 0 ? 'nothing' : extendedBy.join(', ')],
  ];
}

function table(rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map(([name = '']) => name.length));
  return rows.map(([name = '', value = '']) => `${name.padEnd(width)}  ${value}`).join('\n');
}
