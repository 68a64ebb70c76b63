/** The connection: its state, its latency, what it means for the sessions, and the switch of the server. */
import type { NdbClient } from 'rx-nemesisdb';
import {
  bufferTime,
  catchError,
  combineLatest,
  EMPTY,
  exhaustMap,
  filter,
  from,
  map,
  merge,
  type Observable,
  of,
  startWith,
  switchMap,
  tap,
  timer,
  withLatestFrom,
} from 'rxjs';
import type { Board } from './board.js';
import { byId, clicksOn, element } from './dom.js';
import { describeConnection } from './words.js';

const pill = byId('connection', HTMLElement);
const banner = byId('banner', HTMLElement);
const power = byId('power', HTMLButtonElement);

export function showConnection(client: NdbClient, board$: Observable<Board>): Observable<unknown> {
  return merge(showPill(client), showBanner(client, board$), switchServer(client));
}

function showPill(client: NdbClient): Observable<unknown> {
  const latency$ = client.activity$.pipe(
    filter(({ type }) => type === 'answered'),
    map((activity) => ('latency' in activity ? activity.latency : 0)),
    bufferTime(1000),
    filter((latencies) => latencies.length > 0),
    map(medianOf),
    startWith(undefined),
  );
  return combineLatest([client.connection$, latency$]).pipe(
    tap(([connection, latency]) => {
      pill.dataset.state = connection.state;
      const isOpen = connection.state === 'open';
      const figure = isOpen && latency !== undefined ? [element('span', 'latency', `${latency.toFixed(1)} ms`)] : [];
      if (figure.length > 0) figure[0]?.setAttribute('aria-hidden', 'true'); // nobody wants to hear it every second
      pill.replaceChildren(element('span', 'dot'), describeConnection(connection), ...figure);
      power.textContent = isOpen ? 'Stop server' : 'Start server';
    }),
  );
}

const medianOf = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

/** Says what is not known, and when the next attempt is made. */
function showBanner(client: NdbClient, board$: Observable<Board>): Observable<unknown> {
  const seconds$ = client.connection$.pipe(
    switchMap((connection) => {
      if (connection.state !== 'waiting') return of(connection.state);
      const left = () => Math.max(0, Math.ceil((connection.nextAttemptAt - performance.now()) / 1000));
      return timer(0, 1000).pipe(map(() => `next attempt in ${left()} s`));
    }),
  );
  return combineLatest([client.connection$, seconds$]).pipe(
    withLatestFrom(board$),
    tap(([[connection, attempt], board]) => {
      const isLost =
        (connection.state === 'waiting' || connection.state === 'connecting') && connection.purpose === 'again';
      banner.hidden = !isLost;
      if (!isLost) return;
      const count = board.slotOf.size;
      banner.replaceChildren(
        element('strong', '', 'The server is gone.'),
        ` What becomes of ${count} ${count === 1 ? 'session' : 'sessions'} is not known until it answers again.`,
        element('span', 'attempt', attempt),
      );
    }),
  );
}

/** The server runs in the program that serves this page, which starts and stops it. */
function switchServer(client: NdbClient): Observable<unknown> {
  return clicksOn('power').pipe(
    withLatestFrom(client.connection$),
    exhaustMap(([, { state }]) => {
      const order = state === 'open' ? 'stop' : 'start';
      return from(fetch(`database/${order}`, { method: 'POST' })).pipe(catchError(() => EMPTY)); // that program is gone
    }),
  );
}
