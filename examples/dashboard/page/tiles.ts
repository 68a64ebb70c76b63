/** The tiles: a list of which only what can be seen is in the document, so that 2,000 cost what 200 do. */
import {
  animationFrames,
  auditTime,
  combineLatest,
  distinctUntilChanged,
  filter,
  fromEvent,
  map,
  merge,
  Observable,
  startWith,
  tap,
  throttleTime,
  withLatestFrom,
} from 'rxjs';
import { type Board, moveFrom, tileOf } from './board.js';
import { byId, element } from './dom.js';
import { TileView } from './tile-view.js';

const list = byId('tiles', HTMLDivElement);

/** How many tiles fit beside each other, and how large they are, in pixels. */
interface Grid {
  readonly columns: number;
  readonly width: number;
  readonly height: number;
  readonly viewport: number;
}

/** The size of a tile. With many sessions they are smaller and show no names. */
const sizes = { roomy: { width: 72, height: 76 }, dense: { width: 46, height: 46 } };
const denseFrom = 600;

const grid$ = new Observable<DOMRectReadOnly>((subscriber) => {
  const observer = new ResizeObserver(([entry]) => entry && subscriber.next(entry.contentRect));
  observer.observe(list);
  return () => observer.disconnect();
});

const scrollTop$ = fromEvent(list, 'scroll').pipe(
  auditTime(16),
  map(() => list.scrollTop),
  startWith(0),
);

/** Shows the board, and the selection on it. Never ends. */
export function showTiles(board$: Observable<Board>, selected$: Observable<bigint | undefined>): Observable<unknown> {
  const pane = new Pane();
  const isDense$ = board$.pipe(
    map(({ slotOf }) => slotOf.size > denseFrom),
    distinctUntilChanged(),
  );
  const layout$ = combineLatest([grid$, isDense$]).pipe(map(([rect, isDense]) => gridOf(rect, isDense)));
  return merge(
    combineLatest([board$, layout$, scrollTop$, selected$]).pipe(
      auditTime(16),
      tap(([board, grid, scrollTop, selected]) => pane.show(board, grid, scrollTop, selected)),
    ),
    animationFrames().pipe(
      throttleTime(100),
      tap(() => pane.tick(performance.now())),
    ),
  );
}

function gridOf({ width, height }: DOMRectReadOnly, isDense: boolean): Grid {
  list.classList.toggle('dense', isDense);
  const size = isDense ? sizes.dense : sizes.roomy;
  const columns = Math.max(1, Math.floor(width / size.width));
  return { columns, width: width / columns, height: size.height, viewport: height };
}

/** The tokens that a click or a key selects. */
export function selections(board$: Observable<Board>, selected$: Observable<bigint | undefined>): Observable<bigint> {
  const clicked$ = fromEvent<MouseEvent>(list, 'click').pipe(
    map(({ target }) => (target instanceof Element ? target.closest<HTMLElement>('[data-tkn]') : null)),
    map((tile) => tile?.dataset.tkn),
    filter((tkn) => tkn !== undefined),
    map(BigInt),
  );
  const moved$ = fromEvent<KeyboardEvent>(list, 'keydown').pipe(
    filter(({ altKey, ctrlKey, metaKey }) => !(altKey || ctrlKey || metaKey)),
    withLatestFrom(board$, selected$),
    map(([event, board, selected]) => {
      const slot = goalOf(event.key, board, tileOf(board, selected) && board.slotOf.get(selected ?? 0n));
      if (slot === undefined) return undefined;
      event.preventDefault();
      scrollTo(slot);
      return board.slots[slot]?.session.tkn;
    }),
    filter((tkn) => tkn !== undefined),
  );
  return merge(clicked$, moved$);
}

/** The slot that a key leads to, from the selected one if there is one. */
function goalOf(key: string, board: Board, from: number | undefined): number | undefined {
  const { columns, height, viewport } = currentGrid();
  const page = columns * Math.max(1, Math.floor(viewport / height));
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: columns,
    ArrowUp: -columns,
    PageDown: page,
    PageUp: -page,
    Home: Number.NEGATIVE_INFINITY,
    End: Number.POSITIVE_INFINITY,
  };
  const step = steps[key];
  if (step === undefined) return undefined;
  if (from !== undefined) return moveFrom(board, from, step);
  return key === 'End' ? moveFrom(board, board.slots.length - 1, -0) : moveFrom(board, 0, 0);
}

function currentGrid(): Grid {
  const style = getComputedStyle(list);
  const width = list.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
  return gridOf(new DOMRect(0, 0, width, list.clientHeight), list.classList.contains('dense'));
}

/** Scrolls as little as it takes to show a slot. */
function scrollTo(slot: number): void {
  const { columns, height, viewport } = currentGrid();
  const top = Math.floor(slot / columns) * height;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + height > list.scrollTop + viewport) list.scrollTop = top + height - viewport;
}

/** The tiles that can be seen, each in its place. */
class Pane {
  readonly #sheet = element('div', 'sheet');
  readonly #views = new Map<number, TileView>();

  constructor() {
    this.#sheet.role = 'presentation';
    list.append(this.#sheet);
  }

  show(board: Board, grid: Grid, scrollTop: number, selected: bigint | undefined): void {
    const { slots } = board;
    const rows = Math.ceil(slots.length / grid.columns);
    this.#sheet.style.height = `${rows * grid.height}px`;
    const first = Math.max(0, Math.floor(scrollTop / grid.height) - 1) * grid.columns;
    const end = Math.min(slots.length, (Math.ceil((scrollTop + grid.viewport) / grid.height) + 1) * grid.columns);
    for (const [slot, view] of this.#views) {
      if (slot >= first && slot < end && slots[slot] !== undefined) continue;
      view.node.remove();
      this.#views.delete(slot);
    }
    for (let slot = first; slot < end; slot++) {
      const tile = slots[slot];
      if (tile === undefined) continue;
      const view = this.#views.get(slot) ?? this.#add(slot);
      view.show(tile, slot, slots.length, tile.session.tkn === selected);
      const x = (slot % grid.columns) * grid.width;
      const y = Math.floor(slot / grid.columns) * grid.height;
      view.place(x, y, grid.width, grid.height);
    }
    const shown = tileOf(board, selected);
    const slot = shown && board.slotOf.get(shown.session.tkn);
    const view = slot === undefined ? undefined : this.#views.get(slot);
    if (view === undefined) list.removeAttribute('aria-activedescendant');
    else list.setAttribute('aria-activedescendant', view.node.id);
  }

  tick(now: number): void {
    for (const view of this.#views.values()) view.tick(now);
  }

  #add(slot: number): TileView {
    const view = new TileView();
    this.#views.set(slot, view);
    this.#sheet.append(view.node);
    return view;
  }
}
