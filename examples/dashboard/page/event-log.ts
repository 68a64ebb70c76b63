/** The latest events of all sessions, newest first, with a filter for each kind. */
import type { SessionEvent } from 'rx-nemesisdb';
import {
  bufferTime,
  combineLatest,
  delay,
  distinctUntilChanged,
  filter,
  fromEvent,
  map,
  merge,
  type Observable,
  scan,
  startWith,
  tap,
  withLatestFrom,
} from 'rxjs';
import { type Board, tileOf } from './board.js';
import { byId, clicksOn, element } from './dom.js';
import { describeEvent } from './words.js';

/** The kinds that can be left out, and the types of events that belong to each. */
const kinds = [
  { name: 'Extended', state: 'alive', types: ['extended'] },
  { name: 'Expiring', state: 'expiring', types: ['expiring'] },
  { name: 'Overdue', state: 'overdue', types: ['overdue'] },
  { name: 'Expired', state: 'expired', types: ['expired', 'reset'] },
  { name: 'Ended', state: 'ended', types: ['ended'] },
  { name: 'Connection', state: 'suspended', types: ['opened', 'suspended', 'resumed'] },
] as const;

const shownRows = 80;
const keptRows = 600;

/** If so many sessions have the same to say at once, one row says it for all of them. */
const summarisedFrom = 6;
const shared = new Set(['opened', 'suspended', 'resumed']);

interface Row {
  readonly type: string;
  readonly state: string;
  readonly tkn: string | undefined;
  readonly who: string;
  readonly word: string;
  readonly detail: string;
  readonly time: string;
}

const log = byId('events', HTMLOListElement);
const filters = byId('filters', HTMLElement);
const pause = byId('pause', HTMLButtonElement);

export function showEvents(events$: Observable<SessionEvent>, board$: Observable<Board>): Observable<unknown> {
  const arriving$ = events$.pipe(
    bufferTime(250),
    delay(100), // the board is a little later than the events, and has the names
    filter((events) => events.length > 0),
    withLatestFrom(board$),
    map(([events, board]) => rowsOf(events, board)),
  );
  const kept$ = arriving$.pipe(
    scan((rows: readonly Row[], added) => [...added, ...rows].slice(0, keptRows), []),
    startWith<readonly Row[]>([]),
  );
  return combineLatest([kept$, chosenTypes(), paused()]).pipe(
    filter(([, , isPaused]) => !isPaused),
    map(([rows, types]) => rows.filter(({ type }) => types.has(type)).slice(0, shownRows)),
    distinctUntilChanged((one, other) => one.length === other.length && one.every((row, at) => row === other[at])),
    tap(render),
  );
}

/** The tokens of sessions that are chosen in the log. */
export const chosenInLog = (): Observable<bigint> =>
  fromEvent<MouseEvent>(log, 'click').pipe(
    map(({ target }) =>
      target instanceof Element ? target.closest<HTMLElement>('[data-tkn]')?.dataset.tkn : undefined,
    ),
    filter((tkn) => tkn !== undefined),
    map(BigInt),
  );

function chosenTypes(): Observable<ReadonlySet<string>> {
  const boxes = kinds.map(({ name, state, types }) => {
    const box = element('input', '');
    box.type = 'checkbox';
    box.checked = true;
    const label = element('label', 'filter', box, element('span', '', name));
    label.dataset.state = state;
    filters.append(label);
    return { box, types };
  });
  return merge(...boxes.map(({ box }) => fromEvent(box, 'change'))).pipe(
    startWith(undefined),
    map(() => new Set<string>(boxes.flatMap(({ box, types }) => (box.checked ? types : [])))),
  );
}

const paused = (): Observable<boolean> =>
  clicksOn('pause').pipe(
    scan((isPaused) => !isPaused, false),
    startWith(false),
    tap((isPaused) => {
      pause.ariaPressed = `${isPaused}`;
    }),
  );

/** The rows of a batch of events, newest first. */
function rowsOf(events: readonly SessionEvent[], board: Board): readonly Row[] {
  const now = new Date();
  const counts = new Map<string, number>();
  for (const { type } of events) counts.set(type, (counts.get(type) ?? 0) + 1);
  const summarised = new Set<string>();
  const rows: Row[] = [];
  for (const event of events) {
    const count = counts.get(event.type) ?? 0;
    const isMany = count >= summarisedFrom && shared.has(event.type);
    if (isMany && summarised.has(event.type)) continue;
    if (isMany) summarised.add(event.type);
    const who = isMany ? `${count} sessions` : (tileOf(board, event.tkn)?.name ?? shortened(event.tkn));
    rows.push(rowOf(event, who, isMany ? undefined : `${event.tkn}`, now));
  }
  return rows.reverse();
}

function rowOf(event: SessionEvent, who: string, tkn: string | undefined, now: Date): Row {
  const state = kinds.find(({ types }) => (types as readonly string[]).includes(event.type))?.state ?? 'suspended';
  const time = now.toLocaleTimeString('en-GB');
  return { type: event.type, state, tkn, who, ...describeEvent(event), time };
}

const shortened = (tkn: bigint) => `…${`${tkn}`.slice(-6)}`;

const nodes = new WeakMap<Row, HTMLLIElement>();

/** Rows that are there already stay in the document: what has the focus or is being read is not torn away. */
function render(rows: readonly Row[]): void {
  const wanted = new Set(rows.map(nodeOf));
  for (const node of [...log.children]) if (!wanted.has(node as HTMLLIElement)) node.remove();
  let next = log.firstElementChild;
  for (const node of wanted) {
    if (node === next) next = node.nextElementSibling;
    else log.insertBefore(node, next);
  }
}

function nodeOf(row: Row): HTMLLIElement {
  const known = nodes.get(row);
  if (known !== undefined) return known;
  const who = row.tkn === undefined ? element('span', 'who', row.who) : element('button', 'who', row.who);
  if (row.tkn !== undefined) who.dataset.tkn = row.tkn;
  const node = element(
    'li',
    '',
    element('time', '', row.time),
    element('span', 'word', row.word),
    who,
    element('span', 'detail', row.detail),
  );
  node.dataset.state = row.state;
  nodes.set(row, node);
  return node;
}
