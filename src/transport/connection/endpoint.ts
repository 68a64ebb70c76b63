import { catchError, defer, forkJoin, from, isObservable, map, type Observable, of, take } from 'rxjs';
import { ConnectionError, ValueError } from '../../errors.js';
import type { TransportOptions, ValueOrFunction } from '../options.js';
import type { DialOptions } from '../socket/platform.js';

/** The URL of the server, or a function that is asked for it at each attempt to connect. */
export type UrlSource = string | Exclude<ValueOrFunction<string | URL>, string | URL>;

/** Where to connect, and with what. */
export interface Endpoint extends Omit<DialOptions, 'maxReply'> {
  readonly url: string;
}

const webSocket = /^wss?:$/;

/** What is wrong with a URL, if anything is. */
export function urlProblem(url: string): ValueError | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && webSocket.test(parsed.protocol) && parsed.hash === '') return undefined;
  return new ValueError('url must be that of a WebSocket, such as ws://127.0.0.1:1987/', 'url');
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/** The value, from whatever gives it. */
function ask<Value>(given: ValueOrFunction<Value>): Observable<Value> {
  return defer(() => {
    // No value here is a function itself.
    const value =
      typeof given === 'function' ? (given as () => Value | PromiseLike<Value> | Observable<Value>)() : given;
    return isObservable(value) || isThenable(value) ? from(value as Observable<Value>) : of(value);
  }).pipe(take(1));
}

/** Asks where to connect, and with what. Emits once. Errors with a `ConnectionError` if a function fails or gives a wrong URL. */
export function askEndpoint(
  source: UrlSource,
  { headers, tls, agent }: Pick<TransportOptions, 'headers' | 'tls' | 'agent'>,
): Observable<Endpoint> {
  return forkJoin({
    url: ask<string | URL>(source).pipe(map(String)),
    headers: ask(headers),
    tls: ask(tls),
    agent: ask(agent),
  }).pipe(
    map((endpoint) => {
      const problem = urlProblem(endpoint.url);
      if (problem !== undefined) throw problem;
      return endpoint;
    }),
    catchError((cause: unknown) => {
      const what = cause instanceof ValueError ? `gave a wrong URL: ${cause.message}` : 'failed';
      throw new ConnectionError(`A function that gives the url, headers, tls or agent ${what}.`, { cause });
    }),
  );
}
