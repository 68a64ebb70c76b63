/**
 * The examples of NemesisDB's own page on `sh_create_session`, in TypeScript.
 *
 *     npx tsx examples/sh_create_session/main.ts                            on an embedded server
 *     npx tsx examples/sh_create_session/main.ts ws://127.0.0.1:1987/       on a NemesisDB that is running
 */
import { type NdbClient, SessionClient } from 'rx-nemesisdb';
import { NdbServer } from 'rx-nemesisdb/server';
import { firstValueFrom, forkJoin, map, type Observable, switchMap, tap } from 'rxjs';

/** Sets a key in a session, and gets keys from it. An absent key is left out. */
function setAndGet(client: NdbClient): Observable<unknown> {
  return client.sh_create_session().pipe(
    switchMap((session) =>
      client
        .set(session.tkn, { key1: 'value1' })
        .pipe(switchMap(() => client.get(session.tkn, { keys: ['key1', 'k2'] }))),
    ),
    tap((keys) => console.log('Got', keys)),
  );
}

/** Creates a session. */
function createOne(client: SessionClient): Observable<unknown> {
  return client.sh_create_session().pipe(
    map((session) => (session.isValid ? `Session created with a token of ${typeof session.tkn}` : 'Fail')),
    tap((text) => console.log(text)),
  );
}

/** Creates several sessions. The client is not coupled to one: tokens name them. */
function createTwo(client: SessionClient): Observable<unknown> {
  return forkJoin([client.sh_create_session(), client.sh_create_session()]).pipe(
    map(([session1, session2]) =>
      session1.isValid && session2.isValid && session1.token !== session2.token ? 'Two sessions, two tokens' : 'Fail',
    ),
    tap((text) => console.log(text)),
  );
}

const [given] = process.argv.slice(2);
const server = given === undefined ? await NdbServer.listen() : undefined;
const client = new SessionClient();
await firstValueFrom(client.open(given ?? server?.url ?? ''));
for (const example of [setAndGet, createOne, createTwo]) await firstValueFrom(example(client));
await firstValueFrom(client.close());
await server?.close();
