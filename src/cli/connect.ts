import { EMPTY, merge, mergeMap, type Observable, switchMap, takeWhile, throwError, using } from 'rxjs';
import { NdbClient } from '../index.js';
import type { Output } from './output.js';

/** Options that every command has. */
export interface ConnectOptions {
  readonly url: string;
  /** Milliseconds. */
  readonly timeout: number;
  /** Bytes; absent: what the server announces, otherwise 1024. */
  readonly maxPayload?: number | undefined;
}

/** Closes its client when it is unsubscribed. */
class ClientResource {
  constructor(readonly client: NdbClient) {}

  unsubscribe(): void {
    this.client.close().subscribe();
  }
}

/** Runs a command on an open client, and closes the client with it. Errors if the first attempt to connect fails. */
export function connected(
  { url, timeout, maxPayload }: ConnectOptions,
  command: (client: NdbClient) => Observable<Output>,
): Observable<Output> {
  return using(
    () => new ClientResource(new NdbClient({ timeout, connectTimeout: timeout, maxPayload })),
    (resource) => {
      const { client } = resource as ClientResource; // using does not carry the type of its own factory
      const refused$ = client.connection$.pipe(
        takeWhile(({ state }) => state !== 'open'),
        mergeMap((connection) => (connection.state === 'waiting' ? throwError(() => connection.error) : EMPTY)),
      );
      return merge(refused$, client.open(url).pipe(switchMap(() => command(client))));
    },
  );
}
