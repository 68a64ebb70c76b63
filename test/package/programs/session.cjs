// The same as session.mjs, by `require`.
const { NdbClient, NdbError } = require('rx-nemesisdb');
const { NdbServer } = require('rx-nemesisdb/server');
const { catchError, firstValueFrom, Observable, of, switchMap, tap } = require('rxjs');

async function main() {
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
}

main();
