import fc from 'fast-check';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { platform as nodePlatform } from '../../src/transport/socket/node.js';
import { createTransport } from '../../src/transport/transport.js';
import { program, Run, type Step } from '../support/correlation/program.js';
import { transportOptions } from '../support/peers/fake-platform.js';
import { Ledger, type ServerScript, serverScript } from '../support/peers/scripted-peer.js';
import { ScriptedServer, type WireScript, wireScript } from '../support/peers/scripted-server.js';

/** No request lasts longer, in real ms. */
const longest = 150;

/** How late a timer may be on a machine with other work; far less than what a request that never settles takes. */
const tolerance = 3000;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Play {
  readonly script: ServerScript;
  readonly wire: WireScript;
  readonly steps: readonly Step[];
}

const play: fc.Arbitrary<Play> = fc.record({
  script: fc.oneof(serverScript(60, 'fences'), serverScript(60, 'ids')),
  wire: wireScript,
  steps: program(100, longest),
});

const ends = new Map<string, number>();

async function perform(server: ScriptedServer, { script, wire, steps }: Play): Promise<void> {
  const ledger = new Ledger();
  const options = { clock: systemClock, random: Math.random, connectTimeout: 60, closeTimeout: 100 };
  const reconnect = { initialDelay: 1, maxDelay: 5, attempts: Number.POSITIVE_INFINITY, resetAfter: 1000 };
  const transport = createTransport(nodePlatform, transportOptions({ ...options, reconnect, heartbeat: false }));
  transport.open(server.play(script, wire, ledger)).subscribe({ error: () => {} });
  const later = (work: () => void, ms: number) => setTimeout(work, ms);
  const run = new Run(transport, () => performance.now(), pause, later);
  await run.perform(steps);
  await pause(longest + 20);
  await new Promise<void>((resolve) => transport.close().subscribe({ complete: resolve }));
  // What reached the server may still be executed.
  await pause(20);
  run.check(ledger, tolerance);
  for (const end of run.ends()) ends.set(end, (ends.get(end) ?? 0) + 1);
}

it('each request ends in its own reply or a true, typed error, wherever TCP splits, merges or cuts the bytes', async () => {
  await using server = await ScriptedServer.listen();
  // Many at once, as most of their time is waiting.
  const plays = fc.array(play, { minLength: 24, maxLength: 24 });
  await fc.assert(
    fc.asyncProperty(plays, async (many) => {
      await Promise.all(many.map((one) => perform(server, one)));
    }),
    { numRuns: 8, endOnFailure: true },
  );
  expect(ends.get('answered')).toBeGreaterThan(0);
}, 60_000);
