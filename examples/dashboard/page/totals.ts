/** How many sessions are in each state now, and how many lapsed since the page was opened. */
import type { SessionEvent } from 'rx-nemesisdb';
import { auditTime, filter, map, merge, type Observable, scan, tap } from 'rxjs';
import { type Board, countStates } from './board.js';
import { byId, setText } from './dom.js';

const shownStates = ['alive', 'expiring', 'overdue'] as const;
const figure = (state: string) => byId(`total-${state}`, HTMLElement);

export function showTotals(board$: Observable<Board>, events$: Observable<SessionEvent>): Observable<unknown> {
  return merge(
    board$.pipe(
      auditTime(200),
      map(countStates),
      tap((counts) => {
        for (const state of shownStates) setText(figure(state), `${counts.get(state) ?? 0}`);
      }),
    ),
    events$.pipe(
      filter(({ type }) => type === 'expired'),
      scan((lapsed) => lapsed + 1, 0),
      tap((lapsed) => setText(figure('expired'), `${lapsed}`)),
    ),
  );
}
