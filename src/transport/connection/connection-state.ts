import { ClosedError, type ConnectionError, type ProtocolError, ValueError } from '../../errors.js';
import type { Pipelining } from '../requests/correlator.js';

/** What a server says of itself (`SV_INFO`). */
export interface ServerInfo {
  /** Such as `0.7.2`. */
  readonly serverVersion: string;
  /** Whether it can save and load datasets. */
  readonly persistEnabled: boolean;
  /** Longest request in bytes, where the server tells (the embedded one does). */
  readonly maxPayload?: number;
}

/** Why there is no connection, or none any more. */
export type ConnectionFailure = ConnectionError | ProtocolError;

/** Whether a connection is sought for the first time, or again after a loss. */
export type Purpose = 'first' | 'again';

/**
 * The life of a client's connection.
 *
 * - `idle`: not opened yet. Requests wait, within their timeout.
 * - `connecting`: attempt number `attempt` (from 1) is under way.
 * - `open`: requests flow. `server` is what the server says of itself; `pipelining` is `serial` for a peer that can't be
 *   sent several requests at once safely.
 * - `waiting`: the connection was lost or refused; the next attempt starts after `delay` ms, at `nextAttemptAt` (the
 *   client's monotonic ms). `error` is why.
 * - `closing`: no new requests; those in flight may still be answered.
 * - `closed`: over. `error` is there unless `close()` was called.
 */
export type ConnectionState =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting'; readonly url: string; readonly attempt: number; readonly purpose: Purpose }
  | { readonly state: 'open'; readonly url: string; readonly server: ServerInfo; readonly pipelining: Pipelining }
  | {
      readonly state: 'waiting';
      readonly url: string;
      readonly attempt: number;
      readonly purpose: Purpose;
      readonly delay: number;
      readonly nextAttemptAt: number;
      readonly error: ConnectionFailure;
    }
  | { readonly state: 'closing' }
  | { readonly state: 'closed'; readonly error?: ConnectionFailure };

/** What can happen to a connection. */
export type ConnectionEvent =
  | { readonly type: 'open'; readonly url: string }
  /** Nobody waits for the first connection any more. */
  | { readonly type: 'abandon' }
  | { readonly type: 'opened'; readonly server: ServerInfo; readonly pipelining: Pipelining }
  /** The attempt or the connection is over. `retry` says when to try again; absent: not at all. */
  | {
      readonly type: 'failed';
      readonly error: ConnectionFailure;
      readonly retry?: { readonly attempt: number; readonly delay: number; readonly at: number };
    }
  | { readonly type: 'retry' }
  | { readonly type: 'close' }
  | { readonly type: 'drained' };

/** The state that follows. An event that a state has no use for changes nothing (the same object comes back). */
export function next(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  switch (event.type) {
    case 'open':
      return state.state === 'idle' ? { state: 'connecting', url: event.url, attempt: 1, purpose: 'first' } : state;
    case 'abandon':
      // Only who waits for the first connection can give it up: after a loss the client itself wants it back.
      return 'purpose' in state && state.purpose === 'first' ? { state: 'idle' } : state;
    case 'opened':
      if (state.state !== 'connecting') return state;
      return { state: 'open', url: state.url, server: event.server, pipelining: event.pipelining };
    case 'failed':
      return afterFailure(state, event);
    case 'retry':
      if (state.state !== 'waiting') return state;
      return { state: 'connecting', url: state.url, attempt: state.attempt, purpose: state.purpose };
    case 'close':
      if (state.state === 'closed' || state.state === 'closing') return state;
      return state.state === 'open' ? { state: 'closing' } : { state: 'closed' };
    case 'drained':
      return state.state === 'closing' ? { state: 'closed' } : state;
  }
}

function afterFailure(
  state: ConnectionState,
  { error, retry }: Extract<ConnectionEvent, { type: 'failed' }>,
): ConnectionState {
  switch (state.state) {
    case 'connecting':
    case 'open':
      if (retry === undefined) return { state: 'closed', error };
      return {
        state: 'waiting',
        url: state.url,
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

/** Whether two valid URLs are the same, however they are written: `ws://h:80` is `ws://h/`. */
const isSame = (one: string, other: string) => one === other || new URL(one).href === new URL(other).href;

/** Why a connection to this valid URL can't be opened in this state; nothing where it can. */
export function refusal(state: ConnectionState, url: string): ClosedError | ValueError | undefined {
  switch (state.state) {
    case 'idle':
      return undefined;
    case 'connecting':
    case 'open':
    case 'waiting':
      if (isSame(state.url, url)) return undefined;
      return new ValueError('The client has a connection to another URL. Close it, or make a second NdbClient.', 'url');
    case 'closing':
    case 'closed':
      return new ClosedError();
  }
}
