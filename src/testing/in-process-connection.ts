import type { Dispatcher } from '../server/commands/dispatcher.js';
import { type Reply, textOf } from '../server/json/replies.js';
import { Watches } from '../server/watch/watches.js';
import type { PlatformSocket, SocketListener } from '../transport/socket/platform.js';
import type { Faults } from './faults.js';

type State = 'connecting' | 'open' | 'silent' | 'closed';

let connections = 0;

/** Both ends of one connection: to the client a WebSocket of the platform, to the server the caller of its commands. */
export class InProcessConnection implements PlatformSocket {
  readonly id = `test-${++connections}`;
  readonly watches = new Watches({
    id: this.id,
    push: (frame) => {
      this.#deliver(frame);
      return true;
    },
    drained: () => Promise.resolve(),
  });
  #state: State = 'connecting';
  /** Settles when all that was sent so far is answered: replies keep the order of their requests. */
  #answered: Promise<void> = Promise.resolve();

  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly faults: Faults,
    private readonly listener: SocketListener,
    private readonly closed: () => void,
  ) {
    queueMicrotask(() => {
      if (this.#state !== 'connecting') return;
      this.#state = 'open';
      listener.opened();
    });
  }

  send(text: string): void {
    if (this.#state !== 'open') return;
    this.#answered = this.#answered.then(async () => this.#reply(await this.dispatcher.read(text).run(this)));
  }

  readonly ping = (): void => {
    queueMicrotask(() => {
      if (this.#state === 'open') this.listener.alive();
    });
  };

  close(code: number): void {
    const end = () => this.#end(code);
    void this.#answered.then(end);
  }

  terminate(): void {
    this.#release();
  }

  /** Breaks it, as seen by the client. */
  cut(): void {
    this.#end(1006);
  }

  goSilent(): void {
    if (this.#state === 'open') this.#state = 'silent';
  }

  #reply(reply: Reply): void {
    const text = textOf(reply);
    if (this.#state === 'open' && this.faults.takeReply()) {
      // Who takes ids relies on it that no reply is dropped.
      if (/,"id":"[^"]*"\}$/.test(text)) this.cut();
      return;
    }
    this.#deliver(text);
    if (typeof reply !== 'string' && 'onSent' in reply) reply.onSent();
  }

  #deliver(frame: string): void {
    if (this.#state === 'open') this.listener.frame(frame);
  }

  #end(code: number): void {
    if (this.#state === 'closed') return;
    this.#release();
    this.listener.closed({ code, reason: '' });
  }

  #release(): void {
    this.#state = 'closed';
    this.watches.end();
    this.closed();
  }
}
