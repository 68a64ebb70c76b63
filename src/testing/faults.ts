import type { InProcessConnection } from './in-process-connection.js';

/** What goes wrong on the way, on demand. */
export class Faults {
  #repliesToLose = 0;

  /** Made by `createTestNdb`. */
  constructor(private readonly connections: () => Iterable<InProcessConnection>) {}

  /**
   * Loses the next reply, or the next `count`. The command is executed all the same. A server like NemesisDB goes on, as a real one
   * does to a slow reader. One with request ids drops no reply, so there the connection is cut as well.
   */
  loseNextReply(count = 1): void {
    this.#repliesToLose += count;
  }

  /** Cuts the connection: replies under way are lost, and the client reconnects. */
  cut(): void {
    for (const connection of [...this.connections()]) connection.cut();
  }

  /** Lets the connection go silent without closing it, as when a cable is pulled. New connections work. */
  goSilent(): void {
    for (const connection of this.connections()) connection.goSilent();
  }

  /** Whether a reply is to be lost now. */
  takeReply(): boolean {
    if (this.#repliesToLose === 0) return false;
    this.#repliesToLose -= 1;
    return true;
  }
}
