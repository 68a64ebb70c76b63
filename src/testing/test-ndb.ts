import { firstValueFrom, lastValueFrom } from 'rxjs';
import { ClientCore } from '../client/client.js';
import { ValueError } from '../errors.js';
import { createTransport } from '../transport/transport.js';
import type { Faults } from './faults.js';
import { InProcessServer } from './in-process-server.js';
import type { TestNdbOptions } from './options.js';
import { TestClock } from './test-clock.js';

/** A client as a program has it, connected to a server in this process. */
class TestClient extends ClientCore {
  constructor(server: InProcessServer, { client, clock }: Required<TestNdbOptions>) {
    super((settings) => createTransport(server.platform, settings), { ...client, clock });
  }
}

/** A client and a server in this process, on one clock and without sockets. */
export interface TestNdb {
  /** The client, connected. It has all that an `NdbClient` has. */
  readonly client: ClientCore;
  /** What goes wrong on the way, on demand. */
  readonly faults: Pick<Faults, 'loseNextReply' | 'cut' | 'goSilent'>;
  /**
   * Moves the clock of both, and resolves when all that was to happen by then has happened. Rejects with a `ValueError` if another
   * clock was given: then move that one.
   *
   * @param duration milliseconds, or a string such as `'61 s'`
   */
  advance(duration: number | string): Promise<void>;
  /** Another client of the same server, connected: for what others do. */
  connect(): Promise<ClientCore>;
  /** Restarts the server: all sessions are gone, and clients reconnect. */
  restart(): void;
  /** Closes the clients and stops the server. */
  close(): Promise<void>;
}

/**
 * Makes a client and a server in this process, on a clock that the test moves: a session of an hour lapses in no time.
 *
 * @example
 * const ndb = await createTestNdb();
 * const session = await firstValueFrom(ndb.client.sh_create_session({ durationSeconds: 60, deleteSessionOnExpire: true }));
 * const over = firstValueFrom(session.over$);
 * await ndb.advance('66 s');
 * expect((await over).type).toBe('expired');
 * await ndb.close();
 */
export async function createTestNdb({
  server: like = 'rx-nemesisdb',
  sweepInterval = 5000,
  clock = new TestClock(),
  client: clientOptions = {},
}: TestNdbOptions = {}): Promise<TestNdb> {
  const options = { server: like, sweepInterval, clock, client: clientOptions };
  const server = new InProcessServer(options);
  const clients: ClientCore[] = [];
  const connect = async () => {
    const client = new TestClient(server, options);
    clients.push(client);
    await firstValueFrom(client.open('ws://in-process.test/'));
    return client;
  };
  return {
    client: await connect(),
    faults: server.faults,
    connect,
    restart: () => server.restart(),
    async advance(duration) {
      if (clock instanceof TestClock) return clock.advance(duration);
      throw new ValueError('advance: a clock was given to createTestNdb. Move that one.', 'clock');
    },
    async close() {
      await Promise.all(clients.map((client) => lastValueFrom(client.close())));
      server.stop();
    },
  };
}
