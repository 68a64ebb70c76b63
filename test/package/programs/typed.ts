// What a program says to the compiler, and what the compiler must refuse.
import { NdbClient, NdbError, type Session, type SessionEvent, Status } from 'rx-nemesisdb';
import { NdbServer, type NdbServerOptions } from 'rx-nemesisdb/server';
import { map, type Observable, switchMap } from 'rxjs';

const client: NdbClient = new NdbClient({ timeout: 1000, reconnect: false });
export const session$: Observable<Session> = client.sh_create_session({ durationSeconds: 60, extendOnGet: true });
export const basket$: Observable<unknown> = session$.pipe(switchMap((session) => session.get({ key: 'basket' })));
export const outcome$: Observable<'sessionDeleted' | 'keysCleared'> = session$.pipe(
  switchMap((session) => session.expired$),
  map((event) => event.outcome),
);
export const isGone = (error: unknown): boolean => error instanceof NdbError && error.code === 'RESPONSE';
export const types = (event: SessionEvent): string => event.type;
export const status: number = Status.SessionNotExist;
export const options: NdbServerOptions = { port: 1987 };
export const listening: Promise<NdbServer> = NdbServer.listen(options);

// @ts-expect-error a duration is a number
client.sh_create_session({ durationSeconds: '60' });
// @ts-expect-error a token is no number
client.session(1);
