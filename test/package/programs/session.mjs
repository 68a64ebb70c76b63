// Creates a session on the embedded server, keeps a 64-bit integer in it, and waits until it lapses.
import { NdbClient, NdbError } from 'rx-nemesisdb';
import { NdbServer } from 'rx-nemesisdb/server';
import { catchError, firstValueFrom, Observable, of, switchMap, tap } from 'rxjs';

const server = await NdbServer.listen({ sweepInterval: 50 });
const client = new NdbClient({ sweepInterval: 50 });
await firstValueFrom(client.open(server.url));

const lapsed$ = client.sh_create_session({ durationSeconds: 1, deleteSessionOnExpire: true }).pipe(
  switchMap((session) =>
    session.set({ largest: 18446744073709551615n }).pipe(
      switchMap(() => session.get({ key: 'largest' })),
      tap((largest) => console.log(String(largest))),
      switchMap(() => session.expired$),
    ),
  ),
);
console.log((await firstValueFrom(lapsed$)).outcome);

const gone$ = client.session('1').pipe(catchError((error) => of(error instanceof NdbError)));
console.log(lapsed$ instanceof Observable, await firstValueFrom(gone$));
await firstValueFrom(client.close());
await server.close();
