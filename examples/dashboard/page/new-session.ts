/** The dialog that creates a session. */
import { type NdbClient, NdbError } from 'rx-nemesisdb';
import { catchError, EMPTY, exhaustMap, fromEvent, map, merge, type Observable, switchMap, tap } from 'rxjs';
import { byId, clicksOn, setText } from './dom.js';
import type { Arrival } from './sessions.js';

const dialog = byId('creation', HTMLDialogElement);
const message = byId('creation-error', HTMLElement);

/** Emits each session that the user creates. */
export function createdSessions(client: NdbClient): Observable<Arrival> {
  const opening$ = clicksOn('new-session').pipe(tap(() => dialog.showModal()));
  const cancelling$ = clicksOn('creation-cancel').pipe(tap(() => dialog.close()));
  const created$ = fromEvent<SubmitEvent>(dialog, 'submit').pipe(
    tap((event) => event.preventDefault()),
    exhaustMap(({ target }) => create(client, new FormData(target instanceof HTMLFormElement ? target : undefined))),
  );
  return merge(
    created$,
    merge(opening$, cancelling$).pipe(
      tap(() => setText(message, '')),
      switchMap(() => EMPTY),
    ),
  );
}

function create(client: NdbClient, form: FormData): Observable<Arrival> {
  const name = String(form.get('name'));
  return client
    .sh_create_session({
      durationSeconds: Number(form.get('seconds')),
      deleteSessionOnExpire: form.get('expiry') === 'session',
      extendOnGet: form.has('get'),
      extendOnSetAdd: form.has('set'),
    })
    .pipe(
      switchMap((session) => session.set({ name, basket: [] }).pipe(map(() => ({ tkn: `${session.tkn}`, name })))),
      tap(() => dialog.close()),
      catchError((error: unknown) => {
        if (!(error instanceof NdbError)) throw error;
        setText(message, error.message);
        return EMPTY;
      }),
    );
}
