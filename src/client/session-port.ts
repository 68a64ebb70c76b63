import { distinctUntilChanged, map, Observable, tap } from 'rxjs';
import type { AnyRow } from '../protocol/command-row.js';
import { commands } from '../protocol/commands.js';
import { writeJson } from '../protocol/json.js';
import type { QuestionMembers, SessionPort } from '../session/port.js';
import type { ConnectionState } from '../transport/connection-state.js';
import type { ClientTransport, Reply } from '../transport/transport.js';
import type { Settings } from './options.js';

/** What following sessions needs of a client, over its transport. */
export function sessionPort(transport: ClientTransport, settings: Settings): SessionPort {
  // While it is unknown, a server can load datasets, and so bring sessions back.
  let persistEnabled = true;
  return {
    send: (command, members) => ask(transport, command, members, settings.timeout),
    get maxPayload() {
      return transport.maxPayload;
    },
    connection$: transport.connection$.pipe(
      // Noted as it passes: it is asked for with everything that is learned of a session, and to look each time was measured
      // to be a third of all that following many of them allocates.
      tap((connection) => {
        if (connection.state === 'open') persistEnabled = connection.server.persistEnabled;
      }),
      map(reachability),
      distinctUntilChanged(),
    ),
    get persistEnabled() {
      return persistEnabled;
    },
    clock: settings.clock,
    random: settings.random,
  };
}

/** A question that extends nothing, and may be asked again. */
function ask(
  transport: ClientTransport,
  command: 'SH_INFO' | 'SH_EXISTS',
  members: QuestionMembers,
  timeout: number,
): Observable<Reply> {
  const row: AnyRow = command === 'SH_INFO' ? commands.sh_info : commands.sh_session_exists;
  return new Observable((subscriber) => {
    const text = `{"${command}":${writeJson({ ...members })}}`;
    return transport.send(
      { command, text, timeout, repeatable: true },
      {
        accepts: (body) => row.repeats?.(body, members.tkns, members.tkn) ?? true,
        replied(reply) {
          subscriber.next(reply);
          subscriber.complete();
        },
        failed: (error) => subscriber.error(error),
      },
    );
  });
}

function reachability({ state }: ConnectionState): 'open' | 'lost' | 'closed' {
  switch (state) {
    case 'open':
    case 'closing': // what is in flight is still answered
      return 'open';
    case 'idle':
    case 'connecting':
    case 'waiting':
      return 'lost';
    case 'closed':
      return 'closed';
  }
}
