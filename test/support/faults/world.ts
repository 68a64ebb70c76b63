import { firstValueFrom } from 'rxjs';
import { type ConnectionState, NdbClient, type NdbClientOptions, systemClock } from '../../../src/index.js';
import { MemoryStore, NdbServer } from '../../../src/server/index.js';
import { FaultLedger } from './ledger.js';
import { FaultProxy } from './proxy.js';

/** What makes a client find its connection dead, and come back, in a fraction of a second. */
export const impatient: NdbClientOptions = {
  timeout: 500,
  reconnect: { initialDelay: 2, maxDelay: 10 },
  heartbeat: { interval: 40, timeout: 40 },
  connectTimeout: 150,
  closeTimeout: 100,
};

/** How a server goes away: with a close frame to each client, or without a word. */
export type Exit = 'stop' | 'crash';

/** A server whose store outlives it, a proxy before it, and the book of what is asked of it. */
export class FaultWorld implements AsyncDisposable {
  readonly ledger = new FaultLedger();
  #restarting: Promise<void> = Promise.resolve();

  private constructor(
    readonly store: MemoryStore,
    readonly proxy: FaultProxy,
    private server: NdbServer,
  ) {}

  static async start(): Promise<FaultWorld> {
    const store = new MemoryStore({ clock: systemClock });
    const server = await NdbServer.listen({ port: 0, store });
    const world = new FaultWorld(store, await FaultProxy.listen(server.port), server);
    await world.#witness((witness) => world.ledger.prepare(witness));
    return world;
  }

  /** The server goes away, and another one with the same store takes its place. */
  restart(exit: Exit): Promise<void> {
    this.#restarting = this.#restarting.then(async () => {
      if (exit === 'crash') this.proxy.strike('reset');
      await this.server.close();
      this.server = await NdbServer.listen({ port: 0, store: this.store });
      this.proxy.target = this.server.port;
    });
    return this.#restarting;
  }

  /** Takes all weather away. A refusal of a client's first attempt is final, and one whose request is cut looks so. */
  async calm(): Promise<void> {
    await this.#restarting;
    this.proxy.heal();
  }

  /** Lets everything calm down, and compares the book with the store. Gives what does not fit. */
  async audit(): Promise<readonly string[]> {
    await this.calm();
    await this.ledger.settled(5000);
    await this.#witness((witness) => this.ledger.audit(witness));
    return this.ledger.broken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#restarting;
    await this.proxy.close();
    await this.server.close();
  }

  /** Runs work of a client that goes past the proxy. */
  async #witness(work: (witness: NdbClient) => Promise<void>): Promise<void> {
    await using witness = new NdbClient({ maxQueued: Number.POSITIVE_INFINITY });
    await firstValueFrom(witness.open(this.server.url));
    await work(witness);
  }
}

/** The present state of a client's connection. */
export function stateOf(client: NdbClient): ConnectionState {
  let present: ConnectionState = { state: 'idle' };
  // it replays the present state at once
  client.connection$
    .subscribe((state) => {
      present = state;
    })
    .unsubscribe();
  return present;
}
