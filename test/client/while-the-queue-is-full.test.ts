import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClientCore } from '../../src/client/client.js';
import type { Session } from '../../src/index.js';
import { type JsonObject, parseJson, writeJson } from '../../src/protocol/json.js';
import { createTransport } from '../../src/transport/transport.js';
import { SimulatedServer } from '../session/support/simulated-server.js';
import { VirtualClock } from '../support/clocks/virtual-clock.js';
import { FakePlatform, type FakeSocket, nameOf, type Peer } from '../support/peers/fake-platform.js';

/** How long the server works on a request, in ms. */
const work = 5;

/** A server that takes its time for each request, in virtual time. */
class BusyServer implements Peer {
  readonly #sessions: SimulatedServer;
  #busyUntil = 0;

  constructor(private readonly clock: VirtualClock) {
    this.#sessions = new SimulatedServer(() => clock.now(), 200, 200);
  }

  wrote(socket: FakeSocket, frames: readonly string[]): void {
    for (const text of frames) {
      this.#busyUntil = Math.max(this.#busyUntil, this.clock.now()) + work;
      this.clock.schedule(() => this.#serve(socket, text), this.#busyUntil - this.clock.now());
    }
  }

  #serve(socket: FakeSocket, text: string): void {
    const name = nameOf(text);
    if (/^SH_[A-Z]/.test(name)) {
      const members = parseJson(text) as { [command: string]: JsonObject }; // as requests are
      socket.frame(writeJson({ [`${name}_RSP`]: this.#sessions.execute(name, members[name] ?? {}) }));
    } else if (name === 'SV_INFO') {
      socket.frame('{"SV_INFO_RSP":{"st":1,"serverVersion":"0.7.2","persistEnabled":false}}');
    } else socket.answer(text);
  }
}

class VirtualClient extends ClientCore {}

/** A client whose program never leaves room in its queue: each loop sends anew as soon as its last request ends. */
async function crowded() {
  const clock = new VirtualClock();
  const platform = new FakePlatform(new BusyServer(clock));
  const settings = { clock, random: () => 0.5, maxQueued: 10, maxInFlight: 4, sweepInterval: 200 };
  const client = new VirtualClient((given) => createTransport(platform, given), settings);
  client.open('ws://fake/').subscribe();
  platform.socket.open();
  const sessions: Session[] = [];
  const expiry = { durationSeconds: 1, deleteSessionOnExpire: true, extendOnGet: true };
  for (let made = 0; made < 2; made++) {
    client.sh_create_session(expiry).subscribe((session) => sessions.push(session));
  }
  await clock.advance(100);
  const [kept, left] = sessions;
  if (kept === undefined || left === undefined) throw new Error('not created');
  let executed = 0;
  const loop = (): void => {
    client.kv_set({ a: 1 }).subscribe({
      complete: () => {
        executed += 1;
        loop();
      },
      error: () => clock.schedule(loop, 1),
    });
  };
  for (let started = 0; started < 20; started++) loop();
  await clock.advance(50);
  return { clock, client, kept, left, executed: () => executed };
}

describe('while the program keeps the queue full', () => {
  // The traces of all the errors would take more time than all the rest.
  const { stackTraceLimit } = Error;
  beforeAll(() => {
    Error.stackTraceLimit = 0;
  });
  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit;
  });

  it('a session is kept alive, and the lapse of another is emitted', async () => {
    const { clock, kept, left, executed } = await crowded();
    const told: string[] = [];
    kept.events$.subscribe(({ type }) => told.push(type));
    let touches = 0;
    kept.keepAlive().subscribe(() => {
      touches += 1;
    });
    const lapse: string[] = [];
    left.events$.subscribe(({ type }) => lapse.push(type));
    await clock.advance(6000);
    expect(new Set(told)).toEqual(new Set(['opened', 'extended']));
    expect(touches).toBeGreaterThan(10);
    expect(lapse).toEqual(['opened', 'expiring', 'expired']);
    expect(executed()).toBeGreaterThan(900);
  });

  it("a program's own get of the session ends in a QueueFullError", async () => {
    const { kept } = await crowded();
    const codes: unknown[] = [];
    kept.get({ keys: [] }).subscribe({ error: ({ code }) => codes.push(code) });
    expect(codes).toEqual(['NDB_QUEUE_FULL']);
  });
});
