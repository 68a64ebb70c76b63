import { ClosedError, type ConnectionError, type ProtocolError, ValueError } from '../../errors.js';
import type { Pipelining } from '../requests/correlator.js';
import type { UrlSource } from './endpoint.js';
import type { Link, ServerInfo } from './handshake.js';

export type { ServerInfo } from './handshake.js';

/** Why there is no connection. */
export type ConnectionFailure = ConnectionError | ProtocolError;

/** Whether a connection is sought for the first time, or again after a loss. */
export type Purpose = 'first' | 'again';

/**
 * The state of a client's connection, as `connection$` emits it.
 *
 * - `idle`: no connection is sought until `open` is subscribed to. Requests wait, within their timeout. `error` is there if
 *   the last attempt or connection was given up: the server refused it, or `reconnect` allows no further attempt.
 * - `connecting`: attempt number `attempt` (from 1) is under way. `url` is absent until a function that gives it has answered.
 * - `open`: requests flow. `server` is what the server says of itself; `pipelining` says how replies are matched.
 * - `waiting`: the connection was lost or refused; the next attempt starts after `delay` ms, at `nextAttemptAt` (the
 *   client's monotonic ms), or as soon as `open` is subscribed to. `error` is why.
 * - `closing`: no new requests; those in flight may still be answered.
 * - `closed`: `close` was called, and nothing is left.
 */
export type ConnectionState =
  | { readonly state: 'idle'; readonly error?: ConnectionFailure }
  | { readonly state: 'connecting'; readonly url?: string; readonly attempt: number; readonly purpose: Purpose }
  | { readonly state: 'open'; readonly url: string; readonly server: ServerInfo; readonly pipelining: Pipelining }
  | {
      readonly state: 'waiting';
      readonly url?: string;
      readonly attempt: number;
      readonly purpose: Purpose;
      readonly delay: number;
      readonly nextAttemptAt: number;
      readonly error: ConnectionFailure;
    }
  | { readonly state: 'closing' }
  | { readonly state: 'closed' };

/** The life of a connection: its state, with what only the client needs. */
export type Lifecycle =
  | Extract<ConnectionState, { readonly state: 'idle' | 'closed' }>
  | (Extract<ConnectionState, { readonly state: 'connecting' | 'waiting' }> & { readonly source: UrlSource })
  | {
      readonly state: 'open';
      readonly source: UrlSource;
      readonly url: string;
      readonly link: Link;
      readonly since: number;
    }
  | { readonly state: 'closing'; readonly link: Link };

/** What can happen to a connection. */
export type ConnectionEvent =
  | { readonly type: 'open'; readonly source: UrlSource }
  /** Nobody waits for the first connection any more. */
  | { readonly type: 'abandon' }
  | { readonly type: 'opened'; readonly link: Link; readonly url: string; readonly at: number }
  /** The attempt or the connection is over. `retry` says when to try again; absent: not at all. */
  | {
      readonly type: 'failed';
      readonly error: ConnectionFailure;
      /** That of the attempt, if it is known. */
      readonly url?: string | undefined;
      readonly retry?: { readonly attempt: number; readonly delay: number; readonly at: number };
    }
  /** It is time for the next attempt. */
  | { readonly type: 'retry' }
  | { readonly type: 'close' }
  /** The connection was closed, or there was no time left for it. */
  | { readonly type: 'drained' };

/** The state that follows. An event that a state has no use for changes nothing (the same object comes back). */
export function next(state: Lifecycle, event: ConnectionEvent): Lifecycle {
  switch (event.type) {
    case 'open':
      if (state.state === 'waiting') return attemptAfter(state);
      return state.state === 'idle' ? firstAttempt(event.source) : state;
    case 'abandon':
      // Only who waits for the first connection can give it up: after a loss the client itself wants it back.
      return 'purpose' in state && state.purpose === 'first' ? { state: 'idle' } : state;
    case 'opened':
      if (state.state !== 'connecting') return state;
      return { state: 'open', source: state.source, url: event.url, link: event.link, since: event.at };
    case 'failed':
      return afterFailure(state, event);
    case 'retry':
      return state.state === 'waiting' ? attemptAfter(state) : state;
    case 'close':
      if (state.state === 'closed' || state.state === 'closing') return state;
      return state.state === 'open' ? { state: 'closing', link: state.link } : { state: 'closed' };
    case 'drained':
      return state.state === 'closing' ? { state: 'closed' } : state;
  }
}

const firstAttempt = (source: UrlSource): Lifecycle => ({
  state: 'connecting',
  source,
  ...(typeof source === 'string' ? { url: source } : {}),
  attempt: 1,
  purpose: 'first',
});

function attemptAfter({ source, url, attempt, purpose }: Extract<Lifecycle, { state: 'waiting' }>): Lifecycle {
  return { state: 'connecting', source, ...(url === undefined ? {} : { url }), attempt, purpose };
}

function afterFailure(
  state: Lifecycle,
  { error, url = 'url' in state ? state.url : undefined, retry }: Extract<ConnectionEvent, { type: 'failed' }>,
): Lifecycle {
  switch (state.state) {
    case 'connecting':
    case 'open':
      if (retry === undefined) return { state: 'idle', error };
      return {
        state: 'waiting',
        source: state.source,
        ...(url === undefined ? {} : { url }),
        attempt: retry.attempt,
        purpose: state.state === 'open' ? 'again' : state.purpose,
        delay: retry.delay,
        nextAttemptAt: retry.at,
        error,
      };
    case 'closing':
      return { state: 'closed' };
    case 'idle':
    case 'waiting':
    case 'closed':
      return state;
  }
}

/** What others see of a state: a frozen object that is not the client's own. */
export function snapshot(state: Lifecycle): ConnectionState {
  switch (state.state) {
    case 'open':
      return Object.freeze({
        state: 'open',
        url: state.url,
        server: state.link.server,
        pipelining: state.link.peer.pipelining,
      });
    case 'closing':
      return Object.freeze({ state: 'closing' });
    case 'connecting':
    case 'waiting': {
      const { source, ...seen } = state;
      return Object.freeze(seen);
    }
    case 'idle':
    case 'closed':
      return Object.freeze({ ...state });
  }
}

/** Whether two valid URLs are the same, however they are written: `ws://h:80` is `ws://h/`. */
function isSame(one: UrlSource, other: UrlSource): boolean {
  if (one === other) return true;
  return typeof one === 'string' && typeof other === 'string' && new URL(one).href === new URL(other).href;
}

/** Why a connection to this URL can't be opened in this state; `undefined` if it can. */
export function refusal(state: Lifecycle, source: UrlSource): ClosedError | ValueError | undefined {
  switch (state.state) {
    case 'idle':
      return undefined;
    case 'connecting':
    case 'open':
    case 'waiting':
      if (isSame(state.source, source)) return undefined;
      return new ValueError('The client has a connection to another URL. Close it, or make a second NdbClient.', 'url');
    case 'closing':
    case 'closed':
      return new ClosedError();
  }
}
