import { type SessionData, Store } from 'express-session';
import { type JsonObject, type NdbClient, ResponseError, type Session, Status } from 'rx-nemesisdb';
import { catchError, map, type Observable, of, Subject, switchMap, tap } from 'rxjs';

/** How express-session is called back. */
type Callback<Value> = (error: unknown, value?: Value) => void;

/**
 * A store for express-session in sessions of a NemesisDB, which expires them `maxAge` after their last use.
 *
 * A key at the top level holds the token for each id of express-session. It is removed when the session is over.
 */
export class NdbStore extends Store {
  readonly #lapsed = new Subject<string>();

  /** Emits the id of each session that this process created and the server let lapse. Hot. */
  readonly lapsed$: Observable<string> = this.#lapsed.asObservable();

  constructor(
    private readonly client: NdbClient,
    /** Seconds that a session lives if its cookie has no `maxAge`. */
    private readonly defaultDuration = 86_400,
  ) {
    super();
  }

  override get(sid: string, callback: Callback<SessionData | null>): void {
    this.#withToken(sid, (tkn) => this.client.sh_get(tkn, { key: 'data' }))
      .pipe(map((data) => (data ?? null) as SessionData | null)) // `set` wrote it
      .subscribe(observer(callback));
  }

  override set(sid: string, data: SessionData, callback?: Callback<void>): void {
    const keys = { data: JSON.parse(JSON.stringify(data)) }; // cookies have Dates
    this.#withToken(sid, (tkn) => this.client.sh_set(tkn, keys).pipe(map(() => true)))
      .pipe(switchMap((isSet) => (isSet === true ? of(undefined) : this.#create(sid, data, keys))))
      .subscribe(observer(callback));
  }

  /** A set extends a session even if it sets nothing. */
  override touch(sid: string, _data: SessionData, callback?: Callback<void>): void {
    this.#withToken(sid, (tkn) => this.client.sh_set(tkn, {})).subscribe(observer(callback));
  }

  override destroy(sid: string, callback?: Callback<void>): void {
    this.#withToken(sid, (tkn) => this.client.sh_end(tkn))
      .pipe(switchMap(() => this.client.kv_rmv({ key: keyOf(sid) })))
      .subscribe(observer(callback));
  }

  /** Runs a command on the session of this id. Emits `undefined` if there is none, or none any more. */
  #withToken<Result>(sid: string, command: (tkn: string) => Observable<Result>): Observable<Result | undefined> {
    return this.client.kv_get({ key: keyOf(sid) }).pipe(
      switchMap((tkn) => (typeof tkn === 'string' ? command(tkn) : of(undefined))),
      catchError((error) => {
        if (error instanceof ResponseError && error.status === Status.SessionNotExist) return of(undefined);
        throw error;
      }),
    );
  }

  #create(sid: string, { cookie }: SessionData, keys: { readonly data: JsonObject }): Observable<void> {
    const durationSeconds = Math.ceil(
      cookie.originalMaxAge === null ? this.defaultDuration : cookie.originalMaxAge / 1000,
    );
    return this.client.sh_create_session({ durationSeconds, deleteSessionOnExpire: true, extendOnSetAdd: true }).pipe(
      tap((session) => this.#watch(sid, session)),
      switchMap((session) => session.set(keys).pipe(map(() => String(session.tkn)))),
      switchMap((tkn) => this.client.kv_set({ [keyOf(sid)]: tkn })),
    );
  }

  /** Removes the key of a session that is over. */
  #watch(sid: string, session: Session): void {
    session.expired$.subscribe(() => this.#lapsed.next(sid));
    // If this fails, the next request with this id finds that its session is gone.
    session.over$.pipe(switchMap(() => this.client.kv_rmv({ key: keyOf(sid) }))).subscribe({ error() {} });
  }
}

const keyOf = (sid: string) => `sid:${sid}`;

const observer = <Value>(callback: Callback<Value> | undefined) => ({
  next: (value: Value) => callback?.(null, value),
  error: (error: unknown) => callback?.(error),
});
