import { map, type Observable } from 'rxjs';
import type { NdbClient } from '../../index.js';
import { type Line, line } from '../output.js';

/** How a session is created, as the command line names it. */
export interface NewSessionOptions {
  /** Seconds. */
  readonly duration: number;
  readonly deleteOnExpire?: boolean;
  readonly extendOnGet?: boolean;
  readonly extendOnSet?: boolean;
}

/** Creates a session and shows its token. */
export function createSession(client: NdbClient, options: NewSessionOptions): Observable<Line> {
  return client
    .sh_create_session({
      durationSeconds: options.duration,
      deleteSessionOnExpire: options.deleteOnExpire ?? false,
      extendOnGet: options.extendOnGet ?? false,
      extendOnSetAdd: options.extendOnSet ?? false,
    })
    .pipe(map(({ tkn }) => line({ tkn: String(tkn) }, String(tkn))));
}

/** Ends a session. */
export function endSession(client: NdbClient, tkn: string): Observable<Line> {
  return client.sh_end(tkn).pipe(map(() => line({ ended: tkn }, 'The session is ended.')));
}
