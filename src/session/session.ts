import { defer, distinctUntilChanged, map, type Observable, throwError } from 'rxjs';
import type { JsonObject, JsonValue } from '../protocol/json.js';
import type { KeysInput, SendableKeys } from '../protocol/parameters.js';
import type { SessionInfo } from '../protocol/replies.js';
import {
  checkKeys,
  keySchemas,
  type SchemaOutput,
  type SessionOutput,
  type SessionSchema,
  type StandardSchema,
  schemaOf,
} from '../protocol/schema.js';
import type {
  EndedEvent,
  ExpiredEvent,
  ExpiringEvent,
  ExtendedEvent,
  LapsedEvent,
  OverEvent,
  SessionEvent,
  SessionState,
} from './events.js';
import type { SessionCallOptions, SessionCommands } from './port.js';
import { keepAlive, type Touch } from './streams/keep-alive.js';
import { remaining } from './streams/remaining.js';
import { lapsedEvent, overEvent, type SessionStreams } from './streams/session-streams.js';

/** Which of a session's keys. */
export type SessionKeys<Key extends string> =
  | { readonly key: Key }
  | { readonly keys: readonly Key[] }
  | readonly Key[];

type KeyOf<Values> = Extract<keyof Values, string>;

/** The keys that were found, with their values. */
export type Found<Values, Key extends KeyOf<Values>> = string extends keyof Values
  ? Values
  : Partial<Pick<Values, Key>>;

/** What may be set: any JSON where the session has no type of its own. */
type Settable<Values> = string extends keyof Values ? KeysInput : Values;

/** Keys to set: some of `Input`; and where that is any JSON, what has an `interface` for its type, too. */
type SomeOf<Input, Keys> = Partial<Input> | (string extends keyof Input ? SendableKeys<Keys> : never);

/**
 * A session: its token, the commands bound to it, and streams of what becomes of it. `Values` is what its keys hold;
 * `Input` is what may be set, if a schema transforms values.
 *
 * Subscribing to any of its streams watches the session: the client keeps its deadline, and probes the server when that
 * can't tell. After the last unsubscription nothing is left running. Streams never error (but `keepAlive` and
 * `remaining$`, if they are used wrongly). They complete when the session is gone (`expired` with `sessionDeleted`,
 * `ended`) and when the client is closed. Each stream is one Observable, made on first access.
 *
 * @example
 * session.expired$.subscribe(({ outcome }) => console.log('abandoned', outcome));
 */
export class Session<Values extends object = JsonObject, Input extends object = Settable<Values>> {
  readonly #streams: SessionStreams;
  readonly #commands: SessionCommands;
  readonly #schema: SessionSchema | undefined;
  #events$: Observable<SessionEvent> | undefined;
  #extended$: Observable<ExtendedEvent> | undefined;
  #expiring$: Observable<ExpiringEvent> | undefined;
  #expired$: Observable<ExpiredEvent> | undefined;
  #ended$: Observable<EndedEvent> | undefined;
  #over$: Observable<OverEvent> | undefined;
  #lapsed$: Observable<LapsedEvent> | undefined;
  #state$: Observable<SessionState> | undefined;

  /** Made by `client.sh_create_session` and `client.session`. */
  constructor(streams: SessionStreams, commands: SessionCommands, schema?: SessionSchema) {
    this.#streams = streams;
    this.#commands = commands;
    this.#schema = schema;
  }

  /** The session's token. */
  get tkn(): bigint {
    return this.#streams.tkn;
  }

  /** The session's token, as NemesisDB's examples call it: the same as `tkn`. */
  get token(): bigint {
    return this.#streams.tkn;
  }

  /** False once a stream of this session, while it was subscribed to, has found out that the session is gone. */
  get isValid(): boolean {
    return !this.#streams.isGone;
  }

  /**
   * What happens to the session, as it becomes known. Hot, without replay; the first subscription begins with `opened`.
   */
  get events$(): Observable<SessionEvent> {
    this.#events$ ??= this.#streams.events((event) => event);
    return this.#events$;
  }

  /** Emits when its deadline moved: by a set, add or get of this client, or by another one. Hot, without replay. */
  get extended$(): Observable<ExtendedEvent> {
    this.#extended$ ??= this.#streams.only('extended');
    return this.#extended$;
  }

  /** Emits when its deadline is near: `expiringBefore` ms, or fewer if that was noticed late. Hot, without replay. */
  get expiring$(): Observable<ExpiringEvent> {
    this.#expiring$ ??= this.#streams.only('expiring');
    return this.#expiring$;
  }

  /**
   * Emits when the server let the session lapse. With `outcome: 'keysCleared'` the session lives on, and more may
   * follow. Replays the final `sessionDeleted`. Completes without a value if the session is ended instead: `over$` has
   * one then.
   */
  get expired$(): Observable<ExpiredEvent> {
    this.#expired$ ??= this.#streams.only('expired', true);
    return this.#expired$;
  }

  /**
   * Emits once the session was ended, by this client or another one, and completes. Replays. Completes empty if it
   * expires instead.
   */
  get ended$(): Observable<EndedEvent> {
    this.#ended$ ??= this.#streams.only('ended', true);
    return this.#ended$;
  }

  /**
   * Emits how the session came to its end, deleted on expiry or ended, and completes. Replays. Empty only if the client
   * is closed before.
   */
  get over$(): Observable<OverEvent> {
    this.#over$ ??= this.#streams.events(overEvent, true);
    return this.#over$;
  }

  /**
   * Emits each time that the session's keys may be gone: each `expired`, and each `reset` of which an expiry is a
   * candidate, with certainty `possible`. Replays a final `sessionDeleted`.
   */
  get lapsed$(): Observable<LapsedEvent> {
    this.#lapsed$ ??= this.#streams.events(lapsedEvent, true);
    return this.#lapsed$;
  }

  /**
   * What is known now, replayed, and again whenever that changes. The value is one frozen object until something
   * changes.
   */
  get state$(): Observable<SessionState> {
    this.#state$ ??= this.#streams.lease$.pipe(
      map(({ snapshot }) => snapshot),
      distinctUntilChanged(),
    );
    return this.#state$;
  }

  /**
   * Counts down the ms that are left, at the least: at once, every `period` ms, and whenever the deadline moves; 0 once
   * it is past. Emits nothing while the session is suspended. Errors with a `ValueError` for a period that is not
   * finite, or below 1 ms.
   */
  remaining$(period: number): Observable<number> {
    return remaining(this.#streams.lease$, period, this.#streams.tracker);
  }

  /**
   * Keeps the session alive while subscribed: sends an empty `SH_GET` or `SH_SET`, whichever extends it, at a third of
   * its duration, unless other traffic has just extended it. Emits each touch. Errors with a `ValueError` if nothing
   * can extend the session; completes with it. If the keys expired before a touch could come, `events$` emits that
   * before the next touch. A touch that is not answered soon has the connection checked, so that a dead one is replaced
   * in time. In a browser it also touches when the page is hidden or shown. A page that is hidden for long fires its
   * timers once a minute (Chromium): a session of two minutes or more survives that.
   */
  keepAlive(): Observable<Touch> {
    return keepAlive(this.#streams.lease$, this.#streams.tracker, this.#commands);
  }

  /**
   * Sets keys, and emits `undefined`. Existing ones are overwritten. NemesisDB: `SH_SET`. Extends the session if it was
   * created with `extendOnSetAdd`; so does `{}`. Keys over `maxPayload` go in several requests: not atomic.
   *
   * Errors: `ResponseError` with status 100 if the session does not exist any more; `SchemaError` if a value does not match.
   */
  set<Keys extends object>(keys: SomeOf<Input, Keys>, options?: SessionCallOptions): Observable<void> {
    return write(this.#schema, 'SH_SET', keys, (checked) => this.#commands.sh_set(this.tkn, checked, options));
  }

  /**
   * Adds keys, and emits `undefined`. Existing ones keep their values. NemesisDB: `SH_ADD`. Extends the session if it was
   * created with `extendOnSetAdd`. Errors as for `set`.
   */
  add<Keys extends object>(keys: SomeOf<Input, Keys>, options?: SessionCallOptions): Observable<void> {
    return write(this.#schema, 'SH_ADD', keys, (checked) => this.#commands.sh_add(this.tkn, checked, options));
  }

  /**
   * Emits an object of these keys, with the values that the given schema makes of them. Absent keys are left out.
   * NemesisDB: `SH_GET`. Extends the session if it was created with `extendOnGet`.
   */
  get<const Schema extends SessionSchema>(
    query: { readonly keys: readonly string[]; readonly schema: Schema },
    options?: SessionCallOptions,
  ): Observable<Partial<SessionOutput<Schema>>>;
  /**
   * Emits an object of these keys and their values. Absent keys are left out. NemesisDB: `SH_GET`. Extends the session if it
   * was created with `extendOnGet`. Errors: `ResponseError` with status 100 if the session does not exist any more.
   */
  get<const Key extends KeyOf<Values>>(
    query: { readonly keys: readonly Key[] },
    options?: SessionCallOptions,
  ): Observable<Found<Values, Key>>;
  /**
   * Emits what the given schema makes of the value of a key, or `undefined` if the key is absent. NemesisDB: `SH_GET`.
   * Extends the session if it was created with `extendOnGet`.
   */
  get<const Schema extends StandardSchema>(
    query: { readonly key: string; readonly schema: Schema },
    options?: SessionCallOptions,
  ): Observable<SchemaOutput<Schema> | undefined>;
  /**
   * Emits the value of a key, or `undefined` if it is absent. NemesisDB: `SH_GET`. Extends the session if it was created with
   * `extendOnGet`. Errors: `ResponseError` with status 100 if the session does not exist any more.
   */
  get<const Key extends KeyOf<Values>>(
    query: { readonly key: Key },
    options?: SessionCallOptions,
  ): Observable<Values[Key] | undefined>;
  get(query: Query | null | undefined, options?: SessionCallOptions): Observable<unknown> {
    // The commands check what they are given; this only finds the schema.
    return defer((): Observable<JsonValue | undefined> => {
      if (this.#schema === undefined || query === null || query === undefined || query.schema !== undefined) {
        return this.#commands.sh_get(this.tkn, query as { readonly key: string }, options);
      }
      if (query.key === undefined || query.keys !== undefined) {
        const several = { ...query, schema: this.#schema } as { readonly keys: readonly string[] };
        return this.#commands.sh_get(this.tkn, several, options);
      }
      const schema = schemaOf(keySchemas(this.#schema) ?? new Map(), query.key);
      return this.#commands.sh_get(this.tkn, { key: query.key, schema }, options);
    });
  }

  /** Removes keys, at least one, and emits `undefined`. Absent ones are no error. NemesisDB: `SH_RMV`. Does not extend. */
  rmv(keys: SessionKeys<KeyOf<Values>>, options?: SessionCallOptions): Observable<void> {
    return this.#commands.sh_rmv(this.tkn, keys, options);
  }

  /** Emits the number of keys. NemesisDB: `SH_COUNT`. Does not extend. */
  count(options?: SessionCallOptions): Observable<number> {
    return this.#commands.sh_count(this.tkn, options);
  }

  /** Emits those of the given keys that there are, in the given order. NemesisDB: `SH_CONTAINS`. Does not extend. */
  contains(keys: SessionKeys<KeyOf<Values>>, options?: SessionCallOptions): Observable<string[]> {
    return this.#commands.sh_contains(this.tkn, keys, options);
  }

  /** Emits the names of all keys. NemesisDB: `SH_KEYS`. Does not extend. */
  keys(options?: SessionCallOptions): Observable<string[]> {
    return this.#commands.sh_keys(this.tkn, options);
  }

  /** Removes all keys, and emits how many there were. NemesisDB: `SH_CLEAR`. Does not extend. */
  clear(options?: SessionCallOptions): Observable<number> {
    return this.#commands.sh_clear(this.tkn, options);
  }

  /** Removes all keys, sets these, and emits how many were removed. NemesisDB: `SH_CLEAR_SET`. Atomic. Does not extend. */
  clear_set<Keys extends object>(keys: SomeOf<Input, Keys>, options?: SessionCallOptions): Observable<number> {
    return write(this.#schema, 'SH_CLEAR_SET', keys, (checked) =>
      this.#commands.sh_clear_set(this.tkn, checked, options),
    );
  }

  /** Ends the session at once, and emits `undefined`. Its keys are gone. NemesisDB: `SH_END`. */
  end(options?: SessionCallOptions): Observable<void> {
    return this.#commands.sh_end(this.tkn, options);
  }

  /** Emits how many keys the session has, and how it expires (in seconds). NemesisDB: `SH_INFO`. Does not extend. */
  info(options?: SessionCallOptions): Observable<SessionInfo> {
    return this.#commands.sh_info(this.tkn, options);
  }
}

/** Checks keys and sends them. No private method: those mark every object that has them, 8 bytes of each of 100,000. */
function write<Result>(
  schema: SessionSchema | undefined,
  command: string,
  keys: object,
  send: (checked: KeysInput) => Observable<Result>,
): Observable<Result> {
  const input = keys as KeysInput; // what JSON can't hold among them, the command refuses
  if (schema === undefined) return send(input);
  const schemas = keySchemas(schema) ?? new Map();
  return defer(() => {
    try {
      // Schemas check what is stored: what they make of it is for those who read.
      checkKeys(schemas, input, { command, direction: 'in' });
    } catch (error) {
      return throwError(() => error);
    }
    return send(input);
  });
}

/** What a get may be asked, by whoever asks without types. */
interface Query {
  readonly key?: string;
  readonly keys?: readonly string[];
  readonly schema?: StandardSchema | SessionSchema;
}
