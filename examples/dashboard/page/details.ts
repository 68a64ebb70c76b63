/** The chosen session: its state, how long it has, and what it holds. */
import {
  combineLatest,
  distinctUntilChanged,
  filter,
  fromEvent,
  map,
  merge,
  type Observable,
  of,
  share,
  switchMap,
  tap,
} from 'rxjs';
import { sessionActions } from './actions.js';
import { type Board, durationOf, isOver, type Tile, tileOf } from './board.js';
import { showContents } from './contents.js';
import { byId, clicksOn, setText } from './dom.js';
import { seconds, stateNames } from './words.js';

const section = byId('details', HTMLElement);
const body = byId('details-body', HTMLElement);
const hint = byId('details-empty', HTMLElement);
const left = byId('details-left', HTMLElement);
const meter = byId('details-meter', HTMLElement);

export function showDetails(board$: Observable<Board>, selected$: Observable<bigint | undefined>): Observable<unknown> {
  // The last tile stays when the session has left the board, so that how it ended can still be read.
  const tile$ = combineLatest([board$, selected$]).pipe(
    filter(([board, selected]) => selected === undefined || board.slotOf.has(selected)),
    map(([board, selected]) => tileOf(board, selected)),
    distinctUntilChanged(),
    share(),
  );
  const chosen$ = tile$.pipe(
    distinctUntilChanged((one, other) => one?.session === other?.session),
    share(),
  );
  return merge(
    tile$.pipe(tap(showState)),
    chosen$.pipe(switchMap((tile) => (tile === undefined ? of() : merge(countDown(tile), showContents(tile))))),
    sessionActions(tile$),
  );
}

/** Emits when the user closes the details. */
export const closings = (): Observable<unknown> =>
  merge(
    clicksOn('details-close'),
    fromEvent<KeyboardEvent>(document, 'keydown').pipe(
      filter(({ key }) => key === 'Escape' && document.querySelector('dialog[open]') === null),
    ),
  );

function showState(tile: Tile | undefined): void {
  section.classList.toggle('open', tile !== undefined);
  body.hidden = tile === undefined;
  hint.hidden = tile !== undefined;
  if (tile === undefined) return;
  section.dataset.state = tile.state.state;
  setText(byId('details-name', HTMLElement), tile.name);
  setText(byId('details-state', HTMLElement), stateNames[tile.state.state]);
  setText(byId('details-token', HTMLElement), `Token ${tile.session.tkn}`);
  setText(byId('details-of', HTMLElement), `of ${seconds(durationOf(tile))}`);
  if (isOver(tile)) showLeft(tile, 0);
}

const countDown = (tile: Tile): Observable<unknown> =>
  tile.session.remaining$(100).pipe(tap((ms) => showLeft(tile, ms)));

function showLeft(tile: Tile, ms: number): void {
  const isEndless = ms === Number.POSITIVE_INFINITY;
  setText(left, isEndless ? '∞' : (ms / 1000).toFixed(1));
  meter.style.transform = `scaleX(${isEndless ? 1 : Math.min(1, ms / durationOf(tile))})`;
}
