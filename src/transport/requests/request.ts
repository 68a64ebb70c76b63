import type { Outcome } from '../../errors.js';
import type { OutgoingRequest, Receiver } from '../transport.js';
import type { Waiter } from './correlator.js';
import type { Queueable } from './request-queue.js';
import type { Due } from './timeouts.js';

/** Where a request is. */
export type Phase =
  /** Waits to be written: for the first time, or again after its reply was lost. */
  | { readonly at: 'queued'; readonly firstWrittenAt?: number }
  | { readonly at: 'written'; readonly firstWrittenAt: number; readonly writtenAt: number }
  | { readonly at: 'settled' };

/** One request on its way, from `send` until its receiver was told how it ended. */
export interface Request extends OutgoingRequest, Waiter, Due, Queueable {
  readonly id: number;
  readonly receiver: Receiver;
  readonly sentAt: number;
  /** How often it was written, but for those times when another's reply was why the connection was given up. */
  writings: number;
  /** Whether its reply may be what a connection was given up for: it goes apart from others next, so that it is known. */
  blamed: boolean;
  phase: Phase;
}

/** What is known of a request that is given up in this phase. */
export function outcomeOf(phase: Phase): Outcome {
  switch (phase.at) {
    case 'queued':
      return phase.firstWrittenAt === undefined ? 'not-sent' : 'unknown';
    case 'written':
      return 'unknown';
    case 'settled':
      return 'executed';
  }
}
