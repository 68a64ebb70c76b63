import { catchError, EMPTY, filter, map, NEVER, type Observable, Subject, shareReplay, switchMap } from 'rxjs';
import type { Outcome } from '../errors.js';
import type { JsonObject } from '../protocol/json.js';
import { type Activity, type ActivityLog, withoutCredentials } from './activity.js';
import { Connection } from './connection/connection.js';
import { type ConnectionState, type Lifecycle, snapshot } from './connection/connection-state.js';
import type { UrlSource } from './connection/endpoint.js';
import type { Link, ServerInfo } from './connection/handshake.js';
import { heartbeat } from './connection/heartbeat.js';
import type { TransportOptions } from './options.js';
import { Multiplexer } from './requests/multiplexer.js';
import type { OutgoingRequest, Receiver, Reply } from './requests/request.js';
import type { Platform } from './socket/platform.js';

export type { UrlSource } from './connection/endpoint.js';
export type {
  ConnectHeaders,
  ConnectTls,
  HeartbeatOptions,
  ReconnectOptions,
  TransportOptions,
  ValueOrFunction,
} from './options.js';
export type { OutgoingRequest, Receiver, Reply } from './requests/request.js';

/** What commands need of the transport. */
export interface Transport {
  /** Sends a request and hands its one reply, of any status, to the receiver. See `Multiplexer.send`. */
  send(outgoing: OutgoingRequest, receiver: Receiver): () => Outcome;
  /** How many bytes a request may have now: the client's option, or less if the server announced less. */
  readonly maxPayload: number;
}

/** The transport as the client owns it. */
export interface ClientTransport extends Transport {
  /**
   * Connects. Emits the server's own description once open, and completes; completes without a value if the client is closed
   * meanwhile. Errors if the connection is given up. Subscribed to while the next attempt is awaited, it makes it at once.
   */
  open(source: UrlSource): Observable<ServerInfo>;
  /** Drains and closes, at once, subscribed or not. Emits and completes when nothing is left; replays. */
  close(): Observable<void>;
  /** Sends a request when subscribed to, and emits its one reply. See `Multiplexer.multiplex`. */
  multiplex(request: OutgoingRequest): Observable<Reply>;
  /**
   * Looks at the connection now: if the server gives no sign of life within so many ms, the connection is given up for a new
   * one. Does nothing if there is none, or if the option `heartbeat` is off.
   */
  checkConnection(within: number): void;
  /** Emits when the page is hidden or shown. Never emits if there is no page. */
  readonly visibility$: Observable<unknown>;
  /** Replays the present state, as a frozen object; completes after `closed`; never errors. */
  readonly connection$: Observable<ConnectionState>;
  /** What the server pushes: the body of each `SH_EVENT`. Does not replay; completes on close; never errors. */
  readonly events$: Observable<JsonObject>;
  /** What the transport does, as it does it. Does not replay; completes on close; never errors. */
  readonly activity$: Observable<Activity>;
}

/** Assembles the transport of one client: requests, and the connection they flow over, which know nothing of each other. */
export function createTransport(platform: Platform, options: TransportOptions): ClientTransport {
  const activity$ = new Subject<Activity>();
  const log = activityLog(activity$, platform);
  const multiplexer = new Multiplexer(options, log);
  const connection = new Connection(platform, options);
  const connection$ = connection.lifecycle$.pipe(map(snapshot), shareReplay(1));
  const checks$ = new Subject<number>();

  // Before all others: who learns that the client is closed can rely on it that nothing is left.
  connection.lifecycle$.subscribe((state) => followConnection(multiplexer, state));
  connection.lifecycle$
    .pipe(
      filter(({ state }) => state !== 'closing'), // the heart goes on beating
      switchMap((state) => (state.state === 'open' ? livenessOf(state.link, multiplexer, options, checks$) : EMPTY)),
    )
    .subscribe();
  connection$.subscribe({
    next: (state) => {
      if (!log.listening) return;
      log.note({ type: 'connection', at: options.clock.now(), connection: withoutCredentials(state) });
    },
    complete: () => activity$.complete(),
  });
  return {
    open: (source) => connection.open(source),
    close: () => connection.close(),
    multiplex: (request) => multiplexer.multiplex(request),
    send: (outgoing, receiver) => multiplexer.send(outgoing, receiver),
    checkConnection: (within) => checks$.next(within),
    visibility$: platform.visibility$ ?? NEVER,
    get maxPayload() {
      return multiplexer.maxPayload;
    },
    connection$,
    events$: multiplexer.events$,
    activity$: activity$.asObservable(),
  };
}

function activityLog(activity$: Subject<Activity>, { diagnostics }: Platform): ActivityLog {
  return {
    get listening() {
      return activity$.observed || diagnostics?.hasSubscribers === true;
    },
    note(activity) {
      activity$.next(activity);
      if (diagnostics?.hasSubscribers === true) diagnostics.publish(activity);
    },
  };
}

/** What the state of the connection means for requests. */
function followConnection(multiplexer: Multiplexer, state: Lifecycle): void {
  switch (state.state) {
    case 'idle':
      if (state.error === undefined) multiplexer.detach('open() was not subscribed to');
      else {
        multiplexer.detach('the connection was given up, and open() was not subscribed to again', state.error);
        multiplexer.refuse(state.error);
      }
      return;
    case 'connecting':
      multiplexer.detach('the connection was not open yet');
      return;
    case 'open':
      multiplexer.attach(state.link);
      return;
    case 'waiting':
      multiplexer.detach('there was no connection', state.error);
      return;
    case 'closing': {
      const { socket } = state.link;
      multiplexer.drain().subscribe(() => socket.complete());
      return;
    }
    case 'closed':
      multiplexer.close();
      return;
  }
}

/** Drops a connection whose peer is gone without saying so. Never emits. */
function livenessOf(
  { socket }: Link,
  multiplexer: Multiplexer,
  { heartbeat: options, clock }: TransportOptions,
  checks$: Observable<number>,
): Observable<never> {
  if (options === false) return EMPTY;
  const askInfo = { command: 'SV_INFO', text: '{"SV_INFO":{}}', timeout: options.timeout, repeatable: false };
  const pulse = {
    get lifeSigns() {
      return socket.lifeSigns;
    },
    get longestWait() {
      return multiplexer.longestWait;
    },
    probe: socket.ping ?? (() => multiplexer.send(askInfo, { replied() {}, failed() {} })),
  };
  return heartbeat(pulse, options, clock, checks$).pipe(
    catchError((error: unknown) => {
      socket.error(error);
      return EMPTY;
    }),
  );
}
