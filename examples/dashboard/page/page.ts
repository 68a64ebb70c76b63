/** The dashboard: streams in, views out, and one subscription. */
import { NdbClient } from 'rx-nemesisdb';
import { BehaviorSubject, map, merge, retry, share, switchMap, tap } from 'rxjs';
import { showChart } from './chart.js';
import { showConnection } from './connection.js';
import { closings, showDetails } from './details.js';
import { chosenInLog, showEvents } from './event-log.js';
import { createdSessions } from './new-session.js';
import { arrivals$, boardOf } from './sessions.js';
import { selections, showTiles } from './tiles.js';
import { showTotals } from './totals.js';

const database = document.querySelector<HTMLMetaElement>('meta[name=database]')?.content ?? '';
const client = new NdbClient({ reconnect: { maxDelay: 4000 } });

// The client reconnects by itself. A refusal of the first connection, such as 403, is its only error.
const opened$ = client.open(database).pipe(retry({ delay: 2000 }));
const created$ = createdSessions(client).pipe(share());
const board$ = boardOf(client, merge(created$, opened$.pipe(switchMap(() => arrivals$))));
const selected$ = new BehaviorSubject<bigint | undefined>(undefined);

merge(
  showConnection(client, board$),
  showTotals(board$, client.sessionEvents$),
  showChart(client.sessionEvents$, client.connection$),
  showEvents(client.sessionEvents$, board$),
  showDetails(board$, selected$),
  showTiles(board$, selected$),
  merge(
    selections(board$, selected$),
    chosenInLog(),
    created$.pipe(map(({ tkn }) => BigInt(tkn))),
    closings().pipe(map(() => undefined)),
  ).pipe(tap((tkn) => selected$.next(tkn))),
).subscribe();
