/** What a page does with the client, in one function that the tests call. */
import { NdbClient } from 'rx-nemesisdb';
import { firstValueFrom, lastValueFrom, map, take, toArray } from 'rxjs';

declare global {
  var exerciseClient: (url: string) => Promise<unknown>;
}

globalThis.exerciseClient = async (url: string) => {
  const client = new NdbClient({ sweepInterval: 100 });
  const connections: string[] = [];
  client.connection$.subscribe(({ state }) => connections.push(state));
  await firstValueFrom(client.open(url));

  await firstValueFrom(client.kv_set({ big: 2n ** 63n, text: 'ünïcode ☂' }));
  const values = await firstValueFrom(client.kv_get({ keys: ['big', 'text', 'absent'] }));

  const session = await firstValueFrom(
    client.sh_create_session({ durationSeconds: 1, deleteSessionOnExpire: true, extendOnSetAdd: true }),
  );
  const events = lastValueFrom(
    session.events$.pipe(
      map(({ type }) => type),
      toArray(),
    ),
  );
  const countdown = firstValueFrom(session.remaining$(50).pipe(take(3), toArray()));
  await firstValueFrom(session.set({ basket: ['pears'] }));
  const types = await events;
  const [first = 0, , third = 0] = await countdown;

  await lastValueFrom(client.close(), { defaultValue: undefined });
  return {
    big: String(values.big),
    text: values.text,
    hasAbsent: 'absent' in values,
    events: types,
    countsDown: first > third && third > 0,
    connections,
  };
};
