/**
 * One-time passwords in sessions that live for two seconds.
 *
 *     npm start                                    on an embedded server
 *     npm start -- --url ws://127.0.0.1:1987/      on a NemesisDB that is running
 *
 * Ada types a wrong code, then the right one, which works once. Grace looks at her code, which extends its session, and then
 * forgets it. Linus never comes. The server lets the sessions of both lapse. Every line is what a stream emits.
 */
import { parseArgs } from 'node:util';
import { NdbClient, NdbError } from 'rx-nemesisdb';
import { NdbServer } from 'rx-nemesisdb/server';
import { concat, EMPTY, lastValueFrom, merge, type Observable, switchMap, tap, timer } from 'rxjs';
import { issue, type Password, verify } from './passwords.js';
import { print, printEvent } from './timeline.js';

const validFor = 2; // seconds

/** Gives somebody a code, and prints what happens to its session while they use it. */
function person(client: NdbClient, name: string, use: (password: Password) => Observable<unknown>) {
  return issue(client, validFor).pipe(
    tap(() => print(name, `code issued  valid for ${validFor} s, longer while it is looked at`)),
    switchMap((password) =>
      merge(password.session.events$.pipe(tap((event) => printEvent(name, event))), use(password)),
    ),
  );
}

const after = <Value>(ms: number, what: Observable<Value>) => timer(ms).pipe(switchMap(() => what));

const ada = (client: NdbClient) =>
  person(client, 'Ada', (password) => {
    const type = (code: number) =>
      verify(password, code).pipe(
        tap((right) => print('Ada', right ? 'code typed   right' : 'code typed   wrong', right ? 'green' : 'red')),
      );
    return concat(after(400, type(password.code + 1)), after(400, type(password.code)));
  });

const grace = (client: NdbClient) =>
  person(client, 'Grace', ({ session }) => {
    const look$ = after(1200, session.get({ key: 'looks' }));
    return concat(look$, look$);
  });

const linus = (client: NdbClient) => person(client, 'Linus', () => EMPTY);

async function main(givenUrl: string | undefined): Promise<void> {
  // The embedded server looks for lapsed sessions more often here than a NemesisDB, which takes up to five seconds.
  const sweepInterval = givenUrl === undefined ? 250 : 5000;
  const server = givenUrl === undefined ? await NdbServer.listen({ sweepInterval }) : undefined;
  const url = givenUrl ?? server?.url ?? '';
  const client = new NdbClient({ reconnect: { attempts: 3 }, sweepInterval });
  try {
    const people$ = client.open(url).pipe(
      tap(({ serverVersion }) => print('', `connected to NemesisDB ${serverVersion} at ${url}`)),
      switchMap(() => merge(ada(client), grace(client), linus(client))),
    );
    await lastValueFrom(people$);
    print('', 'every code is used or gone');
  } finally {
    await lastValueFrom(client.close());
    await server?.close();
  }
}

try {
  const { values } = parseArgs({ options: { url: { type: 'string' } } });
  await main(values.url);
} catch (error) {
  const isExpected = error instanceof NdbError || (error instanceof TypeError && 'code' in error); // parseArgs's own
  if (!isExpected) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
