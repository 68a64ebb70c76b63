/** From tokens to tiles: attaches to each session, watches it, and lets it go when it is over. */
import { type NdbClient, ResponseError } from 'rx-nemesisdb';
import {
  bufferTime,
  catchError,
  concat,
  defer,
  EMPTY,
  filter,
  finalize,
  fromEvent,
  map,
  mergeMap,
  type Observable,
  retry,
  scan,
  shareReplay,
  startWith,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { applyChanges, type Board, type Change, emptyBoard, type Tile } from './board.js';

/** A session that somebody made, and whose it is. */
export interface Arrival {
  readonly tkn: string;
  readonly name: string;
}

/** How long a session that is over stays to be seen, in milliseconds. */
const afterglow = 5000;

/** Sessions that are attached to at the same time. More would only wait in the client's queue. */
const attachedAtOnce = 32;

/** The sessions that the shop announces. */
export const arrivals$: Observable<Arrival> = defer(() => {
  const source = new EventSource('arrivals');
  return fromEvent<MessageEvent<string>>(source, 'message').pipe(
    map(({ data }): Arrival => JSON.parse(data)),
    finalize(() => source.close()),
  );
});

/** The board of all sessions that arrive. Changes are folded in ten times a second. */
export function boardOf(client: NdbClient, arriving$: Observable<Arrival>): Observable<Board> {
  const present = new Set<string>();
  return arriving$.pipe(
    filter(({ tkn }) => !present.has(tkn)),
    tap(({ tkn }) => present.add(tkn)),
    mergeMap((arrival) => attach(client, arrival), attachedAtOnce),
    mergeMap((attached) => watch(attached).pipe(finalize(() => present.delete(`${attached.session.tkn}`)))),
    bufferTime(100),
    filter((changes) => changes.length > 0),
    scan(applyChanges, emptyBoard),
    startWith(emptyBoard),
    shareReplay({ bufferSize: 1, refCount: true }),
  );
}

type Attached = Omit<Tile, 'state'>;

/** Completes without a session if it is over already. Tries again after every other error, such as a lost connection. */
function attach(client: NdbClient, { tkn, name }: Arrival): Observable<Attached> {
  return client.session(tkn).pipe(
    mergeMap((session) =>
      session.info().pipe(map((info) => ({ session, name, expiry: info.expires ? info.expiry : undefined }))),
    ),
    retry({ delay: (error) => (error instanceof ResponseError ? throwError(() => error) : timer(1000)) }),
    catchError(() => EMPTY),
  );
}

/** All that a session shows until it is over, and its removal a little later. */
function watch(attached: Attached): Observable<Change> {
  const { session } = attached;
  return concat(
    session.state$.pipe(map((state): Change => ({ type: 'shown', tile: { ...attached, state } }))),
    timer(afterglow).pipe(map((): Change => ({ type: 'removed', tkn: session.tkn }))),
  );
}
