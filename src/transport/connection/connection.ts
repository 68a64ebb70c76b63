import { filter, map, merge, NEVER, Observable, ReplaySubject, Subscription, skipWhile, take, tap, timer } from 'rxjs';
import { longestTimer } from '../../clock.js';
import { ProtocolError } from '../../errors.js';
import type { TransportOptions } from '../options.js';
import type { Platform } from '../socket/platform.js';
import { type Attempt, Backoff } from './backoff.js';
import { type ConnectionEvent, type ConnectionFailure, type Lifecycle, next, refusal } from './connection-state.js';
import { askEndpoint, type UrlSource, urlProblem } from './endpoint.js';
import { connect, type ServerInfo } from './handshake.js';

/**
 * The life of a client's connection: dials, reconnects and closes. What it does follows from its state
 * (`connection-state.ts`): entering one starts its work, and leaving it ends that work.
 */
export class Connection {
  readonly #lifecycle$ = new ReplaySubject<Lifecycle>(1);
  /** Replays the present state; completes after `closed`. */
  readonly lifecycle$: Observable<Lifecycle> = this.#lifecycle$.asObservable();
  #state: Lifecycle = { state: 'idle' };
  /** What the present state keeps going: an attempt, an open socket, or the wait for the next attempt. */
  #work = new Subscription();
  /** States that were not emitted yet. */
  readonly #toEmit: Lifecycle[] = [];
  readonly #backoff: Backoff;
  #openers = 0;

  constructor(
    private readonly platform: Platform,
    private readonly options: TransportOptions,
  ) {
    this.#backoff = new Backoff(options.reconnect, options.random);
    this.#lifecycle$.next(this.#state);
  }

  /** See `ClientTransport.open`. */
  open(source: UrlSource): Observable<ServerInfo> {
    return new Observable((subscriber) => {
      const refused = (typeof source === 'string' ? urlProblem(source) : undefined) ?? refusal(this.#state, source);
      if (refused !== undefined) {
        subscriber.error(refused);
        return;
      }
      this.#openers += 1;
      subscriber.add(() => {
        this.#openers -= 1;
        if (this.#openers === 0) this.#dispatch({ type: 'abandon' });
      });
      this.#dispatch({ type: 'open', source });
      const begun = this.#state;
      subscriber.add(
        // Called by a subscriber to a state, this may be ahead of what was emitted.
        this.lifecycle$.pipe(skipWhile((state) => state !== begun)).subscribe((state) => {
          if (state.state === 'open') {
            subscriber.next(state.link.server);
            subscriber.complete();
          } else if (state.state === 'idle' && state.error !== undefined) subscriber.error(state.error);
          else if (state.state === 'closing' || state.state === 'closed') subscriber.complete();
        }),
      );
    });
  }

  /** See `ClientTransport.close`. */
  close(): Observable<void> {
    this.#dispatch({ type: 'close' });
    return this.lifecycle$.pipe(
      filter(({ state }) => state === 'closed'),
      take(1),
      map(() => undefined),
    );
  }

  #dispatch(event: ConnectionEvent): void {
    const state = next(this.#state, event);
    if (state === this.#state) return;
    this.#state = state;
    // A subscriber may cause the next state at once, by closing the client. It waits for its turn then, so that everybody
    // receives all states in their order.
    if (this.#toEmit.push(state) > 1) return;
    for (let emitted = this.#toEmit[0]; emitted !== undefined; emitted = this.#toEmit[0]) {
      // A state that was left meanwhile has no work to do any more.
      if (this.#state === emitted) this.#enter(emitted);
      this.#lifecycle$.next(emitted);
      if (emitted.state === 'closed') this.#lifecycle$.complete();
      this.#toEmit.shift();
    }
  }

  #enter(state: Lifecycle): void {
    switch (state.state) {
      case 'idle':
        this.#restart();
        this.#backoff.reset();
        return;
      case 'connecting':
        this.#connect(state.source, this.#restart());
        return;
      case 'open':
        // Its work is that of the attempt that succeeded, and goes on.
        return;
      case 'waiting':
        this.#restart().add(
          merge(this.#timer(state.delay), this.platform.online$ ?? NEVER)
            .pipe(take(1))
            .subscribe(() => this.#dispatch({ type: 'retry' })),
        );
        return;
      case 'closing':
        this.#work.add(this.#timer(this.options.closeTimeout).subscribe(() => this.#dispatch({ type: 'drained' })));
        return;
      case 'closed':
        this.#restart();
        return;
    }
  }

  /** Ends the work of the state before, and gives the place for that of the next. */
  #restart(): Subscription {
    this.#work.unsubscribe();
    this.#work = new Subscription();
    return this.#work;
  }

  #timer(delay: number): Observable<0> {
    return timer(Math.min(delay, longestTimer), this.options.clock.scheduler);
  }

  #connect(source: UrlSource, work: Subscription): void {
    let url = '';
    const endpoint$ = askEndpoint(source, this.options).pipe(tap((endpoint) => (url = endpoint.url)));
    work.add(
      connect(this.platform, endpoint$, this.options).subscribe({
        next: (link) => this.#dispatch({ type: 'opened', link, url, at: this.options.clock.now() }),
        error: (error: ConnectionFailure) => this.#failed(error, url === '' ? undefined : url),
        complete: () => this.#dispatch({ type: 'drained' }),
      }),
    );
  }

  #failed(error: ConnectionFailure, url: string | undefined): void {
    const now = this.options.clock.now();
    const attempt = this.#isFinal(error) ? undefined : this.#nextAttempt(now);
    const retry = attempt === undefined ? {} : { retry: { ...attempt, at: now + attempt.delay } };
    this.#dispatch({ type: 'failed', error, url, ...retry });
  }

  #nextAttempt(now: number): Attempt | undefined {
    return this.#state.state === 'open' ? this.#backoff.lost(now - this.#state.since) : this.#backoff.failed();
  }

  /**
   * Only what is wrong from the beginning stays wrong. If a NemesisDB was reached once, another attempt makes sense whatever
   * the last one met: what stands before a server that restarts says 404, and one whose upgrade request was cut says 400.
   */
  #isFinal(error: ConnectionFailure): boolean {
    const state = this.#state;
    const isFirst = state.state === 'connecting' && state.purpose === 'first';
    return isFirst && (error instanceof ProtocolError || error.permanent);
  }
}
