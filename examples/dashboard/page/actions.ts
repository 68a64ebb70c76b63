/** What can be done with the chosen session: touch it, keep it alive, end it. */
import { NdbError } from 'rx-nemesisdb';
import {
  catchError,
  combineLatest,
  distinctUntilChanged,
  EMPTY,
  exhaustMap,
  filter,
  groupBy,
  merge,
  mergeMap,
  type Observable,
  scan,
  share,
  shareReplay,
  startWith,
  switchMap,
  tap,
  withLatestFrom,
} from 'rxjs';
import { durationOf, isOver, type Tile } from './board.js';
import { showValues } from './contents.js';
import { byId, clicksOn, setText } from './dom.js';
import { seconds } from './words.js';

const result = byId('details-result', HTMLElement);
const touchButton = byId('touch', HTMLButtonElement);
const keepAliveButton = byId('keep-alive', HTMLButtonElement);
const endButton = byId('end', HTMLButtonElement);

/** Sessions that are kept alive stay so while another one is chosen. */
export function sessionActions(chosen$: Observable<Tile | undefined>): Observable<unknown> {
  const tile$ = chosen$.pipe(
    filter((tile) => tile !== undefined),
    share(),
  );
  const kept$ = clicksOn('keep-alive').pipe(
    withLatestFrom(tile$),
    scan((kept: ReadonlySet<bigint>, [, { session }]) => toggled(kept, session.tkn), new Set<bigint>()),
    startWith<ReadonlySet<bigint>>(new Set<bigint>()),
    shareReplay({ bufferSize: 1, refCount: true }),
  );
  return merge(
    clicksOn('touch').pipe(
      withLatestFrom(tile$),
      exhaustMap(([, tile]) => touch(tile).pipe(catchError(report))),
    ),
    clicksOn('end').pipe(
      withLatestFrom(tile$),
      exhaustMap(([, { session }]) => session.end().pipe(catchError(report))),
    ),
    keepAlive(kept$, tile$),
    combineLatest([kept$, tile$]).pipe(tap(([kept, tile]) => showButtons(tile, kept.has(tile.session.tkn)))),
    tile$.pipe(
      distinctUntilChanged((one, other) => one.session === other.session),
      tap(() => setText(result, '')),
    ),
  );
}

/** Each session is kept alive from one press of the button to the next. */
function keepAlive(kept$: Observable<ReadonlySet<bigint>>, tile$: Observable<Tile>): Observable<unknown> {
  return kept$.pipe(
    withLatestFrom(tile$),
    groupBy(([, { session }]) => session.tkn),
    mergeMap((presses$) =>
      presses$.pipe(
        switchMap(([kept, { session }]) => (kept.has(session.tkn) ? session.keepAlive() : EMPTY)),
        catchError(report),
      ),
    ),
  );
}

function toggled(kept: ReadonlySet<bigint>, tkn: bigint): ReadonlySet<bigint> {
  const after = new Set(kept);
  if (!after.delete(tkn)) after.add(tkn);
  return after;
}

function showButtons(tile: Tile, isKept: boolean): void {
  const canExtend = tile.expiry?.extendOnGet === true || tile.expiry?.extendOnSetAdd === true;
  touchButton.disabled = isOver(tile) || !canExtend;
  keepAliveButton.disabled = isOver(tile) || !canExtend;
  keepAliveButton.ariaPressed = `${isKept && !isOver(tile)}`;
  endButton.disabled = isOver(tile);
}

/** Extends the session: by reading all of it if a get does that, otherwise by a set of nothing. */
function touch(tile: Tile): Observable<unknown> {
  const { session, expiry } = tile;
  const touched$: Observable<unknown> =
    expiry?.extendOnGet === true
      ? session.keys().pipe(
          switchMap((keys) => session.get({ keys })),
          tap(showValues),
        )
      : session.set({});
  return touched$.pipe(tap(() => setText(result, `Extended to ${seconds(durationOf(tile))}.`)));
}

/** Shows an error of the client in its own words. */
function report(error: unknown): Observable<never> {
  if (!(error instanceof NdbError)) throw error;
  setText(result, error.message);
  return EMPTY;
}
