import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { idleTransport, openTransport, url } from '../support/peers/opened-transport.js';
import { Ledger } from '../support/peers/scripted-peer.js';
import { ScriptedServer } from '../support/peers/scripted-server.js';
import { send } from '../support/sent-request.js';

const program = fileURLToPath(new URL('../support/one-request-and-close.ts', import.meta.url));

/** Runs the program to its own end; what it said, and its exit code. */
function run(...args: string[]): Promise<{ readonly output: string; readonly code: number | null }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('exit', (code) => resolve({ output, code }));
  });
}

describe('a program that closes its client', () => {
  it.each(['open', 'connecting', 'never opened'])('ends by itself: %s', async (way) => {
    await using server = await ScriptedServer.listen();
    const script = { manners: { type: 'echo' as const }, connections: [] };
    const served = server.play(script, { pieces: [1000], cutAfter: undefined }, new Ledger());
    const { output, code } = await run(served, way);
    expect(code).toBe(0);
    if (way !== 'never opened') expect(output).toBe('closed 0\n');
  });
});

describe('ten thousand times over, nothing piles up', () => {
  const times = 10_000;

  it('of opening and closing', async () => {
    for (let time = 0; time < times; time++) {
      const { transport, platform, clock } = openTransport();
      transport.close();
      platform.socket.end({ code: 1000 });
      if (clock.timers > 0) throw new Error(`${clock.timers} timers are left`);
    }
  });

  it('of losing the connection and getting it back', async () => {
    const { transport, platform, clock, states } = idleTransport({ random: () => 0 });
    transport.open(url).subscribe();
    for (let time = 0; time < times; time++) {
      platform.socket.greet();
      platform.socket.end();
      await clock.advance();
      platform.sockets.splice(0, platform.sockets.length - 1);
      states.length = 0;
    }
    expect(clock.timers).toBe(1); // the time limit of the attempt under way
  });

  it('of subscribing and unsubscribing, before and after a request is written', async () => {
    const { transport, platform, clock } = openTransport({ heartbeat: false, maxQueued: 10, maxInFlight: 10 });
    for (let time = 0; time < times; time++) {
      send(transport).cancel();
      const written = send(transport);
      await clock.advance();
      written.cancel();
      platform.socket.answerAll();
      platform.socket.written.length = 0;
    }
    const last = send(transport);
    await clock.advance(2000);
    platform.socket.answerAll();
    expect(last.settlements).toBe(1);
  });
});
