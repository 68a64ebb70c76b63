import { randomInt } from 'node:crypto';
import type { NdbClient, Session } from 'rx-nemesisdb';
import { defer, map, type Observable, of, switchMap } from 'rxjs';
import * as z from 'zod';

const schema = z.object({ code: z.number(), looks: z.number() });

/** A code that was issued, in a session of its own. The code is gone when the session is. */
export interface Password {
  readonly session: Session<z.infer<typeof schema>>;
  readonly code: number;
}

/** Issues a code that is valid for some seconds, and longer while it is looked at. */
export function issue(client: NdbClient, durationSeconds: number): Observable<Password> {
  return defer(() => {
    const code = randomInt(100_000, 1_000_000);
    const options = { durationSeconds, deleteSessionOnExpire: true, extendOnGet: true, expiringBefore: 500, schema };
    return client
      .sh_create_session(options)
      .pipe(switchMap((session) => session.set({ code, looks: 0 }).pipe(map(() => ({ session, code })))));
  });
}

/** Emits whether a typed code is right. A right one ends the session: it works once. */
export function verify({ session }: Password, typed: number): Observable<boolean> {
  return session
    .get({ key: 'code' })
    .pipe(switchMap((code) => (code === typed ? session.end().pipe(map(() => true)) : of(false))));
}
