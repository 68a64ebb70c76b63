import { Correlator, type Frame, type Habits } from '../../../src/transport/requests/correlator.js';

/** A request, as far as the correlator sees it. */
export interface Named {
  readonly replyName: string;
  readonly number: number;
  readonly receiver: { accepts(body: Frame['body']): boolean };
}

export const fenced: Habits = { pipelining: 'fenced', unknownName: undefined };
export const serial: Habits = { pipelining: 'serial', unknownName: 'SH_OLD_RSP' };

const all = { accepts: () => true };
export const waiter = (number: number, command = 'KV_GET', receiver: Named['receiver'] = all): Named => ({
  replyName: `${command}_RSP`,
  number,
  receiver,
});
/** Asked for one key: takes no reply that holds another. */
export const asking = (key: string) => waiter(0, 'KV_GET', { accepts: ({ keys }) => keys === key });
export const holding = (key: string): Frame => ({ name: 'KV_GET_RSP', body: { st: 1, keys: key } });
export const frame = (name: string, st = 1): Frame => ({ name: `${name}_RSP`, body: { st } });
export const pending = { type: 'pending' };

/** The correlator of a connection to such a peer. */
export function correlator(habits = fenced) {
  let fences = 0;
  return new Correlator<Named>(habits, () => `SH_${++fences}`);
}
