import { filter, map, Observable, ReplaySubject, Subscription, take } from 'rxjs';
import { ClosedError, ConnectionError, type NdbError, ProtocolError, ValueError } from '../../errors.js';
import { type ActivityLog, withoutCredentials } from '../activity.js';
import type { Requests } from '../requests/requests.js';
import type { Platform } from '../socket/platform.js';
import type { SocketSubject } from '../socket/socket.js';
import type { TransportOptions } from '../transport.js';
import { type Attempt, Backoff } from './backoff.js';
import {
  type ConnectionEvent,
  type ConnectionFailure,
  type ConnectionState,
  next,
  refusal,
  type ServerInfo,
} from './connection-state.js';
import { heartbeat } from './heartbeat.js';
import { type Reached, reach } from './reach.js';

/** What the connection needs of the requests that flow over it. */
type Flow = Pick<
  Requests,
  'attach' | 'detach' | 'drain' | 'end' | 'received' | 'receivedBinary' | 'alive' | 'heard' | 'patience'
>;

/** What the connection asks for a sign of life where the platform has no pings. */
type Probe = (timeout: number) => void;

const validUrl = /^wss?:$/;

function urlProblem(url: string): ValueError | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && validUrl.test(parsed.protocol) && parsed.hash === '') return undefined;
  return new ValueError('url must be that of a WebSocket, such as ws://127.0.0.1:1987/', 'url');
}

/**
 * The life of a client's connection: dials, greets, listens for silence, reconnects, drains and closes. What it does follows
 * from its state (`connection-state.ts`): entering one starts its work, leaving it ends that work.
 */
export class Connection {
  readonly #states$ = new ReplaySubject<ConnectionState>(1);
  /** Replays the present state; completes after `closed`. */
  readonly state$: Observable<ConnectionState> = this.#states$.asObservable();
  #state: ConnectionState = { state: 'idle' };
  /** What the present state keeps going: an attempt, an open socket, or the wait for the next attempt. */
  #work = new Subscription();
  /** States that nobody was told of yet. */
  readonly #news: ConnectionState[] = [];
  readonly #backoff: Backoff;
  #telling = false;
  #socket: SocketSubject | undefined;
  #openers = 0;
  #openedAt = 0;

  constructor(
    private readonly platform: Platform,
    private readonly options: TransportOptions,
    private readonly flow: Flow,
    private readonly probe: Probe,
    private readonly log: ActivityLog,
  ) {
    this.#backoff = new Backoff(options.reconnect, options.random);
    this.#states$.next(this.#state);
  }

  /** See `ClientTransport.open`. */
  open(url: string): Observable<ServerInfo> {
    return new Observable((subscriber) => {
      const refused = urlProblem(url) ?? refusal(this.#state, url);
      if (refused !== undefined) {
        subscriber.error(refused);
        return;
      }
      this.#openers += 1;
      subscriber.add(() => {
        this.#openers -= 1;
        if (this.#openers === 0) this.#dispatch({ type: 'abandon' });
      });
      this.#dispatch({ type: 'open', url });
      subscriber.add(
        this.state$.subscribe((state) => {
          if (state.state === 'open') {
            subscriber.next(state.server);
            subscriber.complete();
          } else if (state.state === 'closing' || state.state === 'closed') subscriber.error(closedBy(state));
        }),
      );
    });
  }

  /** See `ClientTransport.close`. */
  close(): Observable<void> {
    this.#dispatch({ type: 'close' });
    return this.state$.pipe(
      filter(({ state }) => state === 'closed'),
      take(1),
      map(() => undefined),
    );
  }

  #dispatch(event: ConnectionEvent): void {
    const state = next(this.#state, event);
    if (state === this.#state) return;
    this.#state = state;
    this.#news.push(state);
    // Whoever is told may lead on at once, by closing the client: then the news waits for its turn, so that everybody
    // hears of all states in their order.
    if (!this.#telling) this.#tell();
  }

  #tell(): void {
    this.#telling = true;
    for (let state = this.#news.shift(); state !== undefined; state = this.#news.shift()) {
      // A state that was left meanwhile has no work to do any more. The work comes first: who hears that the client is
      // closed can rely on it that nothing is left.
      if (this.#state === state) this.#enter(state);
      if (this.log.listening) {
        this.log.note({ type: 'connection', at: this.options.clock.now(), connection: withoutCredentials(state) });
      }
      this.#states$.next(state);
      if (state.state === 'closed') this.#states$.complete();
    }
    this.#telling = false;
  }

  #enter(state: ConnectionState): void {
    switch (state.state) {
      case 'idle':
        this.#restart();
        this.#backoff.reset();
        return;
      case 'connecting':
        this.#connect(state.url, this.#restart());
        return;
      case 'open':
        // Its work is that of the attempt that succeeded, and goes on.
        this.#openedAt = this.options.clock.now();
        return;
      case 'waiting':
        this.#restart().add(this.options.clock.schedule(() => this.#dispatch({ type: 'retry' }), state.delay));
        this.flow.detach(state.error);
        return;
      case 'closing':
        this.#work.add(
          this.options.clock.schedule(() => this.#dispatch({ type: 'drained' }), this.options.closeTimeout),
        );
        this.flow.drain();
        return;
      case 'closed':
        this.#restart();
        this.flow.end(() => closedBy(state), state.error);
        return;
    }
  }

  /** Ends the work of the state before, and gives the place for that of the next. */
  #restart(): Subscription {
    this.#work.unsubscribe();
    this.#work = new Subscription();
    return this.#work;
  }

  #connect(url: string, work: Subscription): void {
    const signs = { alive: () => this.flow.alive(), binary: () => this.flow.receivedBinary() };
    work.add(
      reach(this.platform, url, this.options, signs).subscribe({
        next: (reached) => this.#opened(reached, work),
        error: (error: ConnectionFailure) => this.#failed(error),
      }),
    );
  }

  #opened({ socket, greeting, nextFence }: Reached, work: Subscription): void {
    const { server, pipelining, unknownName } = greeting;
    this.#socket = socket;
    this.flow.attach({
      pipelining,
      unknownName,
      announcedMaxPayload: server.maxPayload,
      nextFence,
      write: (frames) => socket.write(frames),
      fail: (error) => this.#failed(error),
    });
    this.#dispatch({ type: 'opened', server, pipelining });
    work.add(
      socket.subscribe({
        next: (frame) => this.flow.received(frame),
        error: (error: ConnectionFailure) => this.#failed(error),
        complete: () => this.#dispatch({ type: 'drained' }),
      }),
    );
    this.#listen(socket, work);
  }

  /** Everything accepted before `close()` is answered or failed: the closing handshake can start. */
  drained(): void {
    if (this.#state.state === 'closing') this.#socket?.complete();
  }

  #listen(socket: SocketSubject, work: Subscription): void {
    const { heartbeat: options, clock } = this.options;
    if (options === false) return;
    const { flow, probe } = this;
    const pulse = {
      get heard() {
        return flow.heard;
      },
      get patience() {
        return flow.patience;
      },
      probe: socket.ping ?? (() => probe(options.timeout)),
    };
    work.add(heartbeat(pulse, options, clock).subscribe({ error: (error: ConnectionFailure) => this.#failed(error) }));
  }

  #failed(error: ConnectionFailure): void {
    const { state } = this.#state;
    if (state !== 'connecting' && state !== 'open' && state !== 'closing') return;
    const now = this.options.clock.now();
    const attempt = this.#isFinal(error) ? undefined : this.#nextAttempt(now);
    const retry = attempt === undefined ? {} : { retry: { ...attempt, at: now + attempt.delay } };
    this.#dispatch({ type: 'failed', error, ...retry });
  }

  #nextAttempt(now: number): Attempt | undefined {
    return this.#state.state === 'open' ? this.#backoff.lost(now - this.#openedAt) : this.#backoff.failed();
  }

  /**
   * Only what is wrong from the beginning stays wrong. Where a NemesisDB was reached once, another attempt makes sense whatever
   * the last one met: what stands before a server that restarts says 404, and one whose upgrade request was cut says 400.
   */
  #isFinal(error: ConnectionFailure): boolean {
    const state = this.#state;
    const isFirst = state.state === 'connecting' && state.purpose === 'first';
    return isFirst && (error instanceof ProtocolError || error.permanent);
  }
}

/** What a request ends in that comes to a client in this state. */
function closedBy(state: Extract<ConnectionState, { state: 'closing' | 'closed' }>): NdbError {
  if (state.state === 'closing' || state.error === undefined) return new ClosedError();
  const { error } = state;
  if (error instanceof ProtocolError) return new ProtocolError(error.message, undefined, { cause: error });
  const { permanent, closeCode } = error;
  return new ConnectionError(error.message, { permanent, closeCode, cause: error });
}
