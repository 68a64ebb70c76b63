/** What the chosen session holds, and how it expires. */
import type { JsonObject } from 'rx-nemesisdb';
import {
  catchError,
  debounceTime,
  EMPTY,
  exhaustMap,
  map,
  type Observable,
  startWith,
  switchMap,
  tap,
  throttleTime,
} from 'rxjs';
import type { Tile } from './board.js';
import { byId, element, setText } from './dom.js';

const table = byId('details-keys', HTMLTableSectionElement);

/** Stands for a value that was not read. */
const unread = '–';

/** Lists the keys, and again when something happened to the session. Values are read only if that does not extend it. */
export function showContents(tile: Tile): Observable<unknown> {
  const { session, expiry } = tile;
  const getExtends = expiry?.extendOnGet === true;
  setText(byId('details-facts', HTMLElement), factsOf(tile));
  setText(byId('details-note', HTMLElement), getExtends ? 'touch the session to read them' : '');
  table.replaceChildren();
  const keys$ = session.keys().pipe(
    switchMap((keys) => {
      if (getExtends) return [showNames(keys)];
      return session.get({ keys }).pipe(tap(showValues));
    }),
    catchError(() => EMPTY), // The session is over, or the connection is lost. Both are shown elsewhere.
  );
  return session.events$.pipe(
    map(() => undefined),
    startWith(undefined),
    throttleTime(500, undefined, { leading: true, trailing: true }),
    debounceTime(100), // holding an arrow key passes over many sessions
    exhaustMap(() => keys$),
  );
}

function factsOf({ expiry }: Tile): string {
  if (expiry === undefined) return 'Never expires.';
  const { deleteSession, extendOnGet, extendOnSetAdd } = expiry;
  const ways = [...(extendOnGet ? ['get'] : []), ...(extendOnSetAdd ? ['set', 'add'] : [])];
  const end = deleteSession ? 'Deleted when it expires' : 'Loses its keys when it expires';
  return `${end}. Extended by ${ways.join(', ') || 'nothing'}.`;
}

function showNames(names: readonly string[]): void {
  const shown = new Map([...table.rows].map((row) => [row.cells[0]?.textContent, row.cells[1]?.textContent]));
  showRows(names.map((name) => [name, shown.get(name) ?? unread]));
}

/** Shows keys with their values. */
export function showValues(values: JsonObject): void {
  showRows(Object.entries(values).map(([name, value]) => [name, textOf(value)]));
}

function showRows(rows: readonly (readonly [string, string])[]): void {
  const rowOf = ([name, value]: readonly [string, string]) => {
    const head = element('th', '', name);
    head.scope = 'row';
    return element('tr', '', head, element('td', value === unread ? 'unread' : '', value));
  };
  const none = element('td', 'unread', 'It has no keys.');
  none.colSpan = 2;
  table.replaceChildren(...(rows.length === 0 ? [element('tr', '', none)] : rows.map(rowOf)));
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}` : inner));
}
