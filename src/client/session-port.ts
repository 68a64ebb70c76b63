import { distinctUntilChanged, map, tap } from 'rxjs';
import type { AnyRow } from '../protocol/command-row.js';
import { commands } from '../protocol/commands.js';
import type { Question, Questioner, SessionPort } from '../session/port.js';
import type { ConnectionState } from '../transport/connection-state.js';
import type { ClientTransport } from '../transport/transport.js';
import type { Settings } from './options.js';

/** What following sessions needs of a client, over its transport. */
export function sessionPort(transport: ClientTransport, settings: Settings): SessionPort {
  // While it is unknown, a server can load datasets, and so bring sessions back.
  let persistEnabled = true;
  return {
    ask: (question, questioner) => ask(transport, question, questioner, settings.timeout),
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

/** A question extends nothing, and may be asked again. */
function ask(transport: ClientTransport, question: Question, questioner: Questioner, timeout: number): () => void {
  const { command } = question;
  const { repeats }: AnyRow = command === 'SH_INFO' ? commands.sh_info : commands.sh_session_exists;
  const [argument, tkn] = command === 'SH_INFO' ? [undefined, question.tkn] : [question.tkns, undefined];
  return transport.send(
    { command, text: textOf(question), timeout, repeatable: true },
    {
      accepts: (body) => repeats?.(body, argument, tkn) ?? true,
      replied: (reply) => questioner.replied(reply),
      failed: () => questioner.failed(),
    },
  );
}

/** Tokens are integers of 64 bits: as decimals, they are what JSON has for them. */
function textOf(question: Question): string {
  switch (question.command) {
    case 'SH_INFO':
      return `{"SH_INFO":{"tkn":${question.tkn}}}`;
    case 'SH_EXISTS':
      return `{"SH_EXISTS":{"tkns":[${question.tkns.join(',')}]}}`;
  }
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
