import { distinctUntilChanged, map, tap } from 'rxjs';
import type { Probe, SessionPort } from '../session/port.js';
import type { ConnectionState } from '../transport/connection/connection-state.js';
import type { ClientTransport } from '../transport/transport.js';
import type { Settings } from './options.js';

/** What watching sessions needs of a client, over its transport. */
export function sessionPort(transport: ClientTransport, settings: Settings): SessionPort {
  // While it is unknown, a server can load datasets, and so bring sessions back.
  let persistEnabled = true;
  return {
    probe(probe, receiver) {
      const { command } = probe;
      // It extends nothing, and may be sent again. 64 at most are under way, so they need not wait for room in the queue.
      const request = { command, text: textOf(probe), timeout: settings.timeout, repeatable: true, vital: true };
      return transport.send(request, receiver);
    },
    get maxPayload() {
      return transport.maxPayload;
    },
    connection$: transport.connection$.pipe(
      tap((connection) => {
        if (connection.state === 'open') persistEnabled = connection.server.persistEnabled;
      }),
      map(reachability),
      distinctUntilChanged(),
    ),
    checkConnection: (within) => transport.checkConnection(within),
    visibility$: transport.visibility$,
    get persistEnabled() {
      return persistEnabled;
    },
    clock: settings.clock,
    random: settings.random,
  };
}

/** Tokens are integers of 64 bits: as decimals, they are what JSON has for them. */
function textOf(probe: Probe): string {
  switch (probe.command) {
    case 'SH_INFO':
      return `{"SH_INFO":{"tkn":${probe.tkn}}}`;
    case 'SH_EXISTS':
      return `{"SH_EXISTS":{"tkns":[${probe.tkns.join(',')}]}}`;
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
