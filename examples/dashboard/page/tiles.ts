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
  switchMap,
  takeWhile,
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
  const view$ = combineLatest([board$, layout$, scrollTop$, selected$]);
  return merge(
    // A few tiles are added in each frame, so that none takes long.
    view$.pipe(
      auditTime(16),
      switchMap(([board, grid, scrollTop, selected]) =>
        animationFrames().pipe(
          map(() => pane.show(board, grid, scrollTop, selected)),
          takeWhile((isComplete) => !isComplete),
        ),
      ),
    ),
    animationFrames().pipe(
      throttleTime(50),
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

/** How many tiles are added to the document in one frame at most. */
const addedAtOnce = 32;

/** In each tick a fifth of the rings is moved: that is four times a second for each. */
const turns = 5;

/** The tiles that can be seen, each in its place. Those that leave are used again. */
class Pane {
  readonly #sheet = element('div', 'sheet');
  readonly #views = new Map<number, TileView>();
  readonly #free: TileView[] = [];
  #turn = 0;
  #size = '';

  constructor() {
    this.#sheet.role = 'presentation';
    list.append(this.#sheet);
  }

  /** Shows what can be seen of the board. Returns whether that is all of it, or there is more to add. */
  show({ slots, slotOf }: Board, grid: Grid, scrollTop: number, selected: bigint | undefined): boolean {
    const rows = Math.ceil(slots.length / grid.columns);
    this.#setSize(grid, rows);
    const first = Math.max(0, Math.floor(scrollTop / grid.height) - 1) * grid.columns;
    const end = Math.min(slots.length, (Math.ceil((scrollTop + grid.viewport) / grid.height) + 1) * grid.columns);
    for (const [slot, view] of this.#views) {
      if (slot < first || slot >= end || slots[slot] === undefined) this.#remove(slot, view);
    }
    let added = 0;
    for (let slot = first; slot < end; slot++) {
      const tile = slots[slot];
      if (tile === undefined) continue;
      const known = this.#views.get(slot);
      if (known === undefined && added++ >= addedAtOnce) continue;
      const view = known ?? this.#add(slot);
      view.show(tile, slot, slots.length, tile.session.tkn === selected);
      view.place((slot % grid.columns) * grid.width, Math.floor(slot / grid.columns) * grid.height);
    }
    const active = this.#views.get(slotOf.get(selected ?? 0n) ?? -1);
    if (active === undefined) list.removeAttribute('aria-activedescendant');
    else list.setAttribute('aria-activedescendant', active.node.id);
    return added <= addedAtOnce;
  }

  /** Moves a part of the rings. */
  tick(now: number): void {
    this.#turn = (this.#turn + 1) % turns;
    for (const [slot, view] of this.#views) if (slot % turns === this.#turn) view.tick(now);
  }

  #setSize({ width, height }: Grid, rows: number): void {
    const size = `--width: ${width}px; --height: ${height}px; height: ${rows * height}px`;
    if (this.#size !== size) this.#sheet.style.cssText = size;
    this.#size = size;
  }

  #add(slot: number): TileView {
    const view = this.#free.pop() ?? new TileView();
    this.#views.set(slot, view);
    this.#sheet.append(view.node);
    return view;
  }

  #remove(slot: number, view: TileView): void {
    view.node.remove();
    this.#views.delete(slot);
    this.#free.push(view);
  }
}
