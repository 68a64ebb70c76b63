/** A page that warns before its session lapses: everything on it is bound to a stream. */
import { type ConnectionState, NdbClient, type Session } from 'rx-nemesisdb';
import { fromEvent, map, merge, type Observable, of, scan, switchMap } from 'rxjs';

const client = new NdbClient();

/** Shows what a stream emits in the element of this id. */
function bind(id: string, text$: Observable<string>): void {
  const element = document.getElementById(id);
  text$.subscribe((text) => {
    if (element !== null) element.textContent = text;
  });
}

const connectionText = (connection: ConnectionState): string =>
  connection.state === 'open' ? `online, NemesisDB ${connection.server.serverVersion}` : connection.state;

/** A session of ten seconds that each click extends. */
const session$: Observable<Session> = client
  .open(new URLSearchParams(location.search).get('url') ?? 'ws://127.0.0.1:1987/')
  .pipe(
    switchMap(() =>
      client.sh_create_session({
        durationSeconds: 10,
        deleteSessionOnExpire: true,
        extendOnGet: true,
        expiringBefore: 5000,
      }),
    ),
  );

bind('connection', client.connection$.pipe(map(connectionText)));

session$.subscribe((session) => {
  // The first to subscribe sees the beginning.
  bind(
    'events',
    session.events$.pipe(
      scan((lines: readonly string[], { type, certainty }) => [...lines, `${type} (${certainty})`], []),
      map((lines) => lines.join('\n')),
    ),
  );
  const button = document.getElementById('stay');
  if (button !== null) {
    fromEvent(button, 'click')
      .pipe(switchMap(() => session.get({ keys: [] })))
      .subscribe();
  }
  bind('state', session.state$.pipe(map(({ state }) => state)));
  bind('remaining', session.remaining$(100).pipe(map((ms) => `${(ms / 1000).toFixed(1)} s`)));
  bind(
    'warning',
    merge(
      of(''),
      session.expiring$.pipe(map(() => 'Still there? You will be signed out.')),
      session.extended$.pipe(map(() => '')),
      session.expired$.pipe(map(() => 'You were signed out.')),
    ),
  );
});
