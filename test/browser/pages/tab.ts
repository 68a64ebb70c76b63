/** One of several tabs that show the same session. */
import { NdbClient, type Session } from 'rx-nemesisdb';
import { defer, filter, finalize, firstValueFrom, fromEvent, merge, type Observable, switchMap, tap } from 'rxjs';

const client = new NdbClient();

/** The tab that extends the session tells the others. They ask the server, and its reply moves their countdown. */
function shareDeadline(session: Session): Observable<unknown> {
  return defer(() => {
    const channel = new BroadcastChannel(`session ${session.tkn}`);
    return merge(
      fromEvent(channel, 'message').pipe(switchMap(() => session.info())),
      session.extended$.pipe(
        filter(({ by }) => by === 'self'),
        tap(() => channel.postMessage('extended')),
      ),
    ).pipe(finalize(() => channel.close()));
  });
}

function show(session: Session): void {
  merge(shareDeadline(session), session.remaining$(50).pipe(tap((ms) => (tab.left = ms)))).subscribe();
  tab.touch = async () => void (await firstValueFrom(session.get({ keys: [] })));
}

declare global {
  var tab: {
    left: number;
    touch: () => Promise<void>;
    create: (url: string, seconds: number) => Promise<string>;
    attach: (url: string, tkn: string) => Promise<void>;
  };
}

globalThis.tab = {
  left: Number.NaN,
  touch: async (): Promise<void> => {},
  async create(url: string, seconds: number): Promise<string> {
    await firstValueFrom(client.open(url));
    const session = await firstValueFrom(
      client.sh_create_session({ durationSeconds: seconds, deleteSessionOnExpire: true, extendOnGet: true }),
    );
    show(session);
    return `${session.tkn}`;
  },
  async attach(url: string, tkn: string): Promise<void> {
    await firstValueFrom(client.open(url));
    show(await firstValueFrom(client.session(tkn)));
  },
};
