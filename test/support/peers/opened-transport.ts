import type { ConnectionState } from '../../../src/transport/connection/connection-state.js';
import type { ClientTransport, TransportOptions } from '../../../src/transport/transport.js';
import { createTransport } from '../../../src/transport/transport.js';
import { VirtualClock } from '../clocks/virtual-clock.js';
import { FakePlatform, type Peer, transportOptions } from './fake-platform.js';

export const url = 'ws://fake/';

/** A transport on a fake platform and a virtual clock, and what its connection went through. */
export interface Bench {
  readonly clock: VirtualClock;
  readonly platform: FakePlatform;
  readonly transport: ClientTransport;
  readonly states: ConnectionState[];
}

/** A transport that nobody opened yet. */
export function idleTransport(
  given: Partial<TransportOptions> = {},
  { peer = {} as Peer, pings = true }: { readonly peer?: Peer; readonly pings?: boolean } = {},
): Bench {
  const clock = new VirtualClock();
  const platform = new FakePlatform(peer, pings);
  const transport = createTransport(platform, transportOptions({ clock, ...given }));
  const states: ConnectionState[] = [];
  transport.connection$.subscribe((state) => states.push(state));
  return { clock, platform, transport, states };
}

/** A transport with an open connection to a peer that echoes fences. */
export function openTransport(...given: Parameters<typeof idleTransport>): Bench {
  const bench = idleTransport(...given);
  bench.transport.open(url).subscribe({ error: () => {} });
  bench.platform.socket.greet();
  return bench;
}

/** The states by name. */
export const namesOf = (states: readonly ConnectionState[]): string[] => states.map(({ state }) => state);
