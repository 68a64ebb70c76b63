/**
 * One-time passwords in sessions that live for two seconds.
 *
 *     npm start                                    on an embedded server of its own
 *     npm start -- --url ws://127.0.0.1:1987/      on a NemesisDB that is there already
 *
 * Each person gets a code in a session of their own. Ada types a wrong one, then the right one, and her session is ended:
 * a code works once. Grace keeps looking at hers, which extends it. Linus never comes, and neither does Grace in the end:
 * the server lets both lapse. What is printed is what the sessions' streams emit, as they emit it.
 */
import { randomInt } from 'node:crypto';
import { parseArgs, styleText } from 'node:util';
import { NdbClient, NdbError, type Session, type SessionEvent, ValueError } from 'rx-nemesisdb';
import { NdbServer } from 'rx-nemesisdb/server';
import { concat, defer, EMPTY, lastValueFrom, map, merge, type Observable, switchMap, tap, timer } from 'rxjs';
import * as z from 'zod';

const passcode = z.object({ code: z.number(), looks: z.number() });
type Passcode = z.infer<typeof passcode>;

/** How long a code is valid, in seconds. */
const life = 2;

const started = performance.now();

/** One line of the timeline: when, who, and what happened. */
function tell(who: string, what: string, colour: 'green' | 'yellow' | 'red' | 'dim' = 'dim'): void {
  const when = ((performance.now() - started) / 1000).toFixed(3).padStart(7);
  const line = `${when} s  ${who.padEnd(6)} ${what}`;
  console.log(process.stdout.isTTY ? styleText(colour, line) : line);
}

/** What an event of a session means, in words. */
function describe(event: SessionEvent): readonly [string, 'green' | 'yellow' | 'red' | 'dim'] {
  switch (event.type) {
    case 'opened':
      return ['opened       its life begins', 'dim'];
    case 'extended':
      return [`extended     by ${event.by === 'self' ? 'use' : 'another client'}: two more seconds`, 'green'];
    case 'expiring':
      return [`expiring     in about ${Math.round(event.inMs)} ms`, 'yellow'];
    case 'overdue':
      return ['overdue      the server may let it lapse from now on', 'yellow'];
    case 'expired':
      return [`expired      the server let it lapse (${event.outcome}, ${event.certainty})`, 'red'];
    case 'ended':
      return [`ended        by ${event.by} (${event.certainty})`, 'red'];
    case 'reset':
      return [`reset        extended, or lapsed and begun anew`, 'yellow'];
    case 'suspended':
      return ['suspended    nothing is known while the connection is gone', 'yellow'];
    case 'resumed':
      return ['resumed      what is known is true again', 'green'];
  }
}

/** A session with a new code in it. */
function issue(client: NdbClient, who: string): Observable<{ session: Session<Passcode>; code: number }> {
  return defer(() => {
    const code = randomInt(100_000, 1_000_000);
    return client
      .sh_create_session({
        durationSeconds: life,
        deleteSessionOnExpire: true,
        extendOnGet: true,
        expiringBefore: 500,
        schema: passcode,
      })
      .pipe(
        switchMap((session) => session.set({ code, looks: 0 }).pipe(map(() => ({ session, code })))),
        tap(() => tell(who, `code issued  valid for ${life} s, longer while it is looked at`)),
      );
  });
}

/** Compares a typed code with the one in the session. */
function verify(who: string, session: Session<Passcode>, typed: number): Observable<boolean> {
  return session.get({ key: 'code' }).pipe(
    map((code) => code === typed),
    tap((right) => tell(who, right ? 'code typed   right' : 'code typed   wrong', right ? 'green' : 'red')),
  );
}

/** Follows a session to its end while its owner acts. */
function follow(who: string, session: Session<Passcode>, acts: Observable<unknown>): Observable<unknown> {
  const events$ = session.events$.pipe(tap((event) => tell(who, ...describe(event))));
  return merge(events$, acts);
}

function ada(client: NdbClient): Observable<unknown> {
  return issue(client, 'Ada').pipe(
    switchMap(({ session, code }) =>
      follow(
        'Ada',
        session,
        concat(
          timer(400).pipe(switchMap(() => verify('Ada', session, code + 1))),
          timer(400).pipe(switchMap(() => verify('Ada', session, code))),
          session.end(),
        ),
      ),
    ),
  );
}

function grace(client: NdbClient): Observable<unknown> {
  const look = (session: Session<Passcode>) => timer(1200).pipe(switchMap(() => session.get({ key: 'looks' })));
  return issue(client, 'Grace').pipe(
    switchMap(({ session }) => follow('Grace', session, concat(look(session), look(session)))),
  );
}

function linus(client: NdbClient): Observable<unknown> {
  return issue(client, 'Linus').pipe(switchMap(({ session }) => follow('Linus', session, EMPTY)));
}

async function main(givenUrl: string | undefined): Promise<void> {
  // The embedded server looks for lapsed sessions more often than NemesisDB, which takes up to five seconds.
  const sweepInterval = givenUrl === undefined ? 250 : 5000;
  const server = givenUrl === undefined ? await NdbServer.listen({ sweepInterval }) : undefined;
  const url = givenUrl ?? server?.url ?? '';
  const client = new NdbClient({ reconnect: { attempts: 3 }, sweepInterval });
  try {
    const people$ = client.open(url).pipe(
      tap(({ serverVersion }) => tell('', `connected to NemesisDB ${serverVersion} at ${url}`)),
      switchMap(() => merge(ada(client), grace(client), linus(client))),
      tap({ complete: () => tell('', 'every code is used or gone') }),
    );
    await lastValueFrom(people$, { defaultValue: undefined });
  } finally {
    await client[Symbol.asyncDispose]();
    await server?.close();
  }
}

/** The URL of the command line, if there is one there. */
function urlOfCommandLine(): string | undefined {
  try {
    return parseArgs({ options: { url: { type: 'string' } } }).values.url;
  } catch {
    throw new ValueError('This takes nothing, or --url and the URL of a NemesisDB, such as ws://127.0.0.1:1987/.');
  }
}

defer(() => main(urlOfCommandLine())).subscribe({
  error(error: unknown) {
    if (!(error instanceof NdbError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  },
});
