import fc from 'fast-check';
import { createTransport } from '../../../src/transport/transport.js';
import { VirtualClock } from '../clocks/virtual-clock.js';
import { FakePlatform, transportOptions } from '../peers/fake-platform.js';
import { MemoryPeer } from '../peers/memory-peer.js';
import { Ledger, type Strategy, serverScript } from '../peers/scripted-peer.js';
import { program, Run } from './program.js';

/** No request of these programs lasts longer, in virtual ms. */
const longest = 3000;

const settings = fc.record({
  maxInFlight: fc.constantFrom(1, 2, 3, 8, 128),
  maxQueued: fc.constantFrom(4, 1000),
  heartbeat: fc.constantFrom(false as const, { interval: 300, timeout: 200 }),
  pings: fc.boolean(),
  random: fc.constantFrom(0, 0.5, 0.99),
});

/** What all runs of a property did, so that a test can tell that they tried something. */
export interface Tally {
  sent: number;
  connections: number;
  /** How many requests ended in each way: `answered`, or an error's code and outcome. */
  readonly ends: Map<string, number>;
}

/**
 * Whatever a server does, and whatever a program sends, each request ends once, in time, in its own reply or a typed error
 * that is true to what the server did; and nothing is left after closing.
 */
export function correlationProperty(tally: Tally, strategy: Strategy) {
  return fc.asyncProperty(
    serverScript(1500, strategy),
    program(40, longest),
    settings,
    async (script, steps, given) => {
      const clock = new VirtualClock();
      const ledger = new Ledger();
      const platform = new FakePlatform(new MemoryPeer(script, clock, ledger), given.pings);
      const { heartbeat, maxInFlight, maxQueued, random } = given;
      const transport = createTransport(
        platform,
        transportOptions({ clock, heartbeat, maxInFlight, maxQueued, random: () => random, connectTimeout: 200 }),
      );
      transport.open('ws://fake/').subscribe({ error: () => {} });
      const run = new Run(
        transport,
        () => clock.now(),
        (ms) => clock.advance(ms),
        (work, ms) => clock.schedule(work, ms),
      );
      await run.perform(steps);
      await clock.advance(longest);
      let closed = false;
      transport.close().subscribe(() => {
        closed = true;
      });
      await clock.advance(2000);
      if (!closed) throw new Error('not closed within closeTimeout');
      // What a server still does is not ours: its own timers end with what it was sent.
      await clock.advance(100_000);
      run.check(ledger, 1);
      if (clock.timers > 0) throw new Error(`${clock.timers} timers are left after close`);
      if (platform.sockets.some(({ state }) => state !== 'ended')) throw new Error('a socket is left after close');
      tally.sent += steps.length;
      for (const end of run.ends()) tally.ends.set(end, (tally.ends.get(end) ?? 0) + 1);
      tally.connections += platform.sockets.length;
    },
  );
}
