import type { Clock } from '../../clock.js';
import type { NdbError, Outcome } from '../../errors.js';
import { statusName } from '../../protocol/status.js';
import { utf8Length } from '../../protocol/utf8.js';
import type { ActivityLog } from '../activity.js';
import type { Frame } from './correlator.js';
import type { Request } from './request.js';

/**
 * Notes what happens to requests. Whoever listens may do anything with the client in between, so a note is only taken when
 * what it tells of is done, books and all. Nothing is built while nobody listens.
 */
export class RequestLog {
  constructor(
    private readonly log: ActivityLog,
    private readonly clock: Clock,
  ) {}

  queued({ id, command, text, sentAt }: Request): void {
    if (this.log.listening) this.log.note({ type: 'queued', at: sentAt, id, command, bytes: utf8Length(text) });
  }

  written(batches: readonly WrittenBatch[], at: number): void {
    if (!this.log.listening) return;
    for (const { requests, fenced } of batches) {
      this.log.note({ type: 'written', at, ids: requests.map(({ id }) => id), fenced });
    }
  }

  answered({ id, command, sentAt }: Request, { body }: Frame, at: number): void {
    if (!this.log.listening) return;
    const status = statusName(typeof body.st === 'number' ? body.st : Number.NaN);
    this.log.note({ type: 'answered', at, id, command, latency: at - sentAt, status });
  }

  failed({ id, command }: Request, error: NdbError & { readonly outcome?: Outcome }): void {
    if (!this.log.listening) return;
    const outcome = error.outcome ?? 'unknown';
    this.log.note({ type: 'failed', at: this.clock.now(), id, command, code: error.code, outcome });
  }

  cancelled({ id, command }: Request, outcome: Outcome): void {
    if (this.log.listening) this.log.note({ type: 'cancelled', at: this.clock.now(), id, command, outcome });
  }

  again(requests: readonly Request[]): void {
    if (!this.log.listening) return;
    for (const { id, command } of requests) this.log.note({ type: 'again', at: this.clock.now(), id, command });
  }

  fence(requests: number, complete: boolean): void {
    if (this.log.listening) this.log.note({ type: 'fence', at: this.clock.now(), requests, complete });
  }
}

/** Requests that left together. */
export interface WrittenBatch {
  readonly requests: readonly Request[];
  readonly fenced: boolean;
}
