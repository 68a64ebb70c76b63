import { Correlator, type Frame, type Habits } from '../../../src/transport/requests/correlator.js';

/** A request, as far as the correlator sees it. */
export interface Named {
  readonly replyName: string;
  readonly number: number;
}

export const fenced: Habits = { pipelining: 'fenced', unknownName: undefined };
export const serial: Habits = { pipelining: 'serial', unknownName: 'SH_OLD_RSP' };

export const waiter = (number: number, command = 'KV_GET'): Named => ({ replyName: `${command}_RSP`, number });
export const frame = (name: string, st = 1): Frame => ({ name: `${name}_RSP`, body: { st } });
export const pending = { type: 'pending' };

/** The correlator of a connection to such a peer. */
export function correlator(habits = fenced) {
  let fences = 0;
  return new Correlator<Named>(habits, () => `SH_${++fences}`);
}
