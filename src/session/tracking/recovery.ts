import type { Doubt } from '../lease/evidence.js';

/**
 * What can be trusted: the connection, and the local clocks. Each loss of trust is a doubt. A lease that has not taken
 * in the latest one is suspended, probed once the server answers, and resumed by what the reply shows.
 */
export class Recovery {
  status: 'open' | 'lost' | 'closed' = 'lost';
  /** When the connection was opened last. */
  openedAt = Number.NEGATIVE_INFINITY;
  /** Counts doubts. */
  #epoch = 0;
  #connection = { epoch: 0, at: Number.NEGATIVE_INFINITY };
  #clocks = { epoch: 0, at: Number.NEGATIVE_INFINITY };

  get epoch(): number {
    return this.#epoch;
  }

  /** Counts connections. */
  get connection(): number {
    return this.#connection.epoch;
  }

  /** Requests written before this moment may have been under way while the machine slept. */
  get clocksTrustedSince(): number {
    return this.#clocks.at;
  }

  opened(now: number): void {
    this.status = 'open';
    this.openedAt = now;
  }

  lost(now: number): void {
    this.status = 'lost';
    this.#connection = { epoch: ++this.#epoch, at: now };
  }

  clocksJumped(now: number): void {
    this.#clocks = { epoch: ++this.#epoch, at: now };
  }

  /** What came into doubt after a lease had taken in `epoch` doubts; undefined: nothing. */
  doubtSince(epoch: number): Doubt | undefined {
    if (epoch === this.#epoch) return undefined;
    const connection = this.#connection.epoch > epoch;
    const clock = this.#clocks.epoch > epoch;
    const at = Math.max(connection ? this.#connection.at : 0, clock ? this.#clocks.at : 0);
    return { at, reason: connection ? 'connection' : 'clock', connection, clock };
  }
}
