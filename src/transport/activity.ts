import type { Outcome } from '../errors.js';
import type { StatusName } from '../protocol/status.js';
import type { ConnectionState } from './connection/connection-state.js';

/** What happens to a request, by its id and command. */
interface OfRequest<Type extends string> {
  readonly type: Type;
  readonly at: number;
  readonly id: number;
  readonly command: string;
}

/**
 * What the transport does, as it does it: no values, no keys, no tokens. Times are the client's monotonic ms.
 *
 * - `queued`: a request was subscribed to and waits to be written.
 * - `written`: a batch left: these requests, closed by a fence or not.
 * - `answered`: a reply reached its request; `latency` is in ms, from subscription.
 * - `failed`: a request ended in an error of the transport.
 * - `cancelled`: a request was unsubscribed before it ended.
 * - `again`: the reply to a read was lost; it waits to be written once more.
 * - `fence`: the reply to a fence came; `complete` says whether each request before it had its reply.
 * - `connection`: the connection changed its state. Its URL is without user info and query, which may be credentials.
 */
export type Activity =
  | (OfRequest<'queued'> & { readonly bytes: number })
  | { readonly type: 'written'; readonly at: number; readonly ids: readonly number[]; readonly fenced: boolean }
  | (OfRequest<'answered'> & { readonly latency: number; readonly status: StatusName })
  | (OfRequest<'failed'> & { readonly code: string; readonly outcome: Outcome })
  | (OfRequest<'cancelled'> & { readonly outcome: Outcome })
  | OfRequest<'again'>
  | { readonly type: 'fence'; readonly at: number; readonly requests: number; readonly complete: boolean }
  | { readonly type: 'connection'; readonly at: number; readonly connection: ConnectionState };

/** Takes note of what happens. If `listening` is false, nobody wants to know, and there is nothing to build. */
export interface ActivityLog {
  readonly listening: boolean;
  note(activity: Activity): void;
}

/** A state without what may be credentials. The program that gave the URL sees all of it in `connection$`; logs must not. */
export function withoutCredentials(connection: ConnectionState): ConnectionState {
  if (!('url' in connection) || connection.url === undefined) return connection;
  const { origin, pathname } = new URL(connection.url);
  return { ...connection, url: origin + pathname };
}
