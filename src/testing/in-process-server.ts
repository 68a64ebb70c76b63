import { Dispatcher } from '../server/commands/dispatcher.js';
import { consoleLog } from '../server/log.js';
import { MemoryStore } from '../server/store/memory/memory-store.js';
import { EventRouter } from '../server/watch/event-router.js';
import type { Platform } from '../transport/socket/platform.js';
import { Faults } from './faults.js';
import { InProcessConnection } from './in-process-connection.js';
import type { TestNdbOptions } from './options.js';

const limits = { maxValueSize: 2 ** 20, maxReply: 64 * 2 ** 20 };

/** The server's commands and its store, in this process and on the test's clock. Its connections are no sockets. */
export class InProcessServer {
  readonly faults = new Faults(() => this.#connections);
  readonly #connections = new Set<InProcessConnection>();
  readonly #options: Required<TestNdbOptions>;
  #running: { readonly dispatcher: Dispatcher; readonly stop: () => void };

  constructor(options: Required<TestNdbOptions>) {
    this.#options = options;
    this.#running = this.#start();
  }

  /** Connects a client to it, as a platform's WebSockets would. */
  readonly platform: Platform = {
    dial: (_url, _options, listener) => {
      const connection = new InProcessConnection(this.#running.dispatcher, this.faults, listener, () =>
        this.#connections.delete(connection),
      );
      this.#connections.add(connection);
      return connection;
    },
  };

  /** Starts anew with an empty store, as a server that was killed. Its connections are cut. */
  restart(): void {
    this.#running.stop();
    this.#running = this.#start();
    this.faults.cut();
  }

  /** Stops what runs on the clock. */
  stop(): void {
    this.#running.stop();
  }

  #start() {
    const { clock, sweepInterval, server } = this.#options;
    const store = new MemoryStore({ clock });
    const announced = `"features":["ids","watch"],"maxPayload":1024,"sweepInterval":${sweepInterval},`;
    const dispatcher = new Dispatcher(
      {
        store,
        datasets: undefined,
        limits,
        router: new EventRouter(store.events),
        watchAll: true,
        info: (isAsked) => (isAsked && server === 'rx-nemesisdb' ? announced : ''),
      },
      consoleLog('silent'),
    );
    return { dispatcher, stop: store.startExpiry(sweepInterval, () => {}) };
  }
}
