import type { SessionEvent } from '../session/events.js';

/** The events of one type. */
type EventOf<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>;

const common = {
  tkn: 1n,
  seq: 1,
  at: 0,
  cycle: 0,
  deadline: { lo: 60_000, hi: 60_000 },
  expiresAt: new Date(Date.UTC(2020, 0, 1, 0, 1)),
};

const defaults: { readonly [Type in SessionEvent['type']]: Omit<EventOf<Type>, keyof typeof common | 'toJSON'> } = {
  opened: { type: 'opened', certainty: 'local' },
  extended: { type: 'extended', by: 'self', certainty: 'proven' },
  expiring: { type: 'expiring', inMs: 6000, certainty: 'local' },
  overdue: { type: 'overdue', certainty: 'local' },
  expired: { type: 'expired', outcome: 'sessionDeleted', missedCycles: 0, certainty: 'proven' },
  reset: { type: 'reset', candidates: ['extended', 'expired'], missedCycles: 0, certainty: 'proven' },
  ended: { type: 'ended', by: 'other', certainty: 'proven' },
  suspended: { type: 'suspended', reason: 'connection', certainty: 'local' },
  resumed: { type: 'resumed', reason: 'connection', certainty: 'proven' },
};

/**
 * Makes an event of a session, complete and plausible, for tests of what a program makes of events.
 *
 * @example
 * reducer(state, sessionEvent('expired', { tkn: 7n, outcome: 'keysCleared' }));
 */
export function sessionEvent<Type extends SessionEvent['type']>(
  type: Type,
  members: Partial<Omit<EventOf<Type>, 'type' | 'toJSON'>> = {},
): EventOf<Type> {
  const event = { ...common, ...defaults[type], ...members };
  const toJSON = () => ({ ...event, tkn: String(event.tkn) });
  return Object.defineProperty(event, 'toJSON', { value: toJSON }) as unknown as EventOf<Type>; // the table has a row for each type
}
