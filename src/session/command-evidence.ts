import { Status } from '../protocol/status.js';
import type { Reply } from '../transport/transport.js';
import type { Interval } from './deadline.js';
import type { SettledCommand } from './port.js';
import { reportOf } from './reports.js';
import type { Evidence } from './state.js';

/** What a reply to a command says about the session that it is bound to. */
export type Said = Evidence | 'alive' | 'gone' | 'nothing';

/** What a reply says. `span`: from writing the request to receiving the reply. */
export function said({ row, argument }: SettledCommand, { body }: Reply, span: Interval): Said {
  if (body.st === Status.SessionNotExist) return 'gone';
  if (body.st !== Status.Ok) return 'nothing';
  if (row.extends === 'set') return { kind: 'touched', with: 'set', span, ...(isFilled(argument) && { filled: true }) };
  if (row.extends === 'get')
    return { kind: 'touched', with: 'get', span, ...(isFilled(body.keys) && { filled: true }) };
  switch (row.command) {
    case 'SH_INFO': {
      const info = reportOf(body);
      return info === undefined ? 'nothing' : { kind: 'info', span, info };
    }
    case 'SH_END':
      return { kind: 'ended' };
    case 'SH_COUNT':
      return { kind: 'keys', filled: Number(body.cnt) > 0 };
    case 'SH_KEYS':
      return { kind: 'keys', filled: isFilled(body.keys) };
    case 'SH_CLEAR':
      return { kind: 'keys', filled: false };
    case 'SH_CLEAR_SET':
      return { kind: 'keys', filled: isFilled(argument) };
    case 'SH_RMV':
      return { kind: 'keys', filled: undefined };
    default:
      return 'alive';
  }
}

/** What it means for the session that a command is bound to when its reply is lost at `now`. */
export function saidByLoss({ row }: SettledCommand, now: number): Evidence | undefined {
  if (row.extends !== undefined) return { kind: 'touch-lost', with: row.extends, until: now };
  switch (row.command) {
    case 'SH_CLEAR':
    case 'SH_CLEAR_SET':
    case 'SH_RMV':
      return { kind: 'keys', filled: undefined };
    default:
      return undefined;
  }
}

/** Whether there is any member; one that is `undefined` is not sent. */
function isFilled(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  for (const member of Object.values(value)) if (member !== undefined) return true;
  return false;
}

/** The tokens in a list, as they stand in arguments and replies. */
export function tokensOf(value: unknown): bigint[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.flatMap((item) =>
    typeof item === 'bigint' || typeof item === 'string' || Number.isSafeInteger(item)
      ? [BigInt(item as bigint | string | number)]
      : [],
  );
}
